package io.magicapi.gateway.upstream;

import io.magicapi.gateway.config.GatewayConfig.StreamRecovery;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What is tried for a request, decided before the first attempt.
 *
 * @param route the route that was asked for; empty if the request names its provider
 * @param targets in the order of trying; at least one
 * @param firstToken how long a target may take to the first word of a stream, while there is another one to ask
 * @param recovery what is done for a stream that breaks off after its first word
 */
public record Plan(Optional<String> route, List<Target> targets, Duration firstToken, StreamRecovery recovery) {

    public Plan {
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("a plan without targets");
        }
        targets = List.copyOf(targets);
    }

    /** {@return the plan of a request that names its provider} */
    public static Plan only(Target target) {
        return new Plan(Optional.empty(), List.of(target), Duration.ZERO, StreamRecovery.NONE);
    }

    /** {@return whether the targets are of different providers, so that a caller's key cannot be meant for all} */
    public boolean crossesProviders() {
        String first = targets.get(0).provider();
        return targets.size() > 1
                && targets.stream().anyMatch(target -> !target.provider().equals(first));
    }
}
