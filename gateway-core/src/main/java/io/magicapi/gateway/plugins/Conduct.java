package io.magicapi.gateway.plugins;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** How the code of one generation behaves towards event loops. Safe for all threads. */
public final class Conduct {

    private static final long WARN_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final AtomicLong warnedAt = new AtomicLong(System.nanoTime() - WARN_EVERY_NANOS);
    private final AtomicBoolean offLoop;

    Conduct(boolean blocking) {
        this.offLoop = new AtomicBoolean(blocking);
    }

    /** {@return whether its calls belong on worker threads: it says that it blocks, or was found to} */
    public boolean isOffLoop() {
        return offLoop.get();
    }

    /** Moves its further calls to worker threads. {@return whether they were not there already} */
    public boolean moveOffLoop() {
        return offLoop.compareAndSet(false, true);
    }

    /** {@return whether it is time to warn of it, again; then it is not for another minute} */
    public boolean isTimeToWarn() {
        long now = System.nanoTime();
        long last = warnedAt.get();
        return now - last >= WARN_EVERY_NANOS && warnedAt.compareAndSet(last, now);
    }
}
