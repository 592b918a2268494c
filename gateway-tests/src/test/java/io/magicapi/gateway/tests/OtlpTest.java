package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpServer;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.AdminKeySource;
import io.magicapi.gateway.config.GatewayConfig.GenAiNames;
import io.magicapi.gateway.config.GatewayConfig.MetricsSettings;
import io.magicapi.gateway.config.GatewayConfig.Observability;
import io.magicapi.gateway.config.GatewayConfig.TracingSettings;
import io.magicapi.gateway.config.Percent;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is exported by OTLP, as a collector sees it, and what upstreams see of a trace. */
class OtlpTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String CALLER = "b7ad6b7169203331";
    private static final String TRACEPARENT = "traceparent: 00-" + TRACE + "-" + CALLER + "-01";
    private static final String NOT_SAMPLED = "traceparent: 00-" + TRACE + "-" + CALLER + "-00";
    private static final String MODEL = "llama-3.1-8b-instant";
    private static final String CHAT = AnswerClient.CHAT.replace("\"m\"", '"' + MODEL + '"');
    private static final String STREAM = AnswerClient.STREAM.replace("\"m\"", '"' + MODEL + '"');
    private static final String COMPLETION =
            "{\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500,\"total_tokens\":1500}}";

    private static final List<Span> spans = new CopyOnWriteArrayList<>();
    private static final List<Metric> metrics = new CopyOnWriteArrayList<>();
    private static final List<String> keys = new CopyOnWriteArrayList<>();
    private static final HttpServer collector = collect();

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway()
            .environment("OTLP_HEADERS", "x-otlp-key=otlp%20canary")
            .config(config -> exporting(
                    config, "http://127.0.0.1:" + collector.getAddress().getPort(), 100));

    @RegisterExtension
    static final GatewayExtension silent = GroqJar.gateway();

    @RegisterExtension
    static final GatewayExtension nobodyListens =
            GroqJar.gateway().config(config -> exporting(config, "http://127.0.0.1:1", 100));

    private static GatewayConfig exporting(GatewayConfig config, String url, int percent) {
        return config.withObservability(new Observability(
                new MetricsSettings(true, false, Optional.of(url), Duration.ofMillis(200)),
                new TracingSettings(Optional.of(url), Percent.of(percent)),
                GenAiNames.V1_37,
                new AdminKeySource(Optional.of("OTLP_HEADERS"), Optional.empty())));
    }

    private static HttpServer collect() {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                String coding = exchange.getRequestHeaders().getFirst("content-encoding");
                keys.add(String.valueOf(exchange.getRequestHeaders().getFirst("x-otlp-key")));
                try (InputStream raw = exchange.getRequestBody();
                        InputStream body = "gzip".equals(coding) ? new GZIPInputStream(raw) : raw) {
                    if (exchange.getRequestURI().getPath().equals("/v1/traces")) {
                        ExportTraceServiceRequest.parseFrom(body).getResourceSpansList().stream()
                                .flatMap(resource -> resource.getScopeSpansList().stream())
                                .forEach(scope -> spans.addAll(scope.getSpansList()));
                    } else {
                        ExportMetricsServiceRequest.parseFrom(body).getResourceMetricsList().stream()
                                .flatMap(resource -> resource.getScopeMetricsList().stream())
                                .forEach(scope -> metrics.addAll(scope.getMetricsList()));
                    }
                }
                exchange.sendResponseHeaders(200, -1);
                exchange.close();
            });
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeEach
    void forget() {
        spans.clear();
        metrics.clear();
    }

    @AfterAll
    static void stop() {
        collector.stop(0);
    }

    private static String hex(ByteString id) {
        return HexFormat.of().formatHex(id.toByteArray());
    }

    private static Map<String, String> attributes(List<KeyValue> attributes) {
        Map<String, String> texts = new TreeMap<>();
        attributes.forEach(each -> texts.put(
                each.getKey(),
                each.getValue().hasStringValue()
                        ? each.getValue().getStringValue()
                        : each.getValue().hasIntValue()
                                ? Long.toString(each.getValue().getIntValue())
                                : Double.toString(each.getValue().getDoubleValue())));
        return texts;
    }

    private static List<Span> awaitSpans(int count) {
        await().atMost(Duration.ofSeconds(20)).until(() -> spans.size() >= count);
        return List.copyOf(spans);
    }

    private static Span find(List<Span> all, Span.SpanKind kind) {
        return all.stream().filter(span -> span.getKind() == kind).findFirst().orElseThrow();
    }

    @Test
    @DisplayName(
            "a request goes on with its caller's trace: its span is below the caller's, and the attempt's below it")
    void spans() {
        gateway.upstream().enqueue(Answer.json(200, COMPLETION));

        try (LogCapture log = LogCapture.of("io.magicapi.gateway.access")) {
            AnswerClient.ask(gateway, CHAT, TRACEPARENT, "tracestate: acme=1");
            assertThat(log.lines()).singleElement().asString().contains("trace=\"" + TRACE + "\"");
        }

        List<Span> all = awaitSpans(2);
        Span request = find(all, Span.SpanKind.SPAN_KIND_SERVER);
        Span attempt = find(all, Span.SpanKind.SPAN_KIND_CLIENT);
        assertThat(hex(request.getTraceId())).isEqualTo(TRACE).isEqualTo(hex(attempt.getTraceId()));
        assertThat(hex(request.getParentSpanId())).isEqualTo(CALLER);
        assertThat(attempt.getParentSpanId()).isEqualTo(request.getSpanId());
        assertThat(request.getName()).isEqualTo("POST /v1/chat/completions");
        assertThat(attempt.getName()).isEqualTo("chat " + MODEL);
        assertThat(attributes(attempt.getAttributesList()))
                .containsEntry("gen_ai.operation.name", "chat")
                .containsEntry("gen_ai.provider.name", "groq")
                .containsEntry("gen_ai.request.model", MODEL)
                .containsEntry("gen_ai.usage.input_tokens", "1000")
                .containsEntry("gen_ai.usage.output_tokens", "500")
                .containsEntry("gateway.cost.usd", "9.0E-5")
                .containsEntry("http.response.status_code", "200");
        assertThat(attributes(request.getAttributesList()))
                .containsEntry("url.path", "/v1/chat/completions")
                .containsEntry("gateway.attempts", "1")
                .containsKeys("gateway.overhead.ms", "gateway.request.id");
        assertThat(all.toString()).doesNotContain(AnswerClient.KEY).doesNotContain("hi\"");

        ReceivedRequest received = gateway.upstream().requests().get(0);
        assertThat(received.headers("traceparent"))
                .containsExactly("00-" + TRACE + "-" + hex(attempt.getSpanId()) + "-01");
        assertThat(received.headers("tracestate")).containsExactly("acme=1");
        assertThat(keys).contains("otlp canary").doesNotContain("null");
    }

    @Test
    @DisplayName("an attempt that fails is told so in its span")
    void failure() {
        gateway.upstream().enqueue(Answer.json(503, "{\"error\":{\"message\":\"busy\"}}"));

        AnswerClient.ask(gateway, CHAT);

        Span attempt = find(awaitSpans(2), Span.SpanKind.SPAN_KIND_CLIENT);
        assertThat(attempt.getStatus().getCode().name()).isEqualTo("STATUS_CODE_ERROR");
        assertThat(attributes(attempt.getAttributesList())).containsEntry("error.type", "503");
    }

    @Test
    @DisplayName("a caller that does not record has nothing recorded, and its trace goes on all the same")
    void notSampled() {
        gateway.upstream().answerWith(Answer.json(200, COMPLETION));

        AnswerClient.ask(gateway, CHAT, NOT_SAMPLED);
        AnswerClient.ask(gateway, CHAT);

        assertThat(awaitSpans(2)).noneMatch(span -> hex(span.getTraceId()).equals(TRACE));
        assertThat(gateway.upstream().requests().get(0).header("traceparent"))
                .hasValueSatisfying(value ->
                        assertThat(value).startsWith("00-" + TRACE + "-").endsWith("-00"));
    }

    @Test
    @DisplayName("a malformed traceparent begins a trace of its own")
    void malformed() {
        gateway.upstream().answerWith(Answer.json(200, COMPLETION));

        AnswerClient.ask(gateway, CHAT, "traceparent: 00-zzz-1-1");

        Span request = find(awaitSpans(2), Span.SpanKind.SPAN_KIND_SERVER);
        assertThat(request.getParentSpanId().isEmpty()).isTrue();
        assertThat(gateway.upstream().requests().get(0).headers("traceparent"))
                .singleElement()
                .asString()
                .startsWith("00-" + hex(request.getTraceId()));
    }

    @Test
    @DisplayName("the metrics of generative AI are exported under OpenTelemetry's names")
    void metrics() {
        gateway.upstream().enqueue(Answer.json(200, COMPLETION), Streams.withUsage(7, 9));

        AnswerClient.ask(gateway, CHAT);
        AnswerClient.ask(gateway, STREAM);

        await().atMost(Duration.ofSeconds(20))
                .until(() -> named("gen_ai.server.time_to_first_token") && named("gen_ai.client.token.usage"));
        Metric usage = metrics.stream()
                .filter(metric -> metric.getName().equals("gen_ai.client.token.usage"))
                .reduce((first, second) -> second)
                .orElseThrow();
        assertThat(usage.getUnit()).isEqualTo("{token}");
        assertThat(usage.getHistogram().getDataPointsList())
                .extracting(HistogramDataPoint::getAttributesList)
                .extracting(OtlpTest::attributes)
                .contains(
                        Map.of(
                                "gen_ai.operation.name", "chat",
                                "gen_ai.provider.name", "groq",
                                "gen_ai.request.model", MODEL,
                                "gen_ai.token.type", "input"),
                        Map.of(
                                "gen_ai.operation.name", "chat",
                                "gen_ai.provider.name", "groq",
                                "gen_ai.request.model", MODEL,
                                "gen_ai.token.type", "output"));
        assertThat(named("gen_ai.client.operation.duration")).isTrue();
        awaitSpans(4); // or they would come into another test
    }

    private static boolean named(String name) {
        return metrics.stream().anyMatch(metric -> metric.getName().equals(name));
    }

    @Test
    @DisplayName("without tracing a traceparent passes as the client sent it, and none is made up")
    void off() {
        silent.upstream().answerWith(Answer.json(200, COMPLETION));

        AnswerClient.ask(silent, CHAT, TRACEPARENT);
        AnswerClient.ask(silent, CHAT);

        assertThat(silent.upstream().requests().get(0).headers("traceparent"))
                .containsExactly("00-" + TRACE + "-" + CALLER + "-01");
        assertThat(silent.upstream().requests().get(1).headers("traceparent")).isEmpty();
    }

    @Test
    @DisplayName("a collector that is not there hinders no request")
    void noCollector() {
        nobodyListens.upstream().answerWith(Answer.json(200, COMPLETION));

        for (int i = 0; i < 50; i++) {
            assertThat(AnswerClient.ask(nobodyListens, CHAT).status()).isEqualTo(200);
        }
    }
}
