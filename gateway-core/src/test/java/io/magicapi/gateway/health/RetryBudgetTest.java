package io.magicapi.gateway.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.Percent;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {

    private final RetryBudget budget = new RetryBudget(Percent.of(20));

    private long granted(int asked) {
        return IntStream.range(0, asked).filter(i -> budget.tryRetry()).count();
    }

    @Test
    @DisplayName("a fifth of what is active may be retries")
    void share() {
        IntStream.range(0, 100).forEach(i -> budget.begin());

        assertThat(granted(1000)).isEqualTo(20);
        budget.retryOver();
        assertThat(granted(1000)).isEqualTo(1);
    }

    @Test
    @DisplayName("three retries may always be made")
    void floor() {
        assertThat(granted(1000)).isEqualTo(3);
        IntStream.range(0, 19).forEach(i -> budget.begin());
        assertThat(granted(1000)).isZero();
        budget.begin();
        assertThat(granted(1000)).isEqualTo(1);
    }

    @Test
    @DisplayName("what is over counts no longer")
    void over() {
        IntStream.range(0, 100).forEach(i -> budget.begin());
        IntStream.range(0, 70).forEach(i -> budget.end());

        assertThat(granted(1000)).isEqualTo(6);
    }

    @Test
    @DisplayName(
            "an outage is not amplified: where everything fails and is tried three times, a quarter is added, not the double")
    void outage() {
        int requests = 1000;
        IntStream.range(0, requests).forEach(i -> budget.begin());
        int sent = requests;

        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < requests; i++) {
                if (budget.tryRetry()) {
                    budget.begin();
                    sent++;
                }
            }
        }

        assertThat(sent).isBetween(requests * 120 / 100, requests * 125 / 100);
    }
}
