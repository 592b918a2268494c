package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Why targets of a request were not even asked, as one failure: it is over as soon as it is for one of them. */
final class NotAsked {

    private final Optional<String> route;
    private final List<GatewayException> reasons = new ArrayList<>(0);

    /** All were asked. */
    NotAsked(Optional<String> route) {
        this.route = route;
    }

    /** Adds a target's reason. {@return what the client is told if nobody is asked} */
    GatewayException with(GatewayException reason) {
        reasons.add(reason);
        if (reasons.size() == 1) {
            return reason;
        }
        Optional<GatewayException> soonest =
                reasons.stream().filter(NotAsked::passes).min(Comparator.comparing(GatewayException::retryAfter));
        GatewayException told = soonest.orElse(reasons.get(0));
        return new GatewayException(told.code(), message(), told.param(), told.retryAfter());
    }

    /** A limit is open again as soon as one of many requests ends; of others it is known when, or that nobody knows. */
    private static boolean passes(GatewayException reason) {
        return reason.code() == ErrorCode.OVERLOADED || reason.retryAfter().compareTo(Duration.ZERO) > 0;
    }

    private String message() {
        return reasons.stream()
                .map(Throwable::getMessage)
                .distinct()
                .collect(Collectors.joining("; ", "no target of " + route.orElse("it") + " can be asked now: ", ""));
    }
}
