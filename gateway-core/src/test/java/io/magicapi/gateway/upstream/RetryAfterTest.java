package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryAfterTest {

    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    private static Optional<Duration> of(String... headers) {
        List<Map.Entry<String, String>> all = new ArrayList<>();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(Map.entry(headers[i], headers[i + 1]));
        }
        return RetryAfter.of(all, NOW);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @DisplayName("milliseconds, seconds and dates are understood, names in any case, and a past date means now")
    @CsvSource(
            delimiter = '|',
            value = {
                "retry-after-ms | 250 | 250",
                "Retry-After-Ms | 12.5 | 12.5",
                "retry-after | 3 | 3000",
                "Retry-After | 0 | 0",
                "retry-after | ' 2 ' | 2000",
                "retry-after | 0.5 | 500",
                "retry-after | Tue, 24 Nov 2026 12:00:30 GMT | 30000",
                "retry-after | Tue, 24 Nov 2026 11:59:00 GMT | 0",
            })
    void told(String name, String value, double millis) {
        assertThat(of(name, value)).hasValue(Duration.ofNanos((long) (millis * 1_000_000)));
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("what makes no sense is not obeyed")
    @ValueSource(strings = {"", "soon", "-1", "1e9", "99999999999", "2026-11-24T12:00:30Z", "Tue, 99 Nov 2026"})
    void nonsense(String value) {
        assertThat(of("retry-after", value)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("the reset of a limit that is used up is understood in the forms in use")
    @CsvSource({
        "1s, 1000",
        "1m2.5s, 62500",
        "400ms, 400",
        "6m0s, 360000",
        "1h1m1s1ms, 3661001",
        "2m, 120000",
        "7.66s, 7660",
        "12, 12000",
        "1M2S, 62000",
    })
    void resets(String value, long millis) {
        for (String limit : List.of("requests", "tokens")) {
            assertThat(of("x-ratelimit-remaining-" + limit, "0", "x-ratelimit-reset-" + limit, value))
                    .as(limit)
                    .hasValue(Duration.ofMillis(millis));
        }
    }

    @Test
    @DisplayName("the reset of a limit that has something left says nothing")
    void notUsedUp() {
        assertThat(of("x-ratelimit-remaining-requests", "5", "x-ratelimit-reset-requests", "9s"))
                .isEmpty();
        assertThat(of("x-ratelimit-reset-requests", "9s")).isEmpty();
        assertThat(of(
                        "x-ratelimit-remaining-requests",
                        "5",
                        "x-ratelimit-reset-requests",
                        "9s",
                        "x-ratelimit-remaining-tokens",
                        "0",
                        "x-ratelimit-reset-tokens",
                        "3s"))
                .hasValue(Duration.ofSeconds(3));
        assertThat(of("x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "soon"))
                .isEmpty();
    }

    @Test
    @DisplayName("the most precise word counts, and one that makes no sense gives way to the next")
    void order() {
        assertThat(of("retry-after", "2", "retry-after-ms", "1500")).hasValue(Duration.ofMillis(1500));
        assertThat(of("retry-after-ms", "soon", "retry-after", "2")).hasValue(Duration.ofSeconds(2));
        assertThat(of("x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "30s", "retry-after", "2"))
                .hasValue(Duration.ofSeconds(2));
        assertThat(of()).isEmpty();
    }
}
