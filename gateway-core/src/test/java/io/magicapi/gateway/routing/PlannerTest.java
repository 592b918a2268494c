package io.magicapi.gateway.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Balance;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.RouteTarget;
import io.magicapi.gateway.config.GatewayConfig.Sticky;
import io.magicapi.gateway.config.GatewayConfig.StreamRecovery;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import io.magicapi.gateway.upstream.Plan;
import io.magicapi.gateway.upstream.Target;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** From the name of a route to the targets in the order of trying. */
class PlannerTest {

    private final Planner planner = new Planner(new Health(provider -> ProviderSettings.DEFAULT, System::nanoTime));

    /** What a request says besides its model. */
    private record Said(Map<String, String> headers, Map<String, String> fields) implements Traits {

        private static final Said NOTHING = new Said(Map.of(), Map.of());

        @Override
        public Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }

        @Override
        public Optional<String> field(String name) {
            return Optional.ofNullable(fields.get(name));
        }
    }

    private Plan plan(Map<String, ModelRoute> models, String model, Traits said) {
        return planner.plan(
                ProviderSnapshot.of(GatewayConfig.defaults(), List.of()),
                GatewayConfig.defaults().withModels(models),
                List.of(),
                Optional.of(model),
                said,
                Operation.CHAT_COMPLETIONS);
    }

    private List<String> targets(Map<String, ModelRoute> models, String model) {
        return targets(models, model, Said.NOTHING);
    }

    private List<String> targets(Map<String, ModelRoute> models, String model, Traits said) {
        return plan(models, model, said).targets().stream()
                .map(Target::toString)
                .toList();
    }

    private static ModelRoute weighted(RouteTarget... targets) {
        return ModelRoute.DEFAULT.withTargets(List.of(targets)).withBalance(Balance.WEIGHTED);
    }

    @Test
    @DisplayName("a route's targets are tried as they are written, with the rest of its settings")
    void ordered() {
        ModelRoute route = ModelRoute.to("groq/llama-3.3-70b", "openrouter/meta/llama-3.3-70b")
                .withFirstToken(Duration.ofSeconds(20))
                .withRecovery(StreamRecovery.CONTINUE);

        Plan plan = plan(Map.of("smart", route), "smart", Said.NOTHING);

        assertThat(plan.route()).hasValue("smart");
        assertThat(plan.targets())
                .containsExactly(
                        new Target("groq", Optional.of("llama-3.3-70b"), true),
                        new Target("openrouter", Optional.of("meta/llama-3.3-70b"), true));
        assertThat(plan.firstToken()).isEqualTo(Duration.ofSeconds(20));
        assertThat(plan.recovery()).isEqualTo(StreamRecovery.CONTINUE);
        assertThat(plan.crossesProviders()).isTrue();
    }

    @Test
    @DisplayName("the targets of a route within a route stand in its place, each asked once, the outer settings count")
    void nested() {
        Map<String, ModelRoute> models = Map.of(
                "inner", ModelRoute.to("a/1", "b/1").withFirstToken(Duration.ofSeconds(1)),
                "middle", ModelRoute.to("inner", "c/1"),
                "outer", ModelRoute.to("d/1", "middle", "b/1", "e/1"));

        assertThat(targets(models, "outer")).containsExactly("d/1", "a/1", "b/1", "c/1", "e/1");
        assertThat(plan(models, "outer", Said.NOTHING).firstToken()).isEqualTo(Duration.ofSeconds(60));
    }

    @Test
    @DisplayName("a route of the name of its own target, to which it adds others, does not go round in circles")
    void ownName() {
        Map<String, ModelRoute> models = Map.of("groq/llama", ModelRoute.to("groq/llama", "openai/gpt-4o-mini"));

        assertThat(targets(models, "groq/llama")).containsExactly("groq/llama", "openai/gpt-4o-mini");
    }

    @Test
    @DisplayName("weights share the first places, of a route within a route as well, and 0 is for when others fail")
    void weights() {
        Map<String, ModelRoute> models = Map.of(
                "inner", weighted(new RouteTarget("a/1", 1), new RouteTarget("b/1", 1)),
                "outer", weighted(new RouteTarget("inner", 80), new RouteTarget("c/1", 20), new RouteTarget("d/1", 0)));

        List<List<String>> plans =
                IntStream.range(0, 4000).mapToObj(i -> targets(models, "outer")).toList();

        assertThat(plans).allSatisfy(plan -> assertThat(plan).containsExactlyInAnyOrder("a/1", "b/1", "c/1", "d/1"));
        assertThat(plans).allSatisfy(plan -> assertThat(plan).endsWith("d/1"));
        assertThat(share(plans, "a/1")).isBetween(0.35, 0.45);
        assertThat(share(plans, "b/1")).isBetween(0.35, 0.45);
        assertThat(share(plans, "c/1")).isBetween(0.16, 0.24);
    }

    private static double share(List<List<String>> plans, String first) {
        return plans.stream().filter(plan -> plan.get(0).equals(first)).count() / (double) plans.size();
    }

    @Test
    @DisplayName("sticky by header: the same value, the same target; other values, other targets")
    void stickyHeader() {
        Map<String, ModelRoute> models = sticky(new Sticky(Optional.of("x-session"), Optional.empty()));

        assertSticky(models, value -> new Said(Map.of("x-session", value), Map.of()));
    }

    @Test
    @DisplayName("sticky by field of the body")
    void stickyField() {
        Map<String, ModelRoute> models = sticky(new Sticky(Optional.empty(), Optional.of("user")));

        assertSticky(models, value -> new Said(Map.of(), Map.of("user", value)));
    }

    private static Map<String, ModelRoute> sticky(Sticky sticky) {
        return Map.of("smart", ModelRoute.to("a/1", "b/1", "c/1").withSticky(sticky));
    }

    private interface Saying {
        Traits say(String value);
    }

    private void assertSticky(Map<String, ModelRoute> models, Saying saying) {
        Set<String> firsts = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            Traits said = saying.say("caller " + i);
            List<String> targets = targets(models, "smart", said);
            assertThat(targets(models, "smart", said)).isEqualTo(targets);
            firsts.add(targets.get(0));
        }
        assertThat(firsts).containsExactlyInAnyOrder("a/1", "b/1", "c/1");
        assertThat(targets(models, "smart"))
                .as("a request that does not say it goes by balance")
                .containsExactly("a/1", "b/1", "c/1");
    }

    @Test
    @DisplayName("a request whose header names the provider is for no route")
    void headerWins() {
        GatewayConfig config = GatewayConfig.defaults().withModels(Map.of("smart", ModelRoute.to("a/1", "b/1")));

        assertThatThrownBy(() -> planner.plan(
                        ProviderSnapshot.of(GatewayConfig.defaults(), List.of()),
                        config,
                        List.of("a"),
                        Optional.of("smart"),
                        Said.NOTHING,
                        Operation.CHAT_COMPLETIONS))
                .isInstanceOf(GatewayException.class)
                .hasMessageContaining("\"a\"");
    }
}
