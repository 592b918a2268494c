package io.magicapi.gateway.routing;

import io.magicapi.gateway.upstream.Target;
import java.util.List;

/**
 * One entry of a route.
 *
 * @param targets what it stands for: itself, or the targets of another route in the order of trying; the first one speaks
 *     for all of them
 * @param weight its share where entries are chosen by weight; with 0 it is only asked when the others fail
 */
public record Share(List<Target> targets, int weight) {

    public Share {
        if (weight < 0 || targets.isEmpty()) {
            throw new IllegalArgumentException("a share needs a target, and a weight that is not negative: " + weight);
        }
        targets = List.copyOf(targets);
    }

    String provider() {
        return targets.get(0).provider();
    }

    String model() {
        return targets.get(0).model().orElse("");
    }
}
