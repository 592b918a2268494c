package io.magicapi.gateway.http;

import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import io.magicapi.gateway.routing.Planner;
import io.magicapi.gateway.routing.Traits;
import io.magicapi.gateway.upstream.Plan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** From the name of a model to the targets of its route, in the order of trying. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PlanBenchmark {

    /** How many routes are configured. */
    @Param({"10", "100000"})
    public int routes;

    private final Planner planner = new Planner(new Health(provider -> ProviderSettings.DEFAULT, System::nanoTime));
    private final ProviderSnapshot snapshot = ProviderSnapshot.of(GatewayConfig.defaults(), List.of());
    private GatewayConfig config = GatewayConfig.defaults();

    /** A request that has nothing but its model. */
    private static final Traits NOTHING = new Traits() {
        @Override
        public Optional<String> header(String name) {
            return Optional.empty();
        }

        @Override
        public Optional<String> field(String name) {
            return Optional.empty();
        }
    };

    /** Makes the routes, with two targets each. */
    @Setup
    public void routes() {
        Map<String, ModelRoute> models = new HashMap<>();
        for (int i = 0; i < routes; i++) {
            models.put("route-" + i, ModelRoute.to("groq/model-" + i, "openai/model-" + i));
        }
        config = config.withModels(models);
    }

    /** The plan of a request for one of them. */
    @Benchmark
    public Plan plan() {
        return planner.plan(snapshot, config, List.of(), Optional.of("route-7"), NOTHING, Operation.CHAT_COMPLETIONS);
    }
}
