package io.magicapi.gateway.health;

import java.util.concurrent.atomic.AtomicLong;

/** Why a key is not used, and until when. Safe for all threads. */
final class KeyBan {

    /** Whether the provider has refused it; if not, it only has to wait. */
    final boolean refused;

    /** When it began. */
    final long since;

    /** When it is over, or when the key is tried next. */
    private final AtomicLong until;

    /** From now for so many nanoseconds. */
    KeyBan(boolean refused, long now, long nanos) {
        this.refused = refused;
        this.since = now;
        this.until = new AtomicLong(now + nanos);
    }

    /** {@return for how many nanoseconds more; not positive if it is over, or the key is to be tried} */
    long left(long now) {
        return until.get() - now;
    }

    /** {@return whether the caller may use the key, which has been refused, for the one request that tries it} */
    boolean takeProbe(long now, long nextNanos) {
        long due = until.get();
        return due - now <= 0 && until.compareAndSet(due, now + nextNanos);
    }
}
