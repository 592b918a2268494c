package io.magicapi.gateway.loop;

import io.vertx.core.Context;
import java.time.Duration;

/**
 * How long tasks wait for one event loop. Each question puts a task into the loop's queue, and answers with how long the
 * task of the question before waited, or has waited until now. Any thread may ask, and none waits.
 */
public final class LoopLag {

    private final Context loop;
    private volatile long asked;
    private volatile long waited;
    private volatile boolean pending;

    /** A lag of nothing. */
    public LoopLag(Context loop) {
        this.loop = loop;
    }

    /** {@return how long the task before waited} */
    public synchronized Duration ask() {
        if (pending) {
            return Duration.ofNanos(System.nanoTime() - asked);
        }
        Duration last = Duration.ofNanos(waited);
        pending = true;
        asked = System.nanoTime();
        loop.runOnContext(run -> {
            waited = System.nanoTime() - asked;
            pending = false;
        });
        return last;
    }
}
