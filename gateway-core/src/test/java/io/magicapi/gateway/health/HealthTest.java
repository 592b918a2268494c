package io.magicapi.gateway.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig.Breaker;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.Percent;
import io.magicapi.gateway.health.TargetHealth.State;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HealthTest {

    private static final Breaker TOUCHY =
            new Breaker(true, 1, Percent.of(100), Duration.ofSeconds(60), Percent.of(100), Duration.ofSeconds(10), 1);

    private final FakeTime time = new FakeTime();
    private final Health health = new Health(
            provider ->
                    provider.equals("touchy") ? ProviderSettings.DEFAULT.withBreaker(TOUCHY) : ProviderSettings.DEFAULT,
            time);

    @Test
    @DisplayName("targets, keys and budgets are kept apart, and are the same whenever they are asked for")
    void identity() {
        assertThat(health.target("a", "m"))
                .isSameAs(health.target("a", "m"))
                .isNotSameAs(health.target("a", "n"))
                .isNotSameAs(health.target("b", "m"));
        assertThat(health.keys("a")).isSameAs(health.keys("a")).isNotSameAs(health.keys("b"));
        assertThat(health.budget("a")).isSameAs(health.budget("a")).isNotSameAs(health.budget("b"));
    }

    @Test
    @DisplayName("a target has the breaker of its provider")
    void settings() {
        health.target("touchy", "m").tryAcquire().orElseThrow().failed(1);
        health.target("a", "m").tryAcquire().orElseThrow().failed(1);

        assertThat(health.target("touchy", "m").state()).isEqualTo(State.OPEN);
        assertThat(health.target("a", "m").state()).isEqualTo(State.CLOSED);
        assertThat(health.target("touchy", "n").state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName("a client that makes up models makes nothing grow, and what is used is not forgotten for it")
    void madeUpModels() {
        health.target("touchy", "used").tryAcquire().orElseThrow().failed(1);

        for (int i = 0; i < 20_000; i++) {
            time.pass(Duration.ofNanos(100));
            health.target("a", "made-up-" + i);
            if (i % 1000 == 0) {
                health.target("touchy", "used");
            }
        }

        assertThat(health.targets()).isBetween(3000, Health.MOST_TARGETS);
        assertThat(health.target("touchy", "used").state()).isEqualTo(State.OPEN);
    }
}
