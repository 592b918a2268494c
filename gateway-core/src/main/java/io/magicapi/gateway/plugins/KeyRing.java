package io.magicapi.gateway.plugins;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig.Key;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** The keys the gateway holds for one provider, each with its share of the requests. Immutable. */
public final class KeyRing {

    /** No keys: callers must bring their own. */
    public static final KeyRing EMPTY = new KeyRing(List.of());

    /**
     * One key.
     *
     * @param name what it is called, for people: the operator's name for it, or else its source
     * @param source where it came from: {@code GROQ_API_KEY}
     * @param secret the key itself
     * @param weight its share; at least 1
     * @param inFlight how many requests are sent with it at once; at least 1
     */
    public record Entry(String name, String source, Secret secret, int weight, int inFlight) {

        /** A key without a name or a limit of its own. */
        public Entry(String source, Secret secret, int weight) {
            this(source, source, secret, weight, Key.UNLIMITED);
        }
    }

    private final List<Entry> entries;
    private final int totalWeight;

    private KeyRing(List<Entry> entries) {
        this.entries = List.copyOf(entries);
        this.totalWeight = entries.stream().mapToInt(Entry::weight).sum();
    }

    /** {@return a ring of these keys} */
    public static KeyRing of(List<Entry> entries) {
        return entries.isEmpty() ? EMPTY : new KeyRing(new ArrayList<>(entries));
    }

    /** {@return one of the keys, chosen at random by weight; empty if there is none} */
    public Optional<Secret> choose() {
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        int draw = entries.size() == 1 ? 0 : ThreadLocalRandom.current().nextInt(totalWeight);
        for (Entry entry : entries) {
            draw -= entry.weight();
            if (draw < 0) {
                return Optional.of(entry.secret());
            }
        }
        throw new IllegalStateException("weights do not add up");
    }

    /** {@return the key that came from this place, if it is one of these} */
    Optional<Secret> from(String source) {
        return entries.stream()
                .filter(entry -> entry.source().equals(source))
                .map(Entry::secret)
                .findFirst();
    }

    /** {@return whether a key is one of these} */
    public boolean holds(Secret key) {
        return entries.stream().anyMatch(entry -> entry.secret().equals(key));
    }

    /** {@return the keys, for the start screen} */
    public List<Entry> entries() {
        return entries;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyRing ring && ring.entries.equals(entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }
}
