package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.api.Headers;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class FakeUpstreamTest {

    private FakeUpstream upstream;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeEach
    void start() {
        upstream = FakeUpstream.start();
    }

    @AfterEach
    void stop() {
        upstream.close();
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(upstream.baseUrl() + path))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    // Recording

    @Test
    @DisplayName("a request is recorded byte for byte, header order and case included")
    void recordsBytes() throws Exception {
        String request = """
                POST /v1/models/a%2Fb?x=%20 HTTP/1.1\r
                HOST: fake\r
                X-Two:  1\r
                x-two: 2\r
                Content-Length: 4\r
                \r
                \377\0\r
                """;
        try (RawClient raw = new RawClient(upstream)) {
            raw.send(request).readUntil("}");

            ReceivedRequest received = upstream.awaitRequest();
            assertThat(received.raw()).isEqualTo(request.getBytes(StandardCharsets.ISO_8859_1));
            assertThat(received.body()).containsExactly(0xff, 0, '\r', '\n');
            assertThat(received.target()).isEqualTo("/v1/models/a%2Fb?x=%20");
            assertThat(received.fields()).first().isEqualTo(new ReceivedRequest.Field("HOST", "fake"));
            assertThat(received.headers("X-TWO")).containsExactly("1", "2");
            assertThat(received.isComplete()).isTrue();
        }
    }

    @Test
    @DisplayName("a chunked body is recorded both as it came and without its framing")
    void recordsChunks() throws Exception {
        String head = "POST /v1/files HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        String chunks = "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";
        try (RawClient raw = new RawClient(upstream)) {
            raw.send(head).send(chunks).readUntil("}");

            ReceivedRequest received = upstream.awaitRequest();
            assertThat(received.text()).isEqualTo("abc0123456789");
            assertThat(received.bodyLength()).isEqualTo(13);
            assertThat(new String(received.raw(), StandardCharsets.ISO_8859_1)).isEqualTo(head + chunks);
        }
    }

    @Test
    @DisplayName("a request that is cut off is recorded as not complete")
    void recordsCutRequests() throws Exception {
        try (RawClient raw = new RawClient(upstream)) {
            raw.send("POST /v1/files HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
        }

        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.isComplete()).isFalse();
        assertThat(received.text()).isEqualTo("abc");
    }

    @Test
    @DisplayName("what is no HTTP/1.x is kept apart, and not answered")
    void keepsGarbage() throws Exception {
        try (RawClient raw = new RawClient(upstream)) {
            raw.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
            raw.socket().shutdownOutput();

            assertThat(raw.readToEnd()).isEmpty();
            assertThat(upstream.garbage()).hasSize(1);
            assertThat(upstream.requests()).isEmpty();
        }
    }

    @Test
    @DisplayName("requests sent without waiting are answered in order, on one connection")
    void pipelines() throws Exception {
        upstream.enqueue(
                Answer.nothing().pause(Duration.ofMillis(30)).then(Answer.json(200, "[1]")), Answer.json(200, "[2]"));
        try (RawClient raw = new RawClient(upstream)) {
            raw.send(RawClient.POST + RawClient.POST);

            assertThat(raw.readUntil("[2]")).containsSubsequence("[1]", "[2]");
            assertThat(upstream.requests())
                    .extracting(ReceivedRequest::placeOnConnection)
                    .containsExactly(1, 2);
            assertThat(upstream.acceptedConnections()).isEqualTo(1);
        }
    }

    @Test
    @DisplayName("waiting for a request that does not come fails, and says what came instead")
    void patience() {
        assertThatThrownBy(() -> upstream.awaitRequest(Duration.ofMillis(20)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("no request within PT0.02S; connections opened: 0");
    }

    // Scripting

    @Test
    @DisplayName("told nothing, it answers like the echo provider")
    void echoes() throws Exception {
        HttpResponse<String> response = post(
                "/v1/chat/completions", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Grüße\"}]}");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).contains("\"content\":\"Grüße\"");
        assertThat(upstream.awaitRequest().json().path("model").asText()).isEqualTo("m");
    }

    @Test
    @DisplayName("enqueued answers go first, then the standing one, and a reset forgets both")
    void script() throws Exception {
        upstream.enqueue(Answer.json(429, Headers.of("retry-after", "1"), "{}")).answerWith(Answer.json(201, "{}"));

        HttpResponse<String> first = post("/v1/a", "{}");
        assertThat(first.statusCode()).isEqualTo(429);
        assertThat(first.headers().firstValue("retry-after")).hasValue("1");
        assertThat(post("/v1/b", "{}").statusCode()).isEqualTo(201);
        assertThat(post("/v1/c", "{}").statusCode()).isEqualTo(201);
        assertThat(upstream.requests()).hasSize(3);

        upstream.reset();

        assertThat(upstream.requests()).isEmpty();
        assertThat(post("/v1/d", "{}").statusCode()).isEqualTo(404);
    }

    @Test
    @DisplayName("an answer can depend on the request; a script that fails is told to the client")
    void dependsOnRequest() throws Exception {
        upstream.answerWith(Answer.from(
                request -> Answer.json(200, request.json().path("nonce").toString())));

        assertThat(post("/v1/a", "{\"nonce\":7}").body()).isEqualTo("7");
        HttpResponse<String> failed = post("/v1/a", "no JSON");
        assertThat(failed.statusCode()).isEqualTo(500);
        assertThat(failed.body()).contains("the script of this fake upstream failed");
    }

    @Test
    @DisplayName("a stream arrives event by event, not at its end")
    void streams() throws Exception {
        upstream.enqueue(Answer.openEvents(List.of("data: 1\n\n")).stall());
        try (RawClient raw = new RawClient(upstream)) {
            raw.send(RawClient.POST);

            assertThat(raw.readUntil("data: 1\n\n")).contains("text/event-stream", "\r\n9\r\ndata: 1\n\n");
        }
    }

    @Test
    @DisplayName("a stream of thousands of events is sent in full")
    void longStreams() throws Exception {
        upstream.enqueue(Answer.events(Collections.nCopies(20_000, "data: 1\n\n")));

        assertThat(post("/v1/a", "{}").body()).hasSize(20_000 * 9);
    }

    @Test
    @DisplayName("a client that expects 100 gets it before its body")
    void continues() throws Exception {
        try (RawClient raw = new RawClient(upstream)) {
            raw.send("POST /v1/files HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            assertThat(raw.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 100 ");

            raw.send("{}");

            assertThat(raw.readUntil("}")).startsWith("HTTP/1.1 200 ");
        }
    }

    // Connections

    @Test
    @DisplayName("a client that leaves during a stream is noticed at once, with the time")
    void clientLeaves() throws Exception {
        upstream.enqueue(Faults.stallMidStream(2));
        Instant left;
        try (RawClient raw = new RawClient(upstream)) {
            raw.send(RawClient.POST).readUntil("word ");
            assertThat(upstream.openConnections()).isEqualTo(1);
            left = Instant.now();
        }

        FakeUpstream.ClientClose close = upstream.awaitClientClosed();

        assertThat(close.withinAnswer()).isTrue();
        assertThat(close.connection()).isEqualTo(1);
        assertThat(close.noticedAt()).isBetween(left.minusMillis(1), left.plusSeconds(2));
        assertThat(upstream.openConnections()).isZero();
    }

    @Test
    @DisplayName("an end that the server made itself is not the client's")
    void ownCloses() throws Exception {
        upstream.enqueue(Faults.closeBeforeHead());
        try (RawClient raw = new RawClient(upstream)) {
            assertThat(raw.send(RawClient.POST).readToEnd()).isEmpty();
        }

        assertThatThrownBy(() -> upstream.awaitClientClosed(Duration.ofMillis(50)))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    @DisplayName("a flood waits for a client that does not read")
    void floodWaits() throws Exception {
        upstream.enqueue(Faults.floodStream(Long.MAX_VALUE));
        try (RawClient raw = new RawClient(upstream)) {
            raw.send(RawClient.POST).readUntil("word ");

            AtomicLong before = new AtomicLong(-1);
            await().pollInterval(Duration.ofMillis(100))
                    .until(() -> before.getAndSet(upstream.bytesSent()) == upstream.bytesSent());

            assertThat(upstream.bytesSent()).isLessThan(64L << 20);
        }
        assertThat(upstream.awaitClientClosed().withinAnswer()).isTrue();
    }

    @Test
    @DisplayName("a body that is not read stops its sender")
    void unreadBody() throws Exception {
        upstream.enqueue(Faults.unreadBody());
        try (RawClient raw = new RawClient(upstream)) {
            raw.send("POST /v1/files HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n");
            raw.socket().setSoTimeout(100);
            assertThatThrownBy(raw::readToEnd).isInstanceOf(java.net.SocketTimeoutException.class);

            raw.send("x".repeat(100_000));

            assertThat(upstream.bytesReceived()).isLessThan(100_000);
        }
    }

    @Test
    @DisplayName("a refusal comes before the body does")
    void refusesBeforeBody() throws Exception {
        upstream.enqueue(Faults.refuseBody());
        try (RawClient raw = new RawClient(upstream)) {
            raw.send("POST /v1/files HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\nx");

            assertThat(raw.readUntil("}}")).startsWith("HTTP/1.1 413 ");
        }
    }

    // Faults

    private byte[] answer(Answer answer) throws IOException {
        upstream.enqueue(answer);
        try (RawClient raw = new RawClient(upstream)) {
            return raw.send(RawClient.POST).readToEnd();
        }
    }

    private String text(Answer answer) throws IOException {
        return new String(answer(answer), StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("a reset is a reset, a close is a close")
    void resets() throws Exception {
        for (Answer reset : List.of(
                Faults.resetBeforeHead(), Faults.resetInHead(), Faults.resetMidBody(), Faults.resetMidStream())) {
            assertThatThrownBy(() -> answer(reset)).isInstanceOf(SocketException.class);
        }
        assertThat(answer(Faults.closeBeforeHead())).isEmpty();
        assertThat(text(Faults.closeInHead())).startsWith("HTTP/1.1 200").doesNotContain("\r\n\r\n");
        assertThat(text(Faults.closeMidBody())).contains("chatcmpl-fake").doesNotEndWith("}");
        assertThat(text(Faults.closeMidStream())).contains("word ").doesNotContain("\r\n0\r\n");
        assertThat(text(Faults.closeMidChunk())).endsWith("ff\r\ndata: {\"id\":");
    }

    @Test
    @DisplayName("bytes before a reset have arrived when it comes")
    void resetsAfterBytes() throws Exception {
        upstream.enqueue(Faults.resetMidStream());
        try (RawClient raw = new RawClient(upstream)) {
            raw.send(RawClient.POST);

            assertThat(raw.readUntil("word ")).contains("200 OK");
            assertThatThrownBy(raw::readToEnd).isInstanceOf(SocketException.class);
        }
    }

    @Test
    @DisplayName("heads that break the rules are sent as they are")
    void brokenHeads() throws Exception {
        assertThat(text(Faults.lengthAndChunks().close()))
                .contains("content-length: 4\r\n", "transfer-encoding: chunked\r\n");
        assertThat(text(Faults.twoLengths().close())).containsSubsequence("content-length: ", "content-length: 4");
        assertThat(text(Faults.bareLfHead().close())).doesNotContain("\r");
        assertThat(text(Faults.nulInHead().close())).contains("a\0b");
        assertThat(text(Faults.hugeHead(20_000).close())).contains("h".repeat(20_000));
        assertThat(text(Faults.status(999).close())).startsWith("HTTP/1.1 999 ");
        assertThat(text(Faults.bodyWith204().close()))
                .startsWith("HTTP/1.1 204 ")
                .endsWith("}}");
        assertThat(text(Faults.informationalFirst(103).close())).containsSubsequence("HTTP/1.1 103 ", "HTTP/1.1 400 ");
    }

    @Test
    @DisplayName("what is too much comes too")
    void tooMuch() throws Exception {
        assertThat(text(Faults.extraBytes().close())).endsWith("}}extra");
        assertThat(text(Faults.twoAnswers().close())).containsSubsequence("HTTP/1.1 200", "HTTP/1.1 200", "nothing");
        assertThat(text(Faults.lateSecondAnswer(Duration.ofMillis(30)).close()))
                .containsSubsequence("HTTP/1.1 200", "HTTP/1.1 200", "nothing");
        assertThat(answer(Faults.floodBody(3 << 20).close())).hasSizeGreaterThan(3 << 20);
    }

    @Test
    @DisplayName("a connection that was used before is ended, a fresh one is served")
    void closesIfReused() throws Exception {
        upstream.answerWith(Faults.closeIfReused());
        try (RawClient raw = new RawClient(upstream)) {
            raw.send(RawClient.POST);
            assertThat(raw.readUntil("}}")).startsWith("HTTP/1.1 400 ");

            raw.send(RawClient.POST);

            assertThat(raw.readToEnd()).isEmpty();
        }
    }

    /** Those that do not come to an end of their own when told to close at it. */
    private static final List<String> ENDLESS = List.of(
            "silence", "stallInHead", "stallMidBody", "stallMidStream", "informational", "unreadBody", "doneThenOpen");

    private static final List<String> RESETS =
            List.of("resetBeforeHead", "resetInHead", "resetMidBody", "resetMidStream");

    @TestFactory
    @DisplayName("every fault and every stream can be played")
    Stream<DynamicTest> all() {
        return Stream.of(Faults.all(), Streams.all())
                .flatMap(all -> all.entrySet().stream())
                .filter(entry -> !ENDLESS.contains(entry.getKey()) && !RESETS.contains(entry.getKey()))
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    byte[] answer = answer(entry.getValue().close());

                    assertThat(answer.length > 0).isEqualTo(!entry.getKey().equals("closeBeforeHead"));
                }));
    }

    @Test
    @DisplayName("the lists of faults and streams are complete")
    void complete() {
        for (Map.Entry<Class<?>, Map<String, Answer>> kind : Map.<Class<?>, Map<String, Answer>>of(
                        Faults.class, Faults.all(), Streams.class, Streams.all())
                .entrySet()) {
            assertThat(Stream.of(kind.getKey().getDeclaredMethods())
                            .filter(method -> method.getReturnType() == Answer.class)
                            .filter(method -> java.lang.reflect.Modifier.isPublic(method.getModifiers()))
                            .map(java.lang.reflect.Method::getName)
                            .collect(Collectors.toSet()))
                    .isEqualTo(kind.getValue().keySet());
        }
    }
}
