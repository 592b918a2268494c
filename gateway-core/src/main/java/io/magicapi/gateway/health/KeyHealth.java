package io.magicapi.gateway.health;

import io.magicapi.gateway.health.KeyBan.Reason;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one key. Providers mostly limit and permit by model, so a key that has to wait, or is forbidden, for
 * one model is used for the others. Safe for all threads.
 */
final class KeyHealth {

    /** How often a key that was refused is tried again: one that works again is to be used within half a minute. */
    static final long PROBE_SECONDS = 20;

    private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(PROBE_SECONDS);

    /** How often it is said of one key that it is refused for a model. */
    private static final long WARN_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Clients choose the names of models, so no more are remembered than this; a ban beyond that is not kept. */
    static final int MOST_MODELS = 256;

    private final AtomicInteger inFlight = new AtomicInteger();
    private final Map<String, KeyBan> byModel = new ConcurrentHashMap<>();
    private volatile @Nullable KeyBan whole;
    /** The last ban of a model for want of money, until the key works for any of them. */
    private volatile @Nullable KeyBan unpaid;

    private volatile long usedAt;

    /** When it was last said that it is refused for a model; written while holding the lock. */
    private long warnedAt;

    KeyHealth(long now) {
        this.usedAt = now;
        this.warnedAt = now - WARN_NANOS;
    }

    /** {@return what keeps it from being used for a model; null if nothing does} */
    @Nullable
    KeyBan ban(String model, long now) {
        usedAt = now;
        KeyBan all = whole;
        if (all != null) {
            return all;
        }
        KeyBan one = byModel.isEmpty() ? null : byModel.get(model);
        return one == null || !one.holds(now) ? null : one;
    }

    /** {@return how it stands, for people} */
    KeyState state(long now) {
        if (whole != null) {
            return KeyState.DEAD;
        }
        if (unpaid != null) {
            return KeyState.UNPAID;
        }
        boolean cools =
                byModel.values().stream().anyMatch(ban -> ban.reason == Reason.SHARE_USED_UP && ban.left(now) > 0);
        return cools ? KeyState.COOLING : KeyState.USABLE;
    }

    /** Takes a place. {@return whether there was one} */
    boolean enter(int most) {
        int count = inFlight.get();
        while (count < most) {
            if (inFlight.compareAndSet(count, count + 1)) {
                return true;
            }
            count = inFlight.get();
        }
        return false;
    }

    void leave() {
        inFlight.decrementAndGet();
    }

    int inFlight() {
        return inFlight.get();
    }

    /** {@return whether nobody has looked at it for so long} */
    boolean unusedFor(long nanos, long now) {
        return inFlight.get() == 0 && now - usedAt > nanos;
    }

    /** It has to wait for so long, for one model. */
    synchronized void coolDown(String model, long now, long nanos) {
        KeyBan before = byModel.get(model);
        if (before == null || (!before.reason.isProbed() && before.left(now) < nanos)) {
            put(model, new KeyBan(Reason.SHARE_USED_UP, now, nanos), now);
        }
    }

    /**
     * Its account has no money left, as is said of one model: some providers have a purse for each.
     *
     * @param nanos how long it is not tried
     * @return whether that is news
     */
    synchronized boolean unpaid(String model, long now, long nanos) {
        KeyBan before = byModel.get(model);
        KeyBan ban = new KeyBan(Reason.UNPAID, now, nanos);
        if ((before != null && before.reason.isProbed()) || !put(model, ban, now)) {
            return false;
        }
        boolean news = unpaid == null;
        unpaid = ban;
        return news;
    }

    /** The provider does not take it at all. {@return whether that is news} */
    synchronized boolean refuse(long now) {
        boolean news = whole == null;
        if (news) {
            whole = new KeyBan(Reason.REFUSED, now, PROBE_NANOS);
        }
        return news;
    }

    /**
     * The provider does not take it for one model.
     *
     * @return whether that is news, and the first in a minute: clients choose the names of models
     */
    synchronized boolean refuse(String model, long now) {
        KeyBan before = byModel.get(model);
        if ((before != null && before.reason.isProbed())
                || !put(model, new KeyBan(Reason.REFUSED, now, PROBE_NANOS), now)) {
            return false;
        }
        boolean warns = now - warnedAt >= WARN_NANOS;
        if (warns) {
            warnedAt = now;
        }
        return warns;
    }

    private boolean put(String model, KeyBan ban, long now) {
        if (byModel.size() >= MOST_MODELS) {
            byModel.values().removeIf(each -> each.left(now) <= 0);
            if (byModel.size() >= MOST_MODELS) {
                return false;
            }
        }
        byModel.put(model, ban);
        return true;
    }

    /**
     * The provider took it, for a model.
     *
     * @param sent when it was sent; what has become known since then stays
     * @return whether it had been refused, or not been paid for, before that
     */
    boolean worked(String model, long sent) {
        return (whole != null || unpaid != null || !byModel.isEmpty()) && clear(model, sent);
    }

    private synchronized boolean clear(String model, long sent) {
        KeyBan all = whole;
        boolean revived = isOver(all, sent);
        if (revived) {
            whole = null;
        }
        if (isOver(unpaid, sent)) {
            unpaid = null;
        }
        KeyBan one = byModel.get(model);
        if (isOver(one, sent)) {
            byModel.remove(model);
            revived = true;
        }
        return revived;
    }

    private static boolean isOver(@Nullable KeyBan ban, long sent) {
        return ban != null && ban.reason.isProbed() && sent - ban.since > 0;
    }
}
