package io.magicapi.gateway.plugins;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** How the code of one generation behaves towards event loops. Safe for all threads. */
public final class Conduct {

    /** How many calls may hold an event loop for too long before the version is taken out of service. */
    public static final int QUARANTINE_AT = 3;

    /** Within how long. */
    public static final Duration QUARANTINE_WITHIN = Duration.ofMinutes(1);

    private static final long WARN_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final AtomicLong warnedAt = new AtomicLong(System.nanoTime() - WARN_EVERY_NANOS);
    private final AtomicBoolean offLoop;

    /** When the newest calls held an event loop for too long. */
    private final Deque<Long> blocked = new ArrayDeque<>();

    private volatile @Nullable String misconduct;

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

    /**
     * Notes that a call has held an event loop for too long; each call once. Calls that were under way on other loops
     * when the first was noticed count as well.
     *
     * @param place where in the plugin, as a message goes on: {@code " in com.acme.…"}
     */
    public synchronized void blockedLoop(String place) {
        long now = System.nanoTime();
        blocked.addLast(now);
        while (now - blocked.getFirst() > QUARANTINE_WITHIN.toNanos()) {
            blocked.removeFirst();
        }
        if (blocked.size() >= QUARANTINE_AT && misconduct == null) {
            misconduct = blocked.size() + " of its calls held an event loop for more than 200 ms within "
                    + QUARANTINE_WITHIN.toMinutes() + " min, the last" + place;
        }
    }

    /** {@return why the version must be taken out of service, as it stands in a message; empty if it need not} */
    Optional<String> misconduct() {
        return Optional.ofNullable(misconduct);
    }

    /** {@return whether it is time to warn of it, again; then it is not for another minute} */
    public boolean isTimeToWarn() {
        long now = System.nanoTime();
        long last = warnedAt.get();
        return now - last >= WARN_EVERY_NANOS && warnedAt.compareAndSet(last, now);
    }
}
