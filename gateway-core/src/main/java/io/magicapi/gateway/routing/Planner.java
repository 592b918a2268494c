package io.magicapi.gateway.routing;

import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.RouteTarget;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import io.magicapi.gateway.upstream.Plan;
import io.magicapi.gateway.upstream.Target;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes the plan of a request: the targets of the route that its model names, or the one provider that {@link
 * ProviderChoice} finds.
 */
public final class Planner {

    private Planner() {}

    /**
     * {@return the plan}
     *
     * @param header the values of the {@code x-provider} header, as sent; if there are any, {@code model} is no route
     * @param model the model the request names, if any
     * @throws GatewayException if no provider can be chosen
     */
    public static Plan plan(
            ProviderSnapshot snapshot,
            GatewayConfig config,
            List<String> header,
            Optional<String> model,
            Operation operation) {
        Optional<String> name = header.isEmpty() ? model : Optional.empty();
        Optional<ModelRoute> route = name.flatMap(config::route);
        if (route.isEmpty()) {
            ProviderChoice choice = ProviderChoice.choose(snapshot, config, header, model, operation);
            return Plan.only(new Target(choice.provider().name(), choice.model(), choice.modelChanged()));
        }
        Set<Target> targets = new LinkedHashSet<>();
        expand(name.orElseThrow(), route.get(), config, targets);
        return new Plan(
                name,
                List.copyOf(targets),
                route.get().firstToken(),
                route.get().streamRecovery());
    }

    private static void expand(String name, ModelRoute route, GatewayConfig config, Set<Target> targets) {
        for (RouteTarget entry : route.route()) {
            String target = entry.name();
            Optional<ModelRoute> other = target.equals(name) ? Optional.empty() : config.route(target);
            other.ifPresentOrElse(nested -> expand(target, nested, config, targets), () -> targets.add(target(target)));
        }
    }

    private static Target target(String name) {
        int slash = name.indexOf('/');
        return new Target(name.substring(0, slash), Optional.of(name.substring(slash + 1)), true);
    }
}
