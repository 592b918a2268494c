package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.config.GatewayConfig.MetricsSettings;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AdminCalls.Told;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What Prometheus reads at the admin listener. */
class MetricsTest {

    private static final String MODEL = "llama-3.3-70b-versatile";
    private static final String CHAT = AnswerClient.CHAT.replace("\"m\"", '"' + MODEL + '"');
    private static final String STREAM = AnswerClient.STREAM.replace("\"m\"", '"' + MODEL + '"');
    private static final String LABELS = "model=" + MODEL + " provider=groq}";

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway().environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY);

    @RegisterExtension
    static final GatewayExtension open = metrics(true, true);

    @RegisterExtension
    static final GatewayExtension off = metrics(false, true);

    private static GatewayExtension metrics(boolean shown, boolean toAll) {
        return GroqJar.gateway()
                .environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY)
                .config(config -> config.withObservability(config.observability()
                        .withMetrics(new MetricsSettings(shown, toAll, Optional.empty(), Duration.ofMinutes(1)))));
    }

    private static Told without(GatewayExtension gateway, String method, String... headers) {
        return AdminCalls.of(gateway).send(method, "/metrics", BodyPublishers.noBody(), headers);
    }

    @Test
    @DisplayName("they are for who has the key of the admin API, unless they are open, and not there if they are off")
    void access() {
        assertThat(without(gateway, "GET").status()).isEqualTo(401);
        assertThat(without(gateway, "GET", "authorization", "Bearer wrong").status())
                .isEqualTo(401);
        Told told = AdminCalls.of(gateway).get("/metrics");
        assertThat(told.status()).isEqualTo(200);
        assertThat(told.response().headers().firstValue("content-type"))
                .contains("text/plain; version=0.0.4; charset=utf-8");

        assertThat(without(open, "GET").status()).isEqualTo(200);
        assertThat(without(open, "HEAD").status()).isEqualTo(200);
        assertThat(without(open, "POST").status()).isEqualTo(405);
        assertThat(AdminCalls.of(open)
                        .send("GET", "/admin/plugins", BodyPublishers.noBody())
                        .status())
                .isEqualTo(401);

        assertThat(AdminCalls.of(off).get("/metrics").status()).isEqualTo(404);
    }

    @Test
    @DisplayName("a request's time, its part that is ours, and its time to the first token are told")
    void times() {
        gateway.upstream()
                .answerWith(Answer.events(Duration.ofMillis(60), Streams.chat("a", "b"))); // 240 ms, 60 before "a"
        Scrape before = Scrape.of(gateway);

        AnswerClient.ask(gateway, STREAM);

        Map<String, Double> since = Scrape.of(gateway)
                .since(
                        before,
                        "gateway_request_duration_seconds_count",
                        "gateway_request_duration_seconds_sum",
                        "gateway_time_to_first_token_seconds_count",
                        "gateway_overhead_seconds_count",
                        "gateway_overhead_seconds_sum");
        assertThat(since)
                .containsEntry("gateway_request_duration_seconds_count{" + LABELS, 1.0)
                .containsEntry("gateway_time_to_first_token_seconds_count{" + LABELS, 1.0)
                .containsEntry("gateway_overhead_seconds_count{provider=groq}", 1.0);
        assertThat(since.get("gateway_request_duration_seconds_sum{" + LABELS)).isGreaterThan(0.2);
        assertThat(since.get("gateway_overhead_seconds_sum{provider=groq}")).isLessThan(0.1);
    }

    @Test
    @DisplayName("an upstream that is slow, before its head, within its body or before its first word, is no overhead")
    void overhead() {
        String body = "{\"id\":\"c\",\"choices\":[]}";
        Headers json = Headers.of("content-type", "application/json");
        gateway.upstream()
                .enqueue(
                        Answer.nothing().pause(Duration.ofMillis(300)).then(Answer.json(200, body)),
                        Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                                        + body.length() + "\r\n\r\n")
                                .pause(Duration.ofMillis(300))
                                .send(body),
                        Answer.chunks(
                                200,
                                json,
                                List.of(
                                        body.substring(0, 5).getBytes(StandardCharsets.US_ASCII),
                                        body.substring(5).getBytes(StandardCharsets.US_ASCII)),
                                Duration.ofMillis(300)));
        Scrape before = Scrape.of(gateway);

        for (int i = 0; i < 3; i++) {
            assertThat(AnswerClient.ask(gateway, CHAT).status()).isEqualTo(200);
        }

        Scrape after = Scrape.of(gateway);
        assertThat(after.since(before, "gateway_request_duration_seconds_sum").values())
                .singleElement()
                .satisfies(seconds -> assertThat(seconds).isGreaterThan(0.85));
        assertThat(after.since(before, "gateway_overhead_seconds_sum").values())
                .singleElement()
                .satisfies(seconds -> assertThat(seconds).isLessThan(0.25));
    }

    @Test
    @DisplayName("a client that is slow to send its body is no overhead")
    void slowClient() throws InterruptedException {
        gateway.upstream().answerWith(Answer.json(200, "{}"));
        Scrape before = Scrape.of(gateway);

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nx-provider: groq\r\nauthorization: Bearer "
                            + AnswerClient.KEY + "\r\n"
                            + "content-type: application/json\r\ncontent-length: " + CHAT.length() + "\r\n\r\n"
                            + CHAT.substring(0, 10));
            Thread.sleep(300);
            assertThat(client.send(CHAT.substring(10)).read().status()).isEqualTo(200);
        }

        assertThat(Scrape.of(gateway)
                        .since(before, "gateway_overhead_seconds_sum")
                        .values())
                .singleElement()
                .satisfies(seconds -> assertThat(seconds).isLessThan(0.2));
    }

    @Test
    @DisplayName("models that clients make up share one label")
    void madeUp() {
        gateway.upstream().answerWith(Answer.json(200, "{}"));
        int before = Scrape.of(gateway).series().size();

        try (AnswerClient client = new AnswerClient(gateway)) {
            for (int i = 0; i < 300; i++) {
                client.chat(AnswerClient.CHAT.replace("\"m\"", "\"made-up-" + i + "\""))
                        .read();
            }
        }

        Scrape after = Scrape.of(gateway);
        assertThat(after.series().keySet()).noneMatch(name -> name.contains("made-up"));
        assertThat(after.value("gateway_requests_total{model=other provider=groq result=2xx}"))
                .isGreaterThanOrEqualTo(300);
        assertThat(after.series().size() - before).isLessThan(60);
    }

    @Test
    @DisplayName(
            "the state of the gateway is told: who it is, its connections, providers, plugins, event loops and JVM")
    void state() {
        gateway.upstream().answerWith(Answer.json(200, "{}"));
        AnswerClient.ask(gateway, CHAT);

        Scrape scrape = Scrape.of(gateway);

        assertThat(scrape.series().keySet()).anyMatch(name -> name.startsWith("gateway_info{java="));
        assertThat(scrape.value("gateway_provider_limit{provider=groq}")).isEqualTo(20_000);
        assertThat(scrape.series())
                .containsEntry("gateway_provider_in_flight{provider=groq}", 0.0)
                .containsEntry("gateway_provider_waiting{provider=groq}", 0.0)
                .containsEntry("gateway_requests_in_flight", 0.0)
                .containsEntry("gateway_plugin_class_loaders{state=leaked}", 0.0)
                .containsEntry("gateway_log_lines_dropped_total", 0.0)
                .containsKeys("gateway_connections", "gateway_event_loop_lag_seconds{loop=0}");
        assertThat(scrape.series().keySet())
                .anyMatch(name -> name.startsWith("gateway_plugin_generations{plugin=groq state=ready version="))
                .anyMatch(name -> name.startsWith("jvm_memory_used_bytes"))
                .anyMatch(name -> name.startsWith("jvm_gc_"))
                .anyMatch(name -> name.startsWith("process_cpu_usage"));
    }
}
