package io.magicapi.gateway.upstream;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A deadline that moves: it expires when {@link #touch} was not called for the given time. Touching costs a clock
 * reading; only one timer is ever set. For one event loop. (The HTTP client's own timeouts end with the response's
 * head.)
 */
final class Deadline {

    private static final long NONE = -1;

    private final Vertx vertx;
    private final Duration limit;
    private final Runnable onExpiry;
    private long touched = System.nanoTime();
    private long timer = NONE;
    private boolean paused;

    private Deadline(Vertx vertx, Duration limit, Runnable onExpiry) {
        this.vertx = vertx;
        this.limit = limit;
        this.onExpiry = onExpiry;
    }

    /** {@return a running deadline} */
    static Deadline start(Vertx vertx, Duration limit, Runnable onExpiry) {
        Deadline deadline = new Deadline(vertx, limit, onExpiry);
        deadline.set(limit.toMillis());
        return deadline;
    }

    /** Moves the deadline: something happened just now. */
    void touch() {
        touched = System.nanoTime();
    }

    /** Stops the clock while it is not the upstream that is waited for. */
    void pause() {
        paused = true;
    }

    /** Lets the clock run again, from zero. */
    void resume() {
        paused = false;
        touch();
    }

    /** Ends it for good. */
    void cancel() {
        if (timer != NONE) {
            vertx.cancelTimer(timer);
            timer = NONE;
        }
    }

    private void set(long millis) {
        timer = vertx.setTimer(Math.max(1, millis), fired -> check());
    }

    private void check() {
        timer = NONE;
        long left = paused
                ? limit.toMillis()
                : limit.toMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - touched);
        if (left > 0) {
            set(left);
        } else {
            onExpiry.run();
        }
    }
}
