package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.observe.Metrics.Sample;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MetricsBoundsTest {

    private static void request(Recorder recorder, String model, int status, Outcome outcome) {
        RequestRecord record = recorder.begin(() -> {}, "id", "POST", "/v1/chat/completions", name -> null);
        record.asked("chat/completions", true);
        record.metered(40, true);
        AttemptRecord attempt = record.attempt("p", Optional.of(model));
        attempt.sent();
        attempt.sent();
        attempt.answered(status);
        record.wrote(40);
        attempt.used(Optional.of(new Usage(5, 1, 0, 3, 1, 8, false)));
        record.answered(status);
        record.close(outcome);
    }

    @Test
    @DisplayName("five thousand models, all of them known, make at most a thousand series of a family")
    void fiveThousand() {
        Metrics metrics = new Metrics((provider, model) -> true);
        try (Recorder recorder = recorder(metrics)) {
            for (int i = 0; i < 5000; i++) {
                request(recorder, "model-" + i, 200, Outcome.COMPLETED);
                request(recorder, "model-" + i, 429, Outcome.COMPLETED);
                request(recorder, "model-" + i, 500, Outcome.COMPLETED);
                request(recorder, "model-" + i, 200, Outcome.FAILED);
                request(recorder, "model-" + i, 200, Outcome.ABORTED);
            }

            Map<String, Long> series = metrics.text()
                    .lines()
                    .filter(line -> line.startsWith("gateway_") && !line.contains("le=\""))
                    .collect(Collectors.groupingBy(line -> line.replaceAll("[{ ].*", ""), Collectors.counting()));
            assertThat(series.get("gateway_requests_total")).isBetween(900L, 1005L);
            assertThat(series.values()).allMatch(count -> count <= 1005);
            assertThat(metrics.text())
                    .contains("gateway_requests_total{model=\"other\",provider=\"p\",result=\"2xx\"} 4800.0");
        }
    }

    @Test
    @DisplayName("models that the gateway does not know are one, and requests that name none another")
    void unknown() {
        Metrics metrics = new Metrics((provider, model) -> model.equals("known"));
        try (Recorder recorder = recorder(metrics)) {
            request(recorder, "known", 200, Outcome.COMPLETED);
            request(recorder, "unknown", 200, Outcome.COMPLETED);
            request(recorder, "unheard-of", 200, Outcome.COMPLETED);
            recorder.begin(() -> {}, "id", "GET", "/nowhere", name -> null).close(Outcome.COMPLETED);

            assertThat(metrics.text())
                    .contains("gateway_requests_total{model=\"known\",provider=\"p\",result=\"2xx\"} 1.0")
                    .contains("gateway_requests_total{model=\"other\",provider=\"p\",result=\"2xx\"} 2.0")
                    .contains("gateway_requests_total{model=\"none\",provider=\"none\",result=\"2xx\"} 1.0")
                    .contains("gateway_tokens_total{model=\"other\",provider=\"p\",type=\"reasoning\"} 2.0");
        }
    }

    @Test
    @DisplayName("gauges and counters that others add are asked when they are read")
    void added() {
        Metrics metrics = new Metrics((provider, model) -> false);
        List<Sample> samples = new CopyOnWriteArrayList<>();
        metrics.gauge("gateway_breaker_open", "Whether a breaker is open", () -> samples);
        metrics.counter("gateway_things", "Things", () -> List.of(new Sample(7)));

        samples.add(new Sample(1, "provider", "groq", "model", "a\"b"));

        assertThat(metrics.text())
                .contains("# TYPE gateway_breaker_open gauge")
                .contains("gateway_breaker_open{model=\"a\\\"b\",provider=\"groq\"} 1.0")
                .contains("gateway_things_total 7.0");
        metrics.close();
    }

    private static Recorder recorder(Metrics metrics) {
        GatewayConfig config = GatewayConfig.defaults();
        return new Recorder(config, new Prices(() -> config), metrics, Map.of());
    }
}
