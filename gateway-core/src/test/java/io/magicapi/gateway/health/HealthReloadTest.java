package io.magicapi.gateway.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HealthReloadTest {

    @Test
    @DisplayName("a provider that is forgotten is judged by its settings anew, others and its keys stay")
    void forgotten() {
        List<String> asked = new ArrayList<>();
        Health health = new Health(
                name -> {
                    asked.add(name);
                    return ProviderSettings.DEFAULT;
                },
                () -> 0);
        TargetHealth target = health.target("groq", "m");
        TargetHealth other = health.target("lab", "m");
        RetryBudget budget = health.budget("groq");
        KeyPool keys = health.keys("groq");
        asked.clear();

        health.forget("groq");

        assertThat(health.target("groq", "m")).isNotSameAs(target);
        assertThat(health.budget("groq")).isNotSameAs(budget);
        assertThat(health.target("lab", "m")).isSameAs(other);
        assertThat(health.keys("groq")).isSameAs(keys);
        assertThat(asked).containsOnly("groq").hasSize(2);
    }
}
