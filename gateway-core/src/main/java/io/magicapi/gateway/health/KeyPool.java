package io.magicapi.gateway.health;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.plugins.KeyRing;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that the gateway holds for one provider, and which of them can be used. Callers' own keys never come here.
 * Safe for all threads, and without locks unless a key misbehaves.
 *
 * <p>A key that the provider refused is dead. Every {@value KeyHealth#PROBE_SECONDS} seconds one request tries it all the
 * same; so a key that was unlocked, or that the provider refused by mistake, comes back by itself. One whose account has no
 * money left is tried once a minute.
 */
public final class KeyPool {

    /** No provider's wish to be left alone is obeyed for longer. */
    static final Duration LONGEST_COOL_DOWN = Duration.ofHours(1);

    /** Nobody pays a bill sooner. */
    private static final Duration UNPAID_AT_LEAST = Duration.ofMinutes(1);

    /** What nobody has asked for since is forgotten when another key comes. */
    private static final long FORGOTTEN_AFTER_NANOS = TimeUnit.HOURS.toNanos(1);

    private static final Logger log = LoggerFactory.getLogger(KeyPool.class);

    private final String provider;
    private final LongSupplier nanoTime;
    private final IntSupplier mostWaiting;
    private final Map<Secret, KeyHealth> keys = new ConcurrentHashMap<>();
    private final Queue<KeyTurn> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();

    KeyPool(String provider, IntSupplier mostWaiting, LongSupplier nanoTime) {
        this.provider = provider;
        this.mostWaiting = mostWaiting;
        this.nanoTime = nanoTime;
    }

    /**
     * Chooses a key by weight among those that can be used: not cooling down, not dead, and not at their limit of
     * requests. A dead key that is due to be tried is taken before all others.
     *
     * @param ring the keys there are
     * @param model what the provider is asked for; empty if the request names no model
     * @param not keys that are not to be used, as this request was tried with them
     * @return leave to use it for one attempt; empty if none can be used, and {@link #retryAfter} says for how long
     */
    public Optional<KeyPermit> choose(KeyRing ring, String model, Set<Secret> not) {
        long now = nanoTime.getAsLong();
        List<KeyRing.Entry> entries = ring.entries();
        while (true) {
            KeyPermit probe = probe(entries, model, not, now);
            if (probe != null) {
                return Optional.of(probe);
            }
            int total = weight(entries, model, not, now);
            if (total == 0) {
                return Optional.empty();
            }
            KeyPermit permit = draw(entries, model, not, now, total);
            if (permit != null) {
                return Optional.of(permit);
            }
            // Others have taken the last places meanwhile, so there is less to choose from now.
        }
    }

    private @Nullable KeyPermit probe(List<KeyRing.Entry> entries, String model, Set<Secret> not, long now) {
        for (KeyRing.Entry entry : entries) {
            KeyHealth key = key(entry, now);
            KeyBan ban = key.ban(model, now);
            if (ban != null && !not.contains(entry.secret()) && tryProbe(key, entry, ban, now)) {
                return new KeyPermit(key, entry, model, now);
            }
        }
        return null;
    }

    /** The weight of all that can be used. */
    private int weight(List<KeyRing.Entry> entries, String model, Set<Secret> not, long now) {
        int total = 0;
        for (KeyRing.Entry entry : entries) {
            if (isUsable(entry, model, not, now)) {
                total += entry.weight();
            }
        }
        return total;
    }

    private boolean isUsable(KeyRing.Entry entry, String model, Set<Secret> not, long now) {
        KeyHealth key = key(entry, now);
        return key.ban(model, now) == null && key.inFlight() < entry.inFlight() && !not.contains(entry.secret());
    }

    private static boolean tryProbe(KeyHealth key, KeyRing.Entry entry, KeyBan ban, long now) {
        if (!ban.reason.isProbed() || ban.left(now) > 0 || !key.enter(entry.inFlight())) {
            return false;
        }
        if (ban.takeProbe(now)) {
            return true;
        }
        key.leave();
        return false;
    }

    private @Nullable KeyPermit draw(List<KeyRing.Entry> entries, String model, Set<Secret> not, long now, int total) {
        int draw = total == 1 ? 0 : ThreadLocalRandom.current().nextInt(total);
        for (KeyRing.Entry entry : entries) {
            if (!isUsable(entry, model, not, now)) {
                continue;
            }
            draw -= entry.weight();
            if (draw < 0) {
                KeyHealth key = key(entry, now);
                return key.enter(entry.inFlight()) ? new KeyPermit(key, entry, model, now) : null;
            }
        }
        return null;
    }

    /**
     * {@return how long until the first of the keys may be used; zero if one may be, but for the requests it has under
     * way, or if there is none}
     *
     * @param ring the keys there are
     * @param model as for {@link #choose}
     */
    public Duration retryAfter(KeyRing ring, String model) {
        long now = nanoTime.getAsLong();
        long least = Long.MAX_VALUE;
        for (KeyRing.Entry entry : ring.entries()) {
            KeyBan ban = key(entry, now).ban(model, now);
            least = Math.min(least, ban == null ? 0 : Math.max(0, ban.left(now)));
        }
        return least == Long.MAX_VALUE ? Duration.ZERO : Duration.ofNanos(least);
    }

    /**
     * {@return whether a key could be used if only it had room, so that it makes sense to wait}
     *
     * @param ring the keys there are
     * @param model as for {@link #choose}
     * @param not as for {@link #choose}
     */
    public boolean isBusy(KeyRing ring, String model, Set<Secret> not) {
        long now = nanoTime.getAsLong();
        for (KeyRing.Entry entry : ring.entries()) {
            if (!not.contains(entry.secret()) && key(entry, now).ban(model, now) == null) {
                return true;
            }
        }
        return false;
    }

    /**
     * Waits until a key may have room, for a request that {@link #choose} gave none as all are {@linkplain #isBusy busy}.
     * Who came first is called first. A request that comes at that moment may be quicker; then the one that was called
     * waits again.
     *
     * @param ring as for {@link #choose}
     * @param model as for {@link #choose}
     * @param not as for {@link #choose}; no longer changed
     * @param again is run once, at once or on the thread that gave a key back, and so must only hand over to its own;
     *     it chooses again
     * @return what must be left if the request cannot wait any longer; empty if as many wait already as may
     */
    public Optional<KeyTurn> await(KeyRing ring, String model, Set<Secret> not, Runnable again) {
        if (waiting.incrementAndGet() > mostWaiting.getAsInt()) {
            waiting.decrementAndGet();
            return Optional.empty();
        }
        KeyTurn turn = new KeyTurn(this, ring, model, not, again);
        queue.add(turn);
        // Whoever gives a key back looks at the queue; what was given back before this stood there is found here.
        if (hasRoom(turn, nanoTime.getAsLong())) {
            turn.call();
        }
        return Optional.of(turn);
    }

    private boolean hasRoom(KeyTurn turn, long now) {
        return weight(turn.ring.entries(), turn.model, turn.not, now) > 0;
    }

    void left(KeyTurn turn) {
        queue.remove(turn);
        waiting.decrementAndGet();
    }

    /** Calls the first that waits for a key that has room. */
    void callNext() {
        if (waiting.get() == 0) {
            return;
        }
        long now = nanoTime.getAsLong();
        for (KeyTurn turn : queue) {
            if (hasRoom(turn, now) && turn.call()) {
                return;
            }
        }
    }

    /** {@return how many requests wait for a key with room} */
    public int waiting() {
        return waiting.get();
    }

    private KeyHealth key(KeyRing.Entry entry, long now) {
        KeyHealth key = keys.get(entry.secret());
        if (key != null) {
            return key;
        }
        keys.values().removeIf(each -> each.unusedFor(FORGOTTEN_AFTER_NANOS, now));
        return keys.computeIfAbsent(entry.secret(), secret -> new KeyHealth(now));
    }

    /**
     * {@return how many of the keys stand in which way, all ways included}
     *
     * @param ring the keys there are
     */
    public Map<KeyState, Integer> states(KeyRing ring) {
        long now = nanoTime.getAsLong();
        Map<KeyState, Integer> states = new EnumMap<>(KeyState.class);
        for (KeyState state : KeyState.values()) {
            states.put(state, 0);
        }
        for (KeyRing.Entry entry : ring.entries()) {
            KeyHealth key = keys.get(entry.secret());
            states.merge(key == null ? KeyState.USABLE : key.state(now), 1, Integer::sum);
        }
        return states;
    }

    /**
     * Forgets all other keys: one that was taken away and comes back is as good as new.
     *
     * @param ring the keys there are
     */
    public void retain(KeyRing ring) {
        keys.keySet().removeIf(secret -> !ring.holds(secret));
    }

    /** {@return how many keys are remembered} */
    int size() {
        return keys.size();
    }

    /** Leave to use a key for one attempt. */
    public final class KeyPermit {

        private final KeyHealth key;
        private final KeyRing.Entry entry;
        private final String model;
        private final long since;
        private final AtomicBoolean released = new AtomicBoolean();

        private KeyPermit(KeyHealth key, KeyRing.Entry entry, String model, long since) {
            this.key = key;
            this.entry = entry;
            this.model = model;
            this.since = since;
        }

        /** {@return the key} */
        public Secret secret() {
            return entry.secret();
        }

        /** {@return what the key is called, for people} */
        public String name() {
            return entry.name();
        }

        /**
         * The provider will not take more with this key, for this model, for a while (429).
         *
         * @param wait until its reset; an hour at most is kept to
         */
        public void coolDown(Duration wait) {
            key.coolDown(model, nanoTime.getAsLong(), kept(wait).toNanos());
        }

        private static Duration kept(Duration wait) {
            return wait.compareTo(LONGEST_COOL_DOWN) > 0 ? LONGEST_COOL_DOWN : wait;
        }

        /**
         * The account of this key has no money left (402, {@code insufficient_quota}): for this model, it is left alone and
         * then tried by single requests.
         *
         * @param wait how long the provider says that it takes; a minute at least and an hour at most is kept to
         */
        public void unpaid(Duration wait) {
            Duration kept = wait.compareTo(UNPAID_AT_LEAST) < 0 ? UNPAID_AT_LEAST : kept(wait);
            if (key.unpaid(model, nanoTime.getAsLong(), kept.toNanos())) {
                log.atWarn()
                        .addKeyValue("provider", provider)
                        .addKeyValue("key", name())
                        .log(
                                "GW-K04 the account of key {} has no money left at {}; one request every {} s tries it",
                                name(),
                                provider,
                                kept.toSeconds());
            }
        }

        /** The provider does not know this key (401): it is dead. */
        public void refused() {
            if (key.refuse(nanoTime.getAsLong())) {
                log.atWarn()
                        .addKeyValue("provider", provider)
                        .addKeyValue("key", name())
                        .log(
                                "GW-K01 key {} is refused by {}; one request every {} s tries it",
                                name(),
                                provider,
                                KeyHealth.PROBE_SECONDS);
            }
        }

        /** The provider forbids what was asked with this key (403): for this model it is dead, and not for others. */
        public void forbidden() {
            if (key.refuse(model, nanoTime.getAsLong())) {
                log.atWarn()
                        .addKeyValue("provider", provider)
                        .addKeyValue("key", name())
                        .addKeyValue("model", model)
                        .log(
                                "GW-K02 key {} is refused by {} for this model; one request every {} s tries it",
                                name(),
                                provider,
                                KeyHealth.PROBE_SECONDS);
            }
        }

        /** The provider took the key. If it was dead, it is no longer. */
        public void worked() {
            if (key.worked(model, since)) {
                log.atInfo()
                        .addKeyValue("provider", provider)
                        .addKeyValue("key", name())
                        .log("GW-K03 key {} is taken by {} again", name(), provider);
            }
        }

        /** The attempt is over; a second call does nothing. */
        public void release() {
            if (released.compareAndSet(false, true)) {
                key.leave();
                callNext();
            }
        }
    }
}
