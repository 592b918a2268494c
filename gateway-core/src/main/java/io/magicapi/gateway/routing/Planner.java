package io.magicapi.gateway.routing;

import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.RouteTarget;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import io.magicapi.gateway.upstream.Plan;
import io.magicapi.gateway.upstream.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Makes the plan of a request: the targets of the route that its model names, or the one provider that {@link
 * ProviderChoice} finds.
 */
public final class Planner {

    private final Balancer balancer;

    /** A planner that knows how targets do from {@code health}. */
    public Planner(Health health) {
        this.balancer = new Balancer(health);
    }

    /**
     * {@return the plan}
     *
     * @param header the values of the {@code x-provider} header, as sent; if there are any, {@code model} is no route
     * @param model the model the request names, if any
     * @param traits what else of the request a route may go by
     * @throws GatewayException if no provider can be chosen
     */
    public Plan plan(
            ProviderSnapshot snapshot,
            GatewayConfig config,
            List<String> header,
            Optional<String> model,
            Traits traits,
            Operation operation) {
        Optional<String> name = header.isEmpty() ? model : Optional.empty();
        Optional<ModelRoute> route = name.flatMap(config::route);
        if (route.isEmpty()) {
            ProviderChoice choice = ProviderChoice.choose(snapshot, config, header, model, operation);
            return Plan.only(new Target(choice.provider().name(), choice.model(), choice.modelChanged()));
        }
        List<Target> targets = order(name.orElseThrow(), route.get(), config, traits).stream()
                .distinct()
                .toList();
        return new Plan(name, targets, route.get().firstToken(), route.get().streamRecovery());
    }

    private List<Target> order(String name, ModelRoute route, GatewayConfig config, Traits traits) {
        List<Share> shares = new ArrayList<>(route.route().size());
        for (RouteTarget entry : route.route()) {
            String target = entry.name();
            Optional<ModelRoute> other = target.equals(name) ? Optional.empty() : config.route(target);
            shares.add(new Share(
                    other.map(nested -> order(target, nested, config, traits)).orElseGet(() -> List.of(target(target))),
                    entry.weight()));
        }
        Optional<String> sticky = route.sticky()
                .header()
                .flatMap(traits::header)
                .or(() -> route.sticky().field().flatMap(traits::field));
        return balancer.order(shares, route.balance(), sticky, ThreadLocalRandom.current()).stream()
                .flatMap(share -> share.targets().stream())
                .toList();
    }

    private static Target target(String name) {
        int slash = name.indexOf('/');
        return new Target(name.substring(0, slash), Optional.of(name.substring(slash + 1)), true);
    }
}
