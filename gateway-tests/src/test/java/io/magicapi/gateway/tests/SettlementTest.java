package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.RouteTarget;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever becomes of a request, its tokens and their cost are counted once, for the target that had them. */
class SettlementTest {

    private static final String MODEL = "llama-3.1-8b-instant"; // $0.05 and $0.08 for a million tokens
    private static final String OTHER = "qwen/qwen3-32b"; // $0.29 and $0.59

    /** 75 bytes, which would be 18 tokens. */
    private static final String CHAT =
            "{\"model\":\"" + MODEL + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";

    private static final String STREAM = CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");
    private static final String ROUTED = STREAM.replace(MODEL, "smart");

    private static final String USAGE =
            "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500,\"total_tokens\":1500,"
                    + "\"prompt_tokens_details\":{\"cached_tokens\":200},\"completion_tokens_details\":{\"reasoning_tokens\":100}}";

    private static final String COMPLETION =
            "{\"id\":\"c\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                    + "\"content\":\"hi\"},\"finish_reason\":\"stop\"}]," + USAGE + "}";

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway()
            .environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY)
            .environment("GROQ_API_KEY", AnswerClient.KEY)
            .config(SettlementTest::withRoute);

    @RegisterExtension
    static final GatewayExtension asking =
            GroqJar.gateway().environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY).config(SettlementTest::askingUsage);

    @RegisterExtension
    static final GatewayExtension anthropic = AnthropicFake.gateway().environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY);

    private final LogCapture log = LogCapture.of("io.magicapi.gateway.access");
    private Scrape before = new Scrape(Map.of());

    private static GatewayConfig withRoute(GatewayConfig config) {
        ModelRoute smart = new ModelRoute(
                List.of(new RouteTarget("groq/" + MODEL, 1), new RouteTarget("groq/" + OTHER, 1)),
                ModelRoute.DEFAULT.balance(),
                ModelRoute.DEFAULT.sticky(),
                ModelRoute.DEFAULT.firstToken(),
                ModelRoute.DEFAULT.streamRecovery());
        return config.withModels(Map.of("smart", smart));
    }

    private static GatewayConfig askingUsage(GatewayConfig config) {
        Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
        providers.computeIfPresent("groq", (name, settings) -> settings.askingUsage());
        return config.withProviders(providers);
    }

    @BeforeEach
    void look() {
        before = Scrape.of(gateway);
    }

    @AfterEach
    void close() {
        log.close();
    }

    /** {@return what the requests and attempts since the test began have added, once so many requests are over} */
    private Map<String, Double> settled(GatewayExtension of, Scrape since, int requests) {
        await().atMost(Duration.ofSeconds(10)).until(() -> log.lines().size() >= requests);
        return Scrape.of(of)
                .since(
                        since,
                        "gateway_requests_total",
                        "gateway_attempts_total",
                        "gateway_tokens_total",
                        "gateway_estimated_tokens_total",
                        "gateway_cost_usd_total",
                        "gateway_unpriced_attempts_total");
    }

    private static String labels(String model) {
        return "{model=" + model + " provider=groq";
    }

    private static Map<String, Double> measured(double cost) {
        return Map.of(
                "gateway_requests_total" + labels(MODEL) + " result=2xx}",
                1.0,
                "gateway_attempts_total{provider=groq result=2xx}",
                1.0,
                "gateway_tokens_total" + labels(MODEL) + " type=input}",
                1000.0,
                "gateway_tokens_total" + labels(MODEL) + " type=cached}",
                200.0,
                "gateway_tokens_total" + labels(MODEL) + " type=output}",
                500.0,
                "gateway_tokens_total" + labels(MODEL) + " type=reasoning}",
                100.0,
                "gateway_cost_usd_total" + labels(MODEL) + "}",
                cost);
    }

    private String line() {
        await().atMost(Duration.ofSeconds(10)).until(() -> !log.lines().isEmpty());
        return log.lines().get(0);
    }

    @Test
    @DisplayName("a whole answer is settled with the usage in it, and says what it cost")
    void whole() {
        gateway.upstream().enqueue(Answer.json(200, COMPLETION));

        Reply reply = AnswerClient.ask(gateway, CHAT);

        assertThat(reply.header("x-gateway-cost-usd")).contains("0.00009");
        assertThat(settled(gateway, before, 1)).isEqualTo(measured(0.00009));
        assertThat(line())
                .contains("tokens-in=\"1000\" tokens-out=\"500\" tokens-cached=\"200\" tokens-reasoning=\"100\"")
                .contains("cost-usd=\"0.00009\"")
                .contains("overhead-ms=")
                .doesNotContain("estimated");
    }

    @Test
    @DisplayName("a whole stream is settled with the usage in it, and loses no byte of it")
    void stream() {
        List<String> events = new ArrayList<>(Streams.chat("a", "b"));
        events.add(events.size() - 1, "data: {\"choices\":[]," + USAGE + "}\n\n");
        gateway.upstream().enqueue(Answer.events(events));

        Reply reply = AnswerClient.ask(gateway, STREAM);

        assertThat(reply.text()).isEqualTo(String.join("", events));
        assertThat(reply.header("x-gateway-cost-usd")).isEmpty();
        assertThat(settled(gateway, before, 1)).isEqualTo(measured(0.00009));
        assertThat(line()).contains("cost-usd=\"0.00009\"");
    }

    @Test
    @DisplayName("a stream that tells no usage is estimated, and said to be")
    void withoutUsage() {
        gateway.upstream().enqueue(Answer.events(Streams.chat("a", "b", "c", "d")));

        AnswerClient.ask(gateway, STREAM);

        Map<String, Double> settled = settled(gateway, before, 1);
        assertThat(settled.get("gateway_tokens_total" + labels(MODEL) + " type=input}"))
                .isEqualTo(STREAM.length() / 4);
        assertThat(settled.get("gateway_tokens_total" + labels(MODEL) + " type=output}"))
                .isBetween(4.0, 8.0);
        assertThat(settled.get("gateway_estimated_tokens_total" + labels(MODEL) + " type=output}"))
                .isEqualTo(settled.get("gateway_tokens_total" + labels(MODEL) + " type=output}"));
        assertThat(line()).contains("tokens-estimated=\"true\"").contains("outcome=\"completed\"");
    }

    @Test
    @DisplayName("a client that leaves has used what came until then")
    void aborted() {
        gateway.upstream()
                .enqueue(Answer.openEvents(Streams.chat("a", "b", "c").subList(0, 3))
                        .stall());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(STREAM);
            gateway.upstream().awaitRequest();
            await().atMost(Duration.ofSeconds(10)).until(() -> client.readSome().contains("\"b\""));
        }

        Map<String, Double> settled = settled(gateway, before, 1);
        assertThat(settled)
                .containsEntry("gateway_requests_total" + labels(MODEL) + " result=aborted}", 1.0)
                .containsEntry("gateway_attempts_total{provider=groq result=aborted}", 1.0)
                .containsKey("gateway_cost_usd_total" + labels(MODEL) + "}");
        assertThat(settled.get("gateway_estimated_tokens_total" + labels(MODEL) + " type=output}"))
                .isBetween(2.0, 6.0);
        assertThat(line()).contains("outcome=\"aborted\"").contains("tokens-estimated=\"true\"");
    }

    @Test
    @DisplayName("usage that came before the client left is measured")
    void abortedAfterUsage() {
        List<String> events = List.of(Streams.word("a"), "data: {\"choices\":[]," + USAGE + "}\n\n");
        gateway.upstream().enqueue(Answer.openEvents(events).stall());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(STREAM);
            await().atMost(Duration.ofSeconds(10)).until(() -> client.readSome().contains("usage"));
        }

        assertThat(settled(gateway, before, 1))
                .containsEntry("gateway_tokens_total" + labels(MODEL) + " type=output}", 500.0)
                .containsEntry("gateway_cost_usd_total" + labels(MODEL) + "}", 0.00009)
                .doesNotContainKey("gateway_estimated_tokens_total" + labels(MODEL) + " type=output}");
    }

    @Test
    @DisplayName("a stream that its upstream cuts is estimated, and counted as failed")
    void cut() {
        gateway.upstream()
                .enqueue(Answer.openEvents(Streams.chat("a", "b").subList(0, 2)).reset());

        Reply reply = AnswerClient.ask(gateway, STREAM);

        assertThat(reply.whole()).isFalse();
        assertThat(settled(gateway, before, 1))
                .containsEntry("gateway_requests_total" + labels(MODEL) + " result=failed}", 1.0)
                .containsEntry("gateway_attempts_total{provider=groq result=upstream_cut}", 1.0)
                .containsKey("gateway_estimated_tokens_total" + labels(MODEL) + " type=input}");
        assertThat(line()).contains("outcome=\"failed\"").contains("code=\"upstream_cut\"");
    }

    @Test
    @DisplayName("an error costs nothing")
    void error() {
        gateway.upstream()
                .enqueue(Answer.json(400, "{\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\"}}"));

        AnswerClient.ask(gateway, CHAT);

        assertThat(settled(gateway, before, 1))
                .isEqualTo(Map.of(
                        "gateway_requests_total" + labels(MODEL) + " result=4xx}",
                        1.0,
                        "gateway_attempts_total{provider=groq result=4xx}",
                        1.0));
    }

    @Test
    @DisplayName("an upstream that closes without an answer costs nothing")
    void noAnswer() {
        gateway.upstream().enqueue(Answer.nothing().close(), Answer.nothing().close());

        Reply reply = AnswerClient.ask(gateway, CHAT);

        assertThat(reply.status()).isEqualTo(502);
        assertThat(settled(gateway, before, 1))
                .isEqualTo(Map.of(
                        "gateway_requests_total" + labels(MODEL) + " result=5xx}",
                        1.0,
                        "gateway_attempts_total{provider=groq result=upstream_cut}",
                        1.0));
    }

    @Test
    @DisplayName("each attempt of a route is settled for its own target, and the access line names them")
    void rescued() {
        gateway.upstream()
                .enqueue(
                        Answer.openEvents(List.of(
                                        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n"))
                                .reset(),
                        Answer.openEvents(List.of(
                                        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n"))
                                .reset(),
                        Streams.withUsage(1000, 100));

        Reply reply;
        try (AnswerClient client = new AnswerClient(gateway)) {
            reply = client.withoutKeyOrProvider(ROUTED).read();
        }

        assertThat(reply.header("x-gateway-attempts")).contains("3");
        Map<String, Double> settled = settled(gateway, before, 1);
        assertThat(settled)
                .containsEntry("gateway_requests_total" + labels(OTHER) + " result=2xx}", 1.0)
                .containsEntry("gateway_attempts_total{provider=groq result=2xx}", 1.0)
                .containsEntry("gateway_attempts_total{provider=groq result=upstream_cut}", 2.0)
                .containsEntry("gateway_tokens_total" + labels(OTHER) + " type=input}", 1000.0)
                .containsEntry("gateway_tokens_total" + labels(OTHER) + " type=output}", 100.0)
                .containsEntry("gateway_cost_usd_total" + labels(OTHER) + "}", 0.000349)
                .containsKey("gateway_estimated_tokens_total" + labels(MODEL) + " type=input}");
        assertThat(line())
                .contains("route=\"smart\"")
                .contains("attempts=\"3\"")
                .contains("{provider=groq, model=" + MODEL + ", status=200, outcome=failed, code=upstream_cut, ms=")
                .contains("{provider=groq, model=" + OTHER + ", status=200, outcome=completed, ms=");
    }

    @Test
    @DisplayName("a model without a price is counted, and hinders nothing")
    void unpriced() {
        gateway.upstream().enqueue(Answer.json(200, COMPLETION));

        Reply reply = AnswerClient.ask(gateway, CHAT.replace(MODEL, "nobody-knows-this"));

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("x-gateway-cost-usd")).isEmpty();
        assertThat(settled(gateway, before, 1))
                .containsEntry("gateway_unpriced_attempts_total" + labels("other") + "}", 1.0)
                .containsEntry("gateway_tokens_total" + labels("other") + " type=input}", 1000.0);
        assertThat(line()).contains("tokens-in=\"1000\"").doesNotContain("cost-usd");
    }

    @Test
    @DisplayName("the usage in a stream of the Responses API is read in passing")
    void responses() {
        String stream =
                "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n"
                        + "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":"
                        + "{\"input_tokens\":1000,\"input_tokens_details\":{\"cached_tokens\":200},\"output_tokens\":500,"
                        + "\"output_tokens_details\":{\"reasoning_tokens\":100},\"total_tokens\":1500}}}\n\n";
        gateway.upstream().enqueue(Answer.events(stream));

        Reply reply;
        try (AnswerClient client = new AnswerClient(gateway)) {
            reply = client.request(
                            "POST",
                            "/v1/responses",
                            "groq",
                            "{\"model\":\"" + MODEL + "\",\"stream\":true,\"input\":\"hi\"}")
                    .read();
        }

        assertThat(reply.text()).isEqualTo(stream);
        assertThat(settled(gateway, before, 1)).isEqualTo(measured(0.00009));
    }

    @Test
    @DisplayName("what a provider translated is settled, and says what it cost")
    void translated() {
        Scrape since = Scrape.of(anthropic);
        String chat = "{\"model\":\"claude-haiku-4-5\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
        anthropic.upstream().answerWith(AnthropicFake.answer());

        Reply reply = AnswerClient.ask(anthropic, "anthropic", chat, new String[0]);
        Reply stream = AnswerClient.ask(
                anthropic, "anthropic", chat.replace("{\"model\"", "{\"stream\":true,\"model\""), new String[0]);

        assertThat(reply.header("x-gateway-cost-usd")).isPresent();
        assertThat(stream.text()).doesNotContain("prompt_tokens");
        long in = reply.json().path("usage").path("prompt_tokens").asLong();
        assertThat(in).isPositive();
        Map<String, Double> settled = settled(anthropic, since, 2);
        assertThat(settled)
                .containsEntry("gateway_requests_total{model=claude-haiku-4-5 provider=anthropic result=2xx}", 2.0)
                .containsEntry("gateway_tokens_total{model=claude-haiku-4-5 provider=anthropic type=input}", 2.0 * in)
                .containsKey("gateway_cost_usd_total{model=claude-haiku-4-5 provider=anthropic}")
                .doesNotContainKey(
                        "gateway_estimated_tokens_total{model=claude-haiku-4-5 provider=anthropic type=input}");
    }

    @Test
    @DisplayName("a provider that is to be asked for usage is, and the client gets the stream that it asked for")
    void asksUsage() {
        Scrape since = Scrape.of(asking);
        List<String> events = Streams.chat("a", "b");
        List<String> more = new ArrayList<>(events);
        more.add(more.size() - 1, "data: {\"choices\":[]," + USAGE + "}\n\n");
        asking.upstream().answerWith(Answer.events(more));

        Reply reply = AnswerClient.ask(asking, STREAM);
        Reply asked = AnswerClient.ask(
                asking, STREAM.replace("{\"stream\"", "{\"stream_options\":{\"include_usage\":true},\"stream\""));

        assertThat(reply.text()).isEqualTo(String.join("", events));
        assertThat(asked.text()).isEqualTo(String.join("", more));
        assertThat(asking.upstream().requests())
                .allSatisfy(request -> assertThat(request.json()
                                .at("/stream_options/include_usage")
                                .asBoolean())
                        .isTrue());
        assertThat(asking.upstream().requests().get(0).text())
                .isEqualTo(STREAM.replace("{\"stream\"", "{\"stream_options\":{\"include_usage\":true},\"stream\""));
        assertThat(settled(asking, since, 2))
                .containsEntry("gateway_tokens_total" + labels(MODEL) + " type=output}", 1000.0)
                .doesNotContainKey("gateway_estimated_tokens_total" + labels(MODEL) + " type=output}");
    }
}
