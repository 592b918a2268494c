package io.magicapi.gateway.health;

import io.magicapi.gateway.config.Percent;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many of the attempts that a provider is busy with may be retries: a part of them, and {@value #FLOOR} in any case.
 * So a provider that fails everything is sent a little more than it is asked, never a multiple. Safe for all threads.
 */
public final class RetryBudget {

    /** So many retries at once are always allowed. */
    static final int FLOOR = 3;

    private final Percent share;
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicInteger retries = new AtomicInteger();

    RetryBudget(Percent share) {
        this.share = share;
    }

    /** An attempt begins, be it the first for its request or a retry. */
    public void begin() {
        active.incrementAndGet();
    }

    /** An attempt is over; once for each {@link #begin}. */
    public void end() {
        active.decrementAndGet();
    }

    /**
     * Asks for a retry, which begins to count at once.
     *
     * @return whether it may be made; if so, {@link #retryOver} must follow when it is over, whether it was made or not
     */
    public boolean tryRetry() {
        long allowed = Math.max(FLOOR, (long) active.get() * share.hundredths() / 10_000);
        int count = retries.get();
        while (count < allowed) {
            if (retries.compareAndSet(count, count + 1)) {
                return true;
            }
            count = retries.get();
        }
        return false;
    }

    /** A retry is over; once for each {@link #tryRetry} that was granted. */
    public void retryOver() {
        retries.decrementAndGet();
    }
}
