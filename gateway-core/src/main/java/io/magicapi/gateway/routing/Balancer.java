package io.magicapi.gateway.routing;

import io.magicapi.gateway.config.GatewayConfig.Balance;
import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.health.TargetHealth;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;

/**
 * Puts the targets of a route into the order in which a request tries them. It leaves none out: who tries them passes
 * over those that are left alone, and so finds out when they work again. Safe for all threads.
 */
public final class Balancer {

    private final Health health;

    /** A balancer that knows how targets do from {@code health}. */
    public Balancer(Health health) {
        this.health = health;
    }

    /**
     * {@return the entries in the order of trying}
     *
     * @param shares as they stand in the configuration
     * @param balance what decides
     * @param sticky what requests have in common that should go to the same target; decides instead, if it is given
     * @param random the caller's
     */
    public List<Share> order(List<Share> shares, Balance balance, Optional<String> sticky, RandomGenerator random) {
        if (shares.size() < 2) {
            return shares;
        }
        if (sticky.isPresent()) {
            return sticky(shares, sticky.get());
        }
        return switch (balance) {
            case ORDERED -> shares;
            case WEIGHTED -> weighted(shares, random);
            case FASTEST -> fastest(shares, random);
        };
    }

    /** Drawing by weight without putting back is the same as sorting by waiting times of which the weight is the rate. */
    private static List<Share> weighted(List<Share> shares, RandomGenerator random) {
        return sorted(shares, target -> waitingTime(target, random.nextDouble()));
    }

    /** The same, with a hash in place of chance: where one target is gone, only what it had goes elsewhere. */
    private static List<Share> sticky(List<Share> shares, String value) {
        long hash = hash(value, 0);
        return sorted(
                shares, target -> waitingTime(target, fraction(hash(target.model(), hash(target.provider(), hash)))));
    }

    private static double waitingTime(Share target, double fraction) {
        // Those without a weight come last, in an order that is random as well.
        return target.weight() > 0 ? -Math.log1p(-fraction) / target.weight() : Double.MAX_VALUE * (1 + fraction) / 2;
    }

    /**
     * The better of two comes first: to take the best of all would send everything to one until it is slow. The others
     * follow, the best first.
     */
    private List<Share> fastest(List<Share> shares, RandomGenerator random) {
        List<Candidate> candidates = new ArrayList<>(shares.size());
        double known = 0;
        int measured = 0;
        for (Share target : shares) {
            TargetHealth each = health.target(target.provider(), target.model());
            long latency = each.latency().toNanos();
            if (latency > 0) {
                known += latency;
                measured++;
            }
            candidates.add(new Candidate(target, latency, each.inFlight(), each.available()));
        }
        // What was not measured yet counts as neither fast nor slow.
        double usual = measured == 0 ? 1 : known / measured;
        candidates.sort(Comparator.comparing((Candidate each) -> !each.available())
                .thenComparingDouble(each -> each.cost(usual)));
        int choice = (int) candidates.stream().filter(Candidate::available).count();
        if (choice > 2) {
            int one = random.nextInt(choice);
            int other = random.nextInt(choice - 1);
            int better = Math.min(one, other < one ? other : other + 1);
            candidates.add(0, candidates.remove(better));
        }
        return candidates.stream().map(Candidate::share).toList();
    }

    private record Candidate(Share share, long latency, int inFlight, boolean available) {

        double cost(double usual) {
            return (latency > 0 ? latency : usual) * (inFlight + 1);
        }
    }

    private static List<Share> sorted(List<Share> shares, ToDoubleFunction<Share> by) {
        record Placed(Share share, double place) {}
        return shares.stream()
                .map(target -> new Placed(target, by.applyAsDouble(target)))
                .sorted(Comparator.comparingDouble(Placed::place))
                .map(Placed::share)
                .toList();
    }

    private static double fraction(long hash) {
        return (hash >>> 11) * 0x1.0p-53;
    }

    private static long hash(String text, long seed) {
        long hash = seed + 0x9E3779B97F4A7C15L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001B3L;
        }
        hash = (hash ^ (hash >>> 30)) * 0xBF58476D1CE4E5B9L;
        hash = (hash ^ (hash >>> 27)) * 0x94D049BB133111EBL;
        return hash ^ (hash >>> 31);
    }
}
