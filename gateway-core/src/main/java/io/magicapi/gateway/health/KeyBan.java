package io.magicapi.gateway.health;

import java.util.concurrent.atomic.AtomicLong;

/** Why a key is not used, and until when. Safe for all threads. */
final class KeyBan {

    /** Why a key is not used. */
    enum Reason {
        /** It has to wait, and then is as good as before. */
        SHARE_USED_UP,
        /** Its account has no money left. */
        UNPAID,
        /** The provider refuses it. */
        REFUSED;

        /** {@return whether time alone does not mend it, so that single requests find out whether it works again} */
        boolean isProbed() {
            return this != SHARE_USED_UP;
        }
    }

    final Reason reason;

    /** When it began. */
    final long since;

    private final long nanos;

    /** When it is over, or when the key is tried next. */
    private final AtomicLong until;

    /** From now for so many nanoseconds; if it is probed, as long passes between one probe and the next. */
    KeyBan(Reason reason, long now, long nanos) {
        this.reason = reason;
        this.since = now;
        this.nanos = nanos;
        this.until = new AtomicLong(now + nanos);
    }

    /** {@return for how many nanoseconds more; not positive if it is over, or the key is to be tried} */
    long left(long now) {
        return until.get() - now;
    }

    /** {@return whether it keeps the key from being used: one that is probed does until a probe has succeeded} */
    boolean holds(long now) {
        return reason.isProbed() || left(now) > 0;
    }

    /** {@return whether the caller may use the key all the same, for the one request that tries it} */
    boolean takeProbe(long now) {
        long due = until.get();
        return reason.isProbed() && due - now <= 0 && until.compareAndSet(due, now + nanos);
    }
}
