package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.Retries;
import io.magicapi.gateway.config.GatewayConfig.StreamRecovery;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Routes whose streams break off after some words, and what {@code stream-recovery} makes of that. The client gets the
 * text whole or up to a visible error, and never a letter twice or another one.
 */
class StreamRecoveryTest {

    private static final String[] WORDS = {"Grüße", ", \"you\"!\n", " नमस्ते", " 你好", " 👋🏽", " – the", " end."};
    private static final String WHOLE = String.join("", WORDS);
    private static final Duration MOMENT = Duration.ofMillis(30);
    private static final String ERROR = "data: {\"error\":{\"message\":\"it broke\"}}\n\n";
    private static final JsonMapper JSON = new JsonMapper();

    private static final String COMPLETION =
            "{\"id\":\"x\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":"
                    + "{\"role\":\"assistant\",\"content\":" + JSON.valueToTree(WHOLE)
                    + "},\"finish_reason\":\"stop\"}]}";

    @RegisterExtension
    static final GatewayExtension gateway = new GatewayExtension()
            .provider(new Peer("first"), "/first")
            .provider(new Peer("second"), "/second")
            .provider(new Peer("third"), "/third")
            .provider(new Peer("prefilling", true), "/prefilling")
            .plugin(AnthropicFake.JAR)
            .provider("anthropic", "/anthropic")
            .environment("ANTHROPIC_API_KEY", "sk-ant-canary")
            .deadlines(new Deadlines(Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofMillis(400)))
            .deadlines("third", new Deadlines(Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofSeconds(10)))
            .config(StreamRecoveryTest::routes);

    private static GatewayConfig routes(GatewayConfig config) {
        Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
        providers.replaceAll((name, settings) ->
                settings.withRetries(Retries.DEFAULT.withAttempts(1)).withBreaker(Peer.NO_BREAKER));
        return config.withProviders(providers)
                .withModels(Map.of(
                        "none", ModelRoute.to("first/m", "second/m"),
                        "hold", ModelRoute.to("first/m", "second/m").withRecovery(StreamRecovery.HOLD),
                        "hold-slow", ModelRoute.to("third/m", "second/m").withRecovery(StreamRecovery.HOLD),
                        "continue", ModelRoute.to("first/m", "second/m").withRecovery(StreamRecovery.CONTINUE),
                        "three", ModelRoute.to("first/m", "second/m", "third/m").withRecovery(StreamRecovery.CONTINUE),
                        "prefill", ModelRoute.to("first/m", "prefilling/m").withRecovery(StreamRecovery.CONTINUE),
                        "claude",
                                ModelRoute.to("first/m", "anthropic/claude-haiku-4-5")
                                        .withRecovery(StreamRecovery.CONTINUE),
                        "from-claude",
                                ModelRoute.to("anthropic/claude-haiku-4-5", "second/m")
                                        .withRecovery(StreamRecovery.CONTINUE),
                        "held-claude",
                                ModelRoute.to("anthropic/claude-haiku-4-5", "second/m")
                                        .withRecovery(StreamRecovery.HOLD)));
    }

    private static String request(String model) {
        return "{\"model\":\"" + model + "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    }

    private static AnswerClient send(AnswerClient client, String model) {
        String body = request(model);
        return client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
                + "content-length: " + body.length() + "\r\n\r\n" + body);
    }

    private static Reply ask(String model, Answer... answers) {
        gateway.upstream().enqueue(answers);
        try (AnswerClient client = new AnswerClient(gateway)) {
            return send(client, model).read();
        }
    }

    /** {@return the events of the first words of the text, of the role only if there are none} */
    private static List<String> begun(int words) {
        return Streams.chat(WORDS).subList(0, 1 + words);
    }

    private static Answer whole() {
        return Answer.events(other(Streams.chat(WORDS)));
    }

    /** {@return the same events as another answer} */
    private static List<String> other(List<String> events) {
        return events.stream()
                .map(event -> event.replace("chatcmpl-fake", "chatcmpl-other"))
                .toList();
    }

    private static Answer closed(int words) {
        return Answer.openEvents(begun(words)).pause(MOMENT).close();
    }

    private static Answer stalled(int words) {
        return Answer.openEvents(begun(words)).stall();
    }

    private static Answer error(int words) {
        return Answer.events(with(begun(words), ERROR));
    }

    /** {@return the same, the last word and the error in one piece} */
    private static Answer errorAtOnce(int words) {
        return Answer.events(with(begun(words - 1), Streams.word(WORDS[words - 1]) + ERROR));
    }

    /** The ways in which a stream ends that is not whole, after some of its words. */
    private static Stream<Arguments> breaks() {
        List<String> events = begun(3);
        return Stream.of(
                Arguments.of("closed", closed(3)),
                Arguments.of("stalled", stalled(3)),
                Arguments.of("error", error(3)),
                Arguments.of("error in one piece with a word", errorAtOnce(3)),
                Arguments.of("reset", Answer.openEvents(events).pause(MOMENT).reset()),
                Arguments.of("ended", Answer.events(events)),
                Arguments.of(
                        "within an event",
                        Answer.openEvents(with(events, "data: {\"id\":\"chatc"))
                                .pause(MOMENT)
                                .close()));
    }

    private static List<String> with(List<String> events, String... more) {
        List<String> all = new ArrayList<>(events);
        all.addAll(Arrays.asList(more));
        return all;
    }

    private static List<JsonNode> chunks(Reply reply) {
        return reply.text()
                .lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> {
                    try {
                        return JSON.readTree(line.substring(6));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .toList();
    }

    /** {@return the text as clients put it together} */
    private static String text(Reply reply) {
        StringBuilder text = new StringBuilder();
        chunks(reply)
                .forEach(chunk ->
                        text.append(chunk.at("/choices/0/delta/content").asText("")));
        return text.toString();
    }

    /** The client cannot tell this answer from one that did not break off. */
    private static void assertWhole(Reply reply) {
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(reply.whole()).as("%s", reply).isTrue();
        assertThat(reply.text())
                .doesNotContain("error")
                .endsWith("data: [DONE]\n\n")
                .containsOnlyOnce("[DONE]");
        assertThat(text(reply)).isEqualTo(WHOLE);
        assertThat(chunks(reply))
                .extracting(chunk -> chunk.path("id"))
                .containsOnly(chunks(reply).get(0).path("id"));
        assertThat(reply.text()).containsOnlyOnce("\"role\"").containsOnlyOnce("\"finish_reason\":\"stop\"");
    }

    private static void assertBroken(Reply reply, String text, String message) {
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.whole()).as("%s", reply).isFalse();
        assertThat(reply.text()).doesNotContain("[DONE]").containsOnlyOnce("event: error\ndata: {");
        assertThat(text(reply)).isEqualTo(text);
        List<JsonNode> chunks = chunks(reply);
        assertThat(chunks.get(chunks.size() - 1).at("/error/message").asText()).contains(message);
    }

    private static String words(int count) {
        return String.join("", Arrays.asList(WORDS).subList(0, count));
    }

    private static List<String> asked() {
        return gateway.upstream().requests().stream()
                .map(request -> request.target().split("/")[1])
                .toList();
    }

    private static JsonNode messages(int request) {
        return gateway.upstream().requests().get(request).json().path("messages");
    }

    // none

    @ParameterizedTest(name = "{0}")
    @MethodSource("breaks")
    @DisplayName("unless the route says otherwise, the client is told, and nobody else is asked")
    void none(String way, Answer broken) {
        Reply reply = ask("none", broken);

        assertBroken(reply, words(3), "");
        assertThat(asked()).containsExactly("first");
    }

    // hold

    @ParameterizedTest(name = "{0}")
    @MethodSource("breaks")
    @DisplayName("hold: a stream that breaks off is dropped, and the next target's is delivered")
    void hold(String way, Answer broken) {
        Reply reply = ask("hold", broken, whole());

        assertWhole(reply);
        assertThat(reply.header("x-gateway-provider")).hasValue("second");
        assertThat(reply.header("x-gateway-attempts")).hasValue("2");
        assertThat(chunks(reply).get(0).path("id").asText()).isEqualTo("chatcmpl-other");
    }

    @Test
    @DisplayName("hold: an answer that ends with a finish reason and without [DONE] is whole")
    void holdWithoutDone() {
        List<String> events = Streams.chat(WORDS);

        Reply reply = ask("hold", Answer.events(events.subList(0, events.size() - 1)));

        assertThat(reply.whole()).isTrue();
        assertThat(text(reply)).isEqualTo(WHOLE);
        assertThat(asked()).containsExactly("first");
    }

    @Test
    @DisplayName(
            "hold: if nobody's stream is whole, the client gets an ordinary error, which its SDK knows how to retry")
    void holdNobody() {
        Reply reply = ask("hold", closed(2), stalled(3));

        assertThat(reply.status()).isEqualTo(504);
        assertThat(reply.whole()).isTrue();
        assertThat(reply.header("content-type")).hasValue("application/json");
        assertThat(reply.headers("transfer-encoding")).isEmpty();
        assertThat(reply.error().path("message").asText()).contains("provider second");
    }

    @Test
    @DisplayName("hold: comments keep the client alive, and it does not see that the stream they stand for broke off")
    void holdKeepsAlive() {
        Answer slow = Answer.openEvents(begun(2)).pause(Duration.ofMillis(3400)).close();

        Reply reply = ask("hold-slow", slow, whole());

        assertWhole(reply);
        assertThat(reply.text()).startsWith(": keep-alive\n\n");
        assertThat(reply.header("content-type")).hasValue("text/event-stream");
        assertThat(asked()).containsExactly("third", "second");
    }

    /** {@return the beginning of an answer that is no stream, and takes longer than clients are left in silence} */
    private static Answer slowCompletion() {
        return Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
                .chunk(COMPLETION.substring(0, 40))
                .pause(Duration.ofMillis(3400));
    }

    @Test
    @DisplayName("hold: they also do while a target that does not stream writes its answer")
    void holdKeepsAliveWithoutStream() {
        Answer slow = slowCompletion().chunk(COMPLETION.substring(40)).lastChunk();

        Reply reply = ask("hold-slow", slow);

        assertWhole(reply);
        assertThat(reply.text()).startsWith(": keep-alive\n\n");
        assertThat(reply.header("content-type")).hasValue("text/event-stream");
        assertThat(reply.headers("x-gateway-warning"))
                .singleElement()
                .asString()
                .contains("did not stream");
    }

    @Test
    @DisplayName("hold: if that answer breaks off after comments, the next target's is delivered")
    void holdWithoutStreamBreaksOff() {
        Reply reply = ask("hold-slow", slowCompletion().close(), whole());

        assertWhole(reply);
        assertThat(reply.text()).startsWith(": keep-alive\n\n");
        assertThat(asked()).containsExactly("third", "second");
    }

    @Test
    @DisplayName("hold: an error instead of a stream is an ordinary error, or the next target's turn")
    void holdErrorDocument() {
        Answer error = Answer.json(200, "{\"error\":{\"message\":\"it broke\"}}");

        assertWhole(ask("hold", error, whole()));
        Reply reply = ask("hold", error, error);

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.header("content-type")).hasValue("application/json");
        assertThat(reply.error().path("message").asText()).isEqualTo("it broke");
        assertThat(reply.headers("x-gateway-warning")).isEmpty();
    }

    @Test
    @DisplayName(
            "hold: if nobody's stream is whole and comments have been sent, the first one's failure is told in the stream")
    void holdNobodyAfterComments() {
        Answer slow = Answer.openEvents(begun(2)).pause(Duration.ofMillis(3400)).close();

        Reply reply = ask("hold-slow", slow, Answer.json(503, "{\"error\":{\"message\":\"overloaded\"}}"));

        assertBroken(reply, "", "provider third broke off");
    }

    @Test
    @DisplayName("hold: an answer of more than eight megabytes is delivered as it comes from there on")
    void holdIsBounded() {
        List<String> events = new ArrayList<>(begun(1));
        for (int i = 0; i < 9; i++) {
            events.add(Streams.word("x".repeat(1024 * 1024)));
        }

        Reply reply = ask("hold", Answer.openEvents(events).pause(MOMENT).close());

        assertBroken(reply, WORDS[0] + "x".repeat(9 * 1024 * 1024), "provider first broke off");
        assertThat(asked()).containsExactly("first");
    }

    // continue

    @ParameterizedTest(name = "{0}")
    @MethodSource("breaks")
    @DisplayName("continue: the next target says the same once more, and the client gets the rest of it")
    void continued(String way, Answer broken) {
        Reply reply = ask("continue", broken, whole());

        assertWhole(reply);
        assertThat(asked()).containsExactly("first", "second");
        assertThat(messages(1)).isEqualTo(messages(0));
        assertThat(reply.header("x-gateway-provider")).hasValue("first");
    }

    @ParameterizedTest(name = "after {0} words")
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
    @DisplayName("continue: wherever it breaks off, and in whatever pieces the rest comes")
    void everywhere(int words) {
        byte[] again = String.join("", Streams.chat("Grüße, \"yo", "u\"!\n नम", "स्ते 你", "好 👋", "🏽 – the en", "d."))
                .getBytes(StandardCharsets.UTF_8);
        Headers type = Headers.of("content-type", "text/event-stream");

        for (int size : new int[] {1, 7, 4096}) {
            Reply reply = ask("continue", closed(words), Answer.split(200, type, again, size));

            assertWhole(reply);
        }
    }

    static Stream<Arguments> forms() {
        return Stream.of(
                Arguments.of("crlf", Streams.crlf()),
                Arguments.of("cr", Streams.cr()),
                Arguments.of("noSpace", Streams.noSpace()),
                Arguments.of("multiLineData", Streams.multiLineData()),
                Arguments.of("comments", Streams.comments()),
                Arguments.of("bom", Streams.bom()),
                Arguments.of("oneChunk", Streams.oneChunk()),
                Arguments.of("missingDone", Streams.missingDone()),
                Arguments.of("noFinalNewline", Streams.noFinalNewline()),
                Arguments.of("withGroqUsage", Streams.withGroqUsage(9, 2)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    @DisplayName("continue: whatever form the streams of the two have")
    void inAnyForm(String form, Answer again) {
        List<String> lines = Streams.chat("Hello").subList(0, 2).stream()
                .map(event -> event.replace("\n", "\r\n"))
                .toList();

        Reply reply = ask("continue", Answer.openEvents(lines).pause(MOMENT).close(), again);

        assertThat(reply.whole()).as("%s", reply).isTrue();
        assertThat(text(reply)).isEqualTo("Hello there");
        assertThat(asked()).containsExactly("first", "second");
    }

    @Test
    @DisplayName("continue: a target that does not stream is as good")
    void completion() {
        Reply reply = ask("continue", closed(2), Answer.json(200, COMPLETION));

        assertWhole(reply);
    }

    @Test
    @DisplayName("continue: if the next target says something else, the client is told why the first one broke off")
    void deviating() {
        Reply reply = ask("continue", error(3), Answer.events(Streams.chat("Grüße", ", \"you\"!", " Something else")));

        assertBroken(reply, words(3), "it broke");
        assertThat(reply.text()).doesNotContain("Something");
    }

    @Test
    @DisplayName("continue: if the next target ends earlier, the client is told why the first one broke off")
    void shorter() {
        Reply reply = ask("continue", closed(3), Answer.events(Streams.chat("Grüße")));

        assertBroken(reply, words(3), "provider first broke off");
    }

    @Test
    @DisplayName("continue: if the next target fails, too, the client is told why the first one broke off")
    void failing() {
        Reply reply = ask("continue", stalled(3), Answer.json(503, "{\"error\":{\"message\":\"overloaded\"}}"));

        assertBroken(reply, words(3), "provider first fell silent");
    }

    @Test
    @DisplayName("continue: a target that says something else is passed over for the one after it")
    void third() {
        Reply reply = ask("three", closed(3), Answer.events(Streams.chat("No.")), whole());

        assertWhole(reply);
        assertThat(asked()).containsExactly("first", "second", "third");
    }

    @Test
    @DisplayName("continue: a target that goes on and breaks off in turn is gone on with by the one after it")
    void twice() {
        Reply reply = ask("three", closed(2), errorAtOnce(5), whole());

        assertWhole(reply);
        assertThat(asked()).containsExactly("first", "second", "third");
    }

    @Test
    @DisplayName("continue: if the one that went on breaks off and nobody is left, its failure is told")
    void twiceAndNobody() {
        Reply reply = ask("continue", closed(2), errorAtOnce(5));

        assertBroken(reply, words(5), "it broke");
    }

    @Test
    @DisplayName("continue: after a tool call nobody else is asked, as it might call another")
    void toolCalls() {
        String call =
                "data: {\"id\":\"chatcmpl-fake\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,"
                        + "\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]},\"finish_reason\":null}]}\n\n";

        Reply reply = ask(
                "continue",
                Answer.openEvents(with(begun(1), call)).pause(MOMENT).close());

        assertBroken(reply, words(1), "provider first broke off");
        assertThat(asked()).containsExactly("first");
    }

    @Test
    @DisplayName("continue: when the client leaves while the next target is compared, that one is told at once")
    void clientLeaves() {
        gateway.upstream().enqueue(closed(3), Answer.openEvents(begun(1)).stall());

        try (AnswerClient client = new AnswerClient(gateway)) {
            send(client, "three").readUntil("you");
            gateway.upstream().awaitRequest();
            gateway.upstream().awaitRequest();
        }

        gateway.upstream().awaitClientClosed();
        assertThat(asked()).containsExactly("first", "second");
    }

    @Test
    @DisplayName(
            "continue: a client that reads slowly gets each letter once, and holds up who goes on like the first one")
    void slowClient() {
        String[] words = new String[4000];
        Arrays.setAll(words, i -> i + "y".repeat(4000));
        List<String> events = Streams.chat(words);
        gateway.upstream().enqueue(Answer.openEvents(events.subList(0, 240)).close(), Answer.events(other(events)));
        List<Long> standstills = new ArrayList<>();

        Reply reply;
        try (AnswerClient client = new AnswerClient(gateway, 16 * 1024)) {
            reply = send(client, "continue")
                    .slowly(100_000, () -> {
                        if (standstills.size() < 12) {
                            standstills.add(awaitStandstill());
                        }
                    })
                    .read();
        }

        assertThat(reply.whole()).isTrue();
        assertThat(text(reply)).isEqualTo(String.join("", words));
        assertThat(asked()).containsExactly("first", "second");
        assertThat(standstills.get(11)).isLessThan(gateway.upstream().bytesSent() / 2);
    }

    /** {@return how much the upstreams had sent when they could send no more} */
    private static long awaitStandstill() {
        long[] last = {-1, 0};
        await().pollInterval(Duration.ofMillis(50)).until(() -> {
            long now = gateway.upstream().bytesSent();
            last[1] = now == last[0] ? last[1] + 1 : 0;
            last[0] = now;
            return last[1] >= 3;
        });
        return last[0];
    }

    // continue, with prefill

    @Test
    @DisplayName("continue: a target that goes on with a beginning is given it, and what it says is appended")
    void prefill() {
        Reply reply = ask(
                "prefill", closed(3), Answer.events(other(Streams.chat(Arrays.copyOfRange(WORDS, 3, WORDS.length)))));

        assertWhole(reply);
        assertThat(messages(1)).hasSize(2);
        assertThat(messages(1).path(1).path("role").asText()).isEqualTo("assistant");
        assertThat(messages(1).path(1).path("content").asText()).isEqualTo(words(3));
    }

    @Test
    @DisplayName("continue: a target that refuses the beginning is asked again without")
    void prefillRefused() {
        Reply reply = ask(
                "prefill",
                closed(3),
                Answer.json(400, "{\"error\":{\"message\":\"prefill is not supported\"}}"),
                whole());

        assertWhole(reply);
        assertThat(asked()).containsExactly("first", "prefilling", "prefilling");
        assertThat(messages(1)).hasSize(2);
        assertThat(messages(2)).isEqualTo(messages(0));
    }

    @Test
    @DisplayName("continue: a target that was given the beginning and repeats it is cut to what is new")
    void prefillRepeated() {
        Reply reply = ask("prefill", closed(5), whole());

        assertWhole(reply);
        assertThat(messages(1)).hasSize(2);
    }

    @Test
    @DisplayName("continue: a target that was given the beginning and begins anew is asked again without")
    void prefillDeviating() {
        Reply reply = ask("prefill", closed(3), Answer.events(Streams.chat("Grüße", " to everybody")), whole());

        assertWhole(reply);
        assertThat(asked()).containsExactly("first", "prefilling", "prefilling");
    }

    // translated streams

    @Test
    @DisplayName(
            "continue: Claude is given the beginning, refuses it as its newer models do, and says it all once more")
    void toClaude() {
        Reply reply = ask(
                "claude",
                closed(3),
                AnthropicFake.error(
                        400, "invalid_request_error", "This model does not support assistant message prefill"),
                Answer.events(AnthropicFake.says(WHOLE)));

        assertWhole(reply);
        assertThat(asked()).containsExactly("first", "anthropic", "anthropic");
        assertThat(messages(1).path(1).path("role").asText()).isEqualTo("assistant");
        assertThat(messages(1).at("/1/content/0/text").asText()).isEqualTo(words(3));
        assertThat(messages(2)).hasSize(1);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"from-claude", "held-claude"})
    @DisplayName("a stream of Claude's that breaks off is made whole")
    void fromClaude(String route) {
        List<String> events = AnthropicFake.says(WHOLE);

        Reply reply =
                ask(route, Answer.openEvents(events.subList(0, 5)).pause(MOMENT).close(), whole());

        assertWhole(reply);
        assertThat(asked()).containsExactly("anthropic", "second");
    }

    // what an SDK makes of it

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"hold", "continue"})
    @DisplayName("OpenAI's Java SDK reads a stream that was made whole without noticing")
    void sdk(String route) {
        List<String> again = new ArrayList<>(other(Streams.chat(WORDS)));
        again.add(again.size() - 1, Streams.usage(9, 7));
        gateway.upstream().enqueue(stalled(3), Answer.events(again));
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.uri("/v1").toString())
                .apiKey("sk-canary")
                .maxRetries(0)
                .timeout(Duration.ofSeconds(20))
                .build();

        ChatCompletion completion = new OpenAiJavaCalls(client)
                .accumulated(ChatCompletionCreateParams.builder()
                        .model(route)
                        .addUserMessage("hi")
                        .streamOptions(ChatCompletionStreamOptions.builder()
                                .includeUsage(true)
                                .build())
                        .build());
        client.close();

        assertThat(OpenAiJavaCalls.text(completion)).isEqualTo(WHOLE);
        assertThat(completion.usage().orElseThrow().totalTokens()).isEqualTo(16);
        ReceivedRequest second = gateway.upstream().requests().get(1);
        assertThat(second.json().at("/stream_options/include_usage").asBoolean())
                .isTrue();
    }
}
