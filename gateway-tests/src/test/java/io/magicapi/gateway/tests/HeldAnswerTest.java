package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.Retries;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Answers that come whole, not as a stream: while somebody else could be asked, none is begun before it is known to be
 * one. What becomes of each fault is in docs/fault-bench.md; here is what holding may not change.
 */
class HeldAnswerTest {

    private static final String SMART = CHAT.replace("\"m\"", "\"smart\"");
    private static final String HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    private static final String CHUNKED = HEAD + "transfer-encoding: chunked\r\n\r\n";

    /** As servers write it: nothing may be lost or put in order. */
    private static final String ODD =
            "{ \"choices\" : [ {\"message\":{\"content\":\"\\ud800 Grüße\\u0000\"}} ],\n\"b\":1e-8, \"b\":0.10 }\r\n";

    @RegisterExtension
    static final GatewayExtension gateway = new GatewayExtension()
            .provider(new Peer("first"), "/first")
            .provider(new Peer("second"), "/second")
            .provider(new Peer("stubborn"), "/stubborn")
            .config(HeldAnswerTest::routes);

    private static GatewayConfig routes(GatewayConfig config) {
        Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
        Retries quick = Retries.DEFAULT.withBackoff(Duration.ofMillis(1), Duration.ofMillis(1));
        providers.computeIfPresent(
                "first",
                (name, settings) -> settings.withRetries(quick.withAttempts(1)).withBreaker(Peer.NO_BREAKER));
        providers.computeIfPresent("stubborn", (name, settings) -> settings.withRetries(quick.withAttempts(2)));
        return config.withProviders(providers)
                .withModels(Map.of(
                        "smart", ModelRoute.to("first/m", "second/m"),
                        "only", ModelRoute.to("first/m")));
    }

    private static Reply ask(String body, Answer... answers) {
        gateway.upstream().enqueue(answers);
        try (AnswerClient client = new AnswerClient(gateway)) {
            return client.withoutKeyOrProvider(body).read();
        }
    }

    private static Reply askDirectly(String provider, Answer... answers) {
        gateway.upstream().enqueue(answers);
        try (AnswerClient client = new AnswerClient(gateway)) {
            return client.withoutKey(provider, CHAT).read();
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @DisplayName("R21: a held answer leaves byte for byte as it came, however it was cut into chunks")
    @ValueSource(ints = {1, 7, 1000})
    void sameBytes(int size) {
        Reply reply = ask(SMART, Answer.split(200, Headers.of("content-type", "application/json"), utf8(ODD), size));

        assertThat(reply.whole()).isTrue();
        assertThat(reply.text()).isEqualTo(ODD);
        assertThat(reply.header("x-gateway-provider")).hasValue("first");
    }

    @Test
    @DisplayName("one with a length keeps it")
    void length() {
        Reply reply = ask(
                SMART,
                Answer.raw(HEAD + "content-length: " + utf8(ODD).length + "\r\n\r\n")
                        .send(utf8(ODD)));

        assertThat(reply.text()).isEqualTo(ODD);
        assertThat(reply.header("content-length")).hasValue(Integer.toString(utf8(ODD).length));
    }

    @Test
    @DisplayName("nothing of an answer that breaks off is seen, neither of its head nor of its body")
    void nothingLeft() {
        Answer broken = Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: theirs\r\n"
                        + "x-ratelimit-limit-requests: 7\r\ncontent-length: 500\r\n\r\n{\"lost\":")
                .pause(Duration.ofMillis(20))
                .reset();

        Reply reply = ask(SMART, broken, Answer.json(200, ODD));

        assertThat(reply.text()).isEqualTo(ODD);
        assertThat(reply.head()).doesNotContain("theirs", "x-ratelimit").contains("x-gateway-provider: second");
        assertThat(reply.header("x-gateway-attempts")).hasValue("2");
    }

    @Test
    @DisplayName("an object that ends in the middle as if it were whole is broken off, too")
    void endsEarly() {
        Reply reply = ask(SMART, Answer.raw(HEAD + "\r\n{\"choices\":[").close(), Answer.json(200, ODD));

        assertThat(reply.text()).isEqualTo(ODD);
    }

    @Test
    @DisplayName("more than 256 KiB are not held: they are delivered while the answer goes on")
    void tooLong() {
        String begin = "{\"choices\":[\"" + "x".repeat(257 * 1024);
        gateway.upstream().enqueue(Answer.raw(CHUNKED).chunk(begin).stall());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.withoutKeyOrProvider(SMART);
            client.readUntil("x".repeat(257 * 1024));
        }
    }

    @Test
    @DisplayName("what is announced to be longer is not held at all")
    void announcedTooLong() {
        gateway.upstream()
                .enqueue(Answer.raw(HEAD + "content-length: 262145\r\n\r\n{\"data\":[")
                        .stall());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.withoutKeyOrProvider(SMART);
            client.readUntil("{\"data\":[");
        }
    }

    @Test
    @DisplayName("R29: blank lines before JSON are relayed at once on a route, too")
    void blankLines() {
        gateway.upstream().enqueue(Answer.raw(CHUNKED).chunk("\n").stall());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.withoutKeyOrProvider(SMART);
            client.readUntil("\r\n\r\n1\r\n\n");
        }
        assertThat(ask(SMART, Faults.leadingBlankLines()).text()).startsWith("\n\n\n{");
    }

    @Test
    @DisplayName("sound is no document: it is delivered as it comes")
    void binary() {
        gateway.upstream()
                .enqueue(Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\ntransfer-encoding: chunked\r\n\r\n")
                        .chunk("{<{<")
                        .stall());
        String speech = "{\"model\":\"smart\",\"input\":\"hi\",\"voice\":\"alloy\"}";

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.send("POST /v1/audio/speech HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
                    + "content-length: " + speech.length() + "\r\n\r\n" + speech);
            client.readUntil("{<{<");
        }
    }

    @Test
    @DisplayName("a client that leaves while its answer is held leaves nothing behind")
    void leaves() {
        gateway.upstream().enqueue(Faults.stallMidBody());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.withoutKeyOrProvider(SMART);
            gateway.upstream().awaitRequest();
        }

        gateway.upstream().awaitClientClosed(Duration.ofSeconds(3));
    }

    @Test
    @DisplayName("the connection of an answer that is no answer, but whole, is used again")
    void connectionKept() {
        gateway.upstream().reset();
        gateway.upstream()
                .enqueue(Faults.htmlError(200), Answer.json(200, ODD))
                .enqueue(Streams.jsonError(), Answer.json(200, ODD))
                .enqueue(Answer.json(200, ODD));

        try (AnswerClient client = new AnswerClient(gateway)) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.withoutKeyOrProvider(SMART).read().text()).isEqualTo(ODD);
            }
        }

        List<Integer> places = gateway.upstream().requests().stream()
                .filter(request -> request.target().startsWith("/first"))
                .map(ReceivedRequest::placeOnConnection)
                .toList();
        assertThat(places).containsExactly(places.get(0), places.get(0) + 1, places.get(0) + 2);
    }

    @Test
    @DisplayName("an error with status 200 goes to the caller with the status that it names, if nobody answers")
    void toldError() {
        String error =
                "{\"error\":{\"message\":\"no such voice\",\"type\":\"invalid\",\"code\":400},\"user_id\":\"u\"}";

        Reply reply = ask(SMART, Answer.json(200, error));

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.text()).isEqualTo(error);
        assertThat(reply.header("x-gateway-attempts")).hasValue("1");
    }

    @Test
    @DisplayName(
            "a request that is made but once gets what the provider sends, as it comes: half an answer, a web page")
    void direct() {
        Reply half = askDirectly("first", Faults.closeMidBody());
        Reply page = askDirectly("first", Faults.htmlError(200));
        Reply routed = ask(CHAT.replace("\"m\"", "\"only\""), Faults.htmlError(200));

        assertThat(half.status()).isEqualTo(200);
        assertThat(half.whole()).isFalse();
        assertThat(half.text()).startsWith("{\"id\":");
        assertThat(page.text()).startsWith("<html>");
        assertThat(routed.text()).startsWith("<html>");
    }

    @Test
    @DisplayName("a request for a provider that is asked again by configuration is held like those of routes")
    void configuredRetries() {
        Reply whole = askDirectly("stubborn", Faults.closeMidBody(), Answer.json(200, ODD));
        Reply failed = askDirectly("stubborn", Faults.closeMidBody(), Faults.closeMidBody());

        assertThat(whole.text()).isEqualTo(ODD);
        assertThat(failed.status()).isEqualTo(502);
        assertThat(failed.error().path("code").asText()).isEqualTo("upstream_cut");
    }

    @Test
    @DisplayName("what may have been done is not done twice: an answer that no model gives is not held")
    void otherOperations() {
        gateway.upstream().enqueue(Faults.closeMidBody(), Faults.htmlError(200));
        int before = gateway.upstream().requests().size();

        try (AnswerClient client = new AnswerClient(gateway)) {
            assertThat(client.request("POST", "/v1/batches", "stubborn", "{}")
                            .read()
                            .whole())
                    .isFalse();
        }
        try (AnswerClient client = new AnswerClient(gateway)) {
            assertThat(client.request("GET", "/v1/files/f/content", "stubborn", "")
                            .read()
                            .text())
                    .startsWith("<html>");
        }

        assertThat(gateway.upstream().requests()).hasSize(before + 2);
    }

    @Test
    @DisplayName("no tokens are estimated for an error or a web page with status 200, as a stream or not")
    void noTokens() {
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.access")) {
            askDirectly("first", Streams.jsonError());
            askDirectly("first", Faults.htmlError(200));
            ask(CHAT.replace("\"m\"", "\"only\""), Streams.jsonError());
            ask(STREAM.replace("\"m\"", "\"only\""), Answer.events("data: {\"error\":{\"message\":\"m\"}}\n\n"));
            ask(STREAM.replace("\"m\"", "\"only\""), Answer.events("data: Internal Server Error\n\n"));

            await().until(() -> log.lines().size() >= 5);
            assertThat(log.lines()).allSatisfy(line -> assertThat(line).doesNotContain("tokens"));
        }
    }
}
