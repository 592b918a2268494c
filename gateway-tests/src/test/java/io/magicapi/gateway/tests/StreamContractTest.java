package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static io.magicapi.gateway.tests.AnswerClient.ask;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FakeUpstream.ClientClose;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Chat streams: what reaches the client, when, and how it ends. */
class StreamContractTest {

    private static final Duration FIRST_BYTE = Duration.ofMillis(600);
    private static final Duration IDLE = Duration.ofMillis(400);
    private static final Duration TOLERANCE = Duration.ofMillis(250);

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    /** The same with deadlines that a test can wait for. */
    @RegisterExtension
    static final GatewayExtension impatient =
            GroqJar.gateway().deadlines(new Deadlines(Duration.ofSeconds(1), FIRST_BYTE, IDLE));

    private static final String HELLO = String.join("", Streams.chat("Hello", " there"));

    private static Reply stream(Answer answer) {
        gateway.upstream().enqueue(answer);
        return ask(gateway, STREAM);
    }

    private static void assertWhole(Reply reply) {
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("content-type")).hasValue("text/event-stream");
        assertThat(reply.header("content-encoding")).isEmpty();
        assertThat(reply.header("content-length")).isEmpty();
        assertThat(reply.header("cache-control")).hasValue("no-cache");
        assertThat(reply.header("x-accel-buffering")).hasValue("no");
        assertThat(reply.whole()).as("%s", reply).isTrue();
    }

    /** The one form of a failure that every known client reports: an error event, and then no end. */
    private static JsonNode assertBroken(Reply reply) {
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("content-type")).hasValue("text/event-stream");
        assertThat(reply.whole()).as("%s", reply).isFalse();
        assertThat(new String(reply.raw(), StandardCharsets.UTF_8)).doesNotContain("\r\n0\r\n");
        assertThat(reply.text()).doesNotContain("[DONE]").endsWith("\n\n").containsOnlyOnce("event: error\ndata: {");
        String data = reply.text().substring(reply.text().indexOf("event: error\ndata: ") + 19);
        Reply event = new Reply("", data.getBytes(StandardCharsets.UTF_8), new byte[0], true);
        assertThat(event.error().path("message").asText()).isNotBlank();
        return event.error();
    }

    @Test
    @DisplayName("R31: each event is relayed as soon as it comes, the first one long before the second exists")
    void relayedAtOnce() {
        List<String> events = Streams.chat("Hello", " there");
        gateway.upstream().enqueue(Answer.openEvents(events.subList(0, 1)).stall());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(STREAM);
            assertThat(client.readUntil("\n\n\r\n")).contains(events.get(0));
        }
        gateway.upstream().awaitClientClosed();
    }

    @Test
    @DisplayName("R31: a relayed event is no more than a few milliseconds late")
    void latency() {
        gateway.upstream().answerWith(Streams.plain());
        List<Long> nanos = new ArrayList<>();

        try (AnswerClient client = new AnswerClient(gateway)) {
            for (int i = 0; i < 100; i++) {
                long begin = System.nanoTime();
                assertWhole(client.chat(STREAM).read());
                nanos.add(System.nanoTime() - begin);
            }
        }

        Collections.sort(nanos);
        assertThat(Duration.ofNanos(nanos.get(50))).isLessThan(Duration.ofMillis(20));
    }

    /** Streams that are well-formed leave as they came. */
    static Stream<Arguments> wellFormed() {
        return Stream.of(
                Arguments.of("plain", Streams.plain(), HELLO),
                Arguments.of("paced", Streams.paced(Duration.ofMillis(10)), HELLO),
                Arguments.of("withUsage", Streams.withUsage(9, 2), beforeDone(Streams.usage(9, 2))),
                Arguments.of("crlf", Streams.crlf(), HELLO.replace("\n", "\r\n")),
                Arguments.of("noSpace", Streams.noSpace(), HELLO.replace("data: ", "data:")),
                Arguments.of(
                        "multiLineData", Streams.multiLineData(), HELLO.replace(",\"object\"", ",\ndata: \"object\"")),
                Arguments.of("oneChunk", Streams.oneChunk(), HELLO),
                Arguments.of("charset", Streams.charset(), HELLO),
                Arguments.of("noContentType", Streams.noContentType(), HELLO),
                Arguments.of("typedAsJson", Streams.typedAsJson(), HELLO),
                Arguments.of("unframedStream", Faults.unframedStream(), HELLO),
                Arguments.of("trickle", Faults.trickle(Duration.ofMillis(1)), HELLO));
    }

    private static String beforeDone(String event) {
        return HELLO.replace(Streams.DONE, event + Streams.DONE);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wellFormed")
    @DisplayName("R32: a stream that is well-formed leaves byte for byte as it came, as text/event-stream")
    void wellFormed(String name, Answer answer, String expected) {
        Reply reply = stream(answer);

        assertWhole(reply);
        assertThat(reply.text()).isEqualTo(expected);
    }

    @Test
    @DisplayName("R33: comments pass, whatever is in them")
    void comments() {
        Reply reply = stream(Streams.comments());

        assertWhole(reply);
        assertThat(reply.text()).startsWith(": OPENROUTER PROCESSING\n\n: keep-alive\n\n");
        assertThat(reply.text().replaceAll("(?m)^: .*\n\n", "")).isEqualTo(HELLO);
    }

    /** Streams that break some client are repaired. */
    static Stream<Arguments> repaired() {
        return Stream.of(
                Arguments.of("cr", Streams.cr()),
                Arguments.of("bom", Streams.bom()),
                Arguments.of("noFinalNewline", Streams.noFinalNewline()),
                Arguments.of("ping", Streams.ping()),
                Arguments.of("emptyData", Streams.emptyData()),
                Arguments.of("idOnly", Streams.idOnly()),
                Arguments.of("eventsAfterDone", Streams.eventsAfterDone()),
                Arguments.of("doneThenOpen", Streams.doneThenOpen()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("repaired")
    @DisplayName("R32, R33: what breaks some client is repaired, and the rest of the stream stays as it is")
    void repaired(String name, Answer answer) {
        Reply reply = stream(answer);

        assertWhole(reply);
        assertThat(reply.text()).isEqualTo(HELLO);
    }

    @Test
    @DisplayName("R33: streams of named events, as the Responses API has, pass verbatim")
    void namedEvents() {
        String events =
                "\ufeffevent: response.created\ndata: {\"type\":\"response.created\"}\n\nevent: ping\r\ndata:\r\n\r\n"
                        + "id: 1\n\nevent: error\ndata: {\"type\":\"error\"}\n\nevent: response.completed\ndata: {}\n\n";
        gateway.upstream()
                .enqueue(Answer.split(
                        200,
                        Headers.of("content-type", "text/event-stream; charset=utf-8"),
                        events.getBytes(StandardCharsets.UTF_8),
                        7));

        try (AnswerClient client = new AnswerClient(gateway)) {
            Reply reply =
                    client.request("POST", "/v1/responses", "groq", STREAM).read();

            assertThat(reply.whole()).isTrue();
            assertThat(reply.text()).isEqualTo(events);
            assertThat(reply.header("content-type")).hasValue("text/event-stream; charset=utf-8");
            assertThat(reply.header("x-accel-buffering")).hasValue("no");
        }
    }

    @Test
    @DisplayName("R35: a stream of named events that breaks off is not ended either")
    void namedEventsCut() {
        gateway.upstream()
                .enqueue(Answer.openEvents(List.of("event: response.created\ndata: {}\n\n"))
                        .close());

        try (AnswerClient client = new AnswerClient(gateway)) {
            Reply reply =
                    client.request("POST", "/v1/responses", "groq", STREAM).read();

            assertThat(reply.text()).startsWith("event: response.created\ndata: {}\n\n");
            assertBroken(reply);
        }
    }

    @Test
    @DisplayName("R34: the answer ends at once after [DONE], although the upstream goes on or stays open")
    void endsAfterDone() {
        gateway.upstream().enqueue(Streams.doneThenOpen(), Streams.eventsAfterDone());
        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(STREAM).readUntil("[DONE]");
            long done = System.nanoTime();
            client.readUntil("\r\n0\r\n\r\n");

            assertThat(Duration.ofNanos(System.nanoTime() - done)).isLessThan(Duration.ofMillis(50));
            assertThat(client.chat(STREAM).read().text()).isEqualTo(HELLO);
        }
        gateway.upstream().awaitClientClosed(Duration.ofSeconds(3));
    }

    @Test
    @DisplayName("R34: a stream that has ended is not kept, not even until the upstream would have been given up")
    void endedAtOnce() {
        gateway.upstream().answerWith(Streams.plain());
        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(STREAM).read();
            int deadlines = Heap.count(Deadline.class);
            for (int i = 0; i < 50; i++) {
                assertThat(client.chat(STREAM).read().text()).isEqualTo(HELLO);
            }

            assertThat(Heap.count(Deadline.class) - deadlines).isLessThan(5);
        }
    }

    /** Streams of which nobody may believe that they are whole. */
    static Stream<Arguments> cut() {
        return Stream.of(
                Arguments.of("RST", Faults.resetMidStream()),
                Arguments.of("FIN", Faults.closeMidStream()),
                Arguments.of("FIN in a chunk", Faults.closeMidChunk()),
                Arguments.of("a bad chunk", Faults.badChunkSize()),
                Arguments.of("no [DONE], no finish_reason", Streams.missingDoneAndFinish()),
                Arguments.of(
                        "FIN after finish_reason",
                        Answer.openEvents(Streams.chat("x").subList(0, 3)).close()),
                Arguments.of(
                        "an end without a length, amid the answer",
                        Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + Streams.word("x"))
                                .close()),
                Arguments.of("nothing", Streams.empty()),
                Arguments.of("comments only", Streams.commentsOnly()),
                Arguments.of("blank lines only", Answer.events("\n\n", "\r\n")),
                Arguments.of("[DONE] only", Answer.events(Streams.DONE)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cut")
    @DisplayName("R35: a stream that breaks off ends with an error event and no last chunk, and never with [DONE]")
    void cut(String name, Answer answer) {
        JsonNode error = assertBroken(stream(answer));

        assertThat(error.path("type").asText()).isEqualTo("upstream_error");
        assertThat(error.path("code").asText()).isEqualTo("upstream_cut");
        assertThat(error.has("param")).isTrue();
    }

    @Test
    @DisplayName("R35: what had come before the cut has reached the client, and the error comes right after it")
    void textBeforeCut() {
        Reply reply = stream(Faults.closeMidChunk());

        assertThat(reply.text())
                .contains("\"role\":\"assistant\"")
                .contains("word ")
                .doesNotContain("\"id\":\n");
        assertThat(reply.text().indexOf("event: error"))
                .isGreaterThan(reply.text().indexOf("word "));
    }

    @Test
    @DisplayName("R35: an end without [DONE] but with a finish_reason is an end, and [DONE] is added")
    void missingDone() {
        Reply reply = stream(Streams.missingDone());

        assertWhole(reply);
        assertThat(reply.text()).isEqualTo(HELLO);
    }

    @Test
    @DisplayName(
            "R35: an event that is no JSON does not reach the client, which would crash on it, but breaks the stream")
    void badJson() {
        Reply reply = stream(Streams.badJson());

        assertThat(assertBroken(reply).path("code").asText()).isEqualTo("upstream_protocol_error");
        assertThat(reply.text()).contains("\"content\":\" there\"").doesNotContain("[{\n");
    }

    @Test
    @DisplayName("a web page instead of a stream is a 502")
    void webPage() {
        Reply reply = stream(Faults.htmlError(200));

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.error().path("message").asText()).isEqualTo("the provider answered with a web page");
    }

    static Stream<Arguments> reported() {
        return Stream.of(
                Arguments.of("errorData", Streams.errorData()),
                Arguments.of("errorEvent", Streams.errorEvent()),
                Arguments.of("errorEventThenDone", Streams.errorEventThenDone()),
                Arguments.of("errorChunk", Streams.errorChunk()),
                Arguments.of("errorObject", Streams.errorObject()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("reported")
    @DisplayName("R36: an error amid the stream, in whichever form, becomes an error event, and the stream has no end")
    void reported(String name, Answer answer) {
        Reply reply = stream(answer);

        assertThat(assertBroken(reply).path("message").asText()).isEqualTo("it broke");
        assertThat(reply.text()).contains("Hello");
    }

    @Test
    @DisplayName("R37: a JSON error instead of a stream becomes a 502 with that error")
    void jsonError() {
        Reply reply = stream(Streams.jsonError());

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.header("content-type")).hasValue("application/json");
        assertThat(reply.error().path("message").asText()).isEqualTo("it broke");
        assertThat(reply.error().path("code").asText()).isEqualTo("broken");
    }

    @Test
    @DisplayName("R37: a JSON completion instead of a stream becomes a stream, with a warning")
    void jsonCompletion() {
        Reply reply = stream(Streams.jsonCompletion());

        assertWhole(reply);
        assertThat(reply.header("x-gateway-warning"))
                .hasValueSatisfying(text -> assertThat(text).contains("did not stream"));
        assertThat(reply.text())
                .contains("\"object\":\"chat.completion.chunk\"")
                .contains("\"content\":\"Hello there\"")
                .contains("\"finish_reason\":\"stop\"")
                .doesNotContain("\"usage\":{")
                .endsWith(Streams.DONE);

        gateway.upstream().enqueue(Streams.jsonCompletion());
        String asked = ask(
                        gateway,
                        STREAM.replace(
                                "\"stream\":true", "\"stream\":true,\"stream_options\":{\"include_usage\":true}"))
                .text();
        assertThat(asked).contains("\"choices\":[]", "\"usage\":{\"prompt_tokens\":9");
    }

    @Test
    @DisplayName("R37: an empty stream becomes an error event")
    void empty() {
        assertBroken(stream(Streams.empty()));
        assertBroken(stream(Answer.raw("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")));
    }

    @Test
    @DisplayName("R37: JSON that breaks off, or is no answer, is a 502")
    void brokenDocuments() {
        for (Answer answer : List.of(
                Faults.closeMidBody(),
                Answer.json(200, "{\"hello\":1}"),
                Answer.json(200, "{\"choices\":"),
                Answer.json(200, "[]"),
                Answer.json(200, "{}"))) {
            Reply reply = stream(answer);

            assertThat(reply.status()).as("%s", reply).isEqualTo(502);
            assertThat(reply.error().path("message").asText()).isNotBlank();
        }
    }

    /** The ways to leave. */
    static Stream<Arguments> leaving() {
        Consumer<AnswerClient> fin = AnswerClient::close;
        Consumer<AnswerClient> rst = AnswerClient::reset;
        return Stream.of(Arguments.of("FIN", fin), Arguments.of("RST", rst));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("leaving")
    @DisplayName("R39: when the client leaves mid-stream, the upstream is left within 100 ms")
    void leavesMidStream(String name, Consumer<AnswerClient> leave) {
        assertLeftAtOnce(STREAM, Faults.stallMidStream(2), client -> client.readUntil("word "), leave);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("leaving")
    @DisplayName("R39: when the client leaves while events keep coming, the upstream is left within 100 ms")
    void leavesWhileEventsCome(String name, Consumer<AnswerClient> leave) {
        // For longer than anybody waits here: a stream that has ended leaves its connection open for the next request.
        Answer paced = Answer.events(Duration.ofMillis(5), Collections.nCopies(4_000, Streams.word("word ")));
        assertLeftAtOnce(STREAM, paced, client -> client.readUntil("word "), leave);
        assertLeftAtOnce(STREAM, Faults.floodStream(Long.MAX_VALUE), client -> client.readUntil("word "), leave);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("leaving")
    @DisplayName("R39: when the client leaves before the head of the answer, the upstream is left within 100 ms")
    void leavesBeforeHead(String name, Consumer<AnswerClient> leave) {
        for (String body : List.of(CHAT, STREAM)) {
            assertLeftAtOnce(body, Faults.silence(), client -> {}, leave);
            assertLeftAtOnce(body, Faults.stallInHead(), client -> {}, leave);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("leaving")
    @DisplayName(
            "R39: when the client leaves between head and body, or within the body, the upstream is left within 100 ms")
    void leavesInBody(String name, Consumer<AnswerClient> leave) {
        assertLeftAtOnce(STREAM, Faults.stallMidStream(0), client -> {}, leave);
        assertLeftAtOnce(CHAT, Faults.stallMidBody(), client -> client.readUntil("chatcmpl"), leave);
        assertLeftAtOnce(
                CHAT, Answer.raw("HTTP/1.1 429 x\r\ncontent-length: 9\r\n\r\n{").stall(), client -> {}, leave);
    }

    /** The median of five, since the machine may have something else to do. */
    private static void assertLeftAtOnce(
            String body, Answer answer, Consumer<AnswerClient> meanwhile, Consumer<AnswerClient> leave) {
        List<Duration> took = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            gateway.upstream().reset();
            gateway.upstream().enqueue(answer);
            try (AnswerClient client = new AnswerClient(gateway)) {
                client.chat(body);
                gateway.upstream().awaitRequest();
                meanwhile.accept(client);
                Instant left = Instant.now();
                leave.accept(client);
                ClientClose noticed = gateway.upstream().awaitClientClosed();
                took.add(Duration.between(left, noticed.noticedAt()));
            }
        }
        Collections.sort(took);
        assertThat(took.get(2)).isLessThan(Duration.ofMillis(100));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("leaving")
    @DisplayName("R39: when the client leaves within its own request, nothing is sent upstream")
    void leavesInRequest(String name, Consumer<AnswerClient> leave) {
        AnswerClient client = new AnswerClient(gateway);
        client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\ncontent-length: 100\r\n\r\n{");
        await().until(() -> gateway.gateway().inFlight() == 1);

        leave.accept(client);

        await().atMost(1, TimeUnit.SECONDS).until(() -> gateway.gateway().inFlight() == 0);
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("leaving")
    @DisplayName("R39: when the client leaves within an upload, the upstream is left too")
    void leavesInUpload(String name, Consumer<AnswerClient> leave) {
        AnswerClient client = new AnswerClient(gateway);
        client.send("POST /v1/files HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\nauthorization: Bearer k\r\n"
                + "content-type: multipart/form-data; boundary=b\r\ncontent-length: 100000\r\n\r\n"
                + "x".repeat(5000));
        await().until(() -> gateway.upstream().bytesReceived() > 5000);

        leave.accept(client);

        gateway.upstream().awaitClientClosed(Duration.ofSeconds(1));
        assertThat(gateway.upstream().awaitRequest().isComplete()).isFalse();
    }

    @Test
    @DisplayName(
            "R39: 200 clients that leave, each in its own way, leave no connection, no lease and no request behind")
    void manyLeave() {
        List<Answer> answers = List.of(
                Faults.silence(),
                Faults.stallMidStream(2),
                Faults.stallMidBody(),
                Faults.floodStream(Long.MAX_VALUE),
                Streams.paced(Duration.ofMillis(5)));
        int threadsBefore = Thread.activeCount();

        for (int i = 0; i < 200; i++) {
            gateway.upstream().enqueue(answers.get(i % answers.size()));
            AnswerClient client = new AnswerClient(gateway);
            client.chat(i % 2 == 0 ? STREAM : CHAT);
            if (i % 3 != 0) {
                gateway.upstream().awaitRequest();
            }
            if (i % 7 < 3) {
                client.close();
            } else {
                client.reset();
            }
        }

        await().atMost(5, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(gateway.gateway().inFlight()).isZero());
        // What is open is idle in the pool, and of use.
        await().atMost(5, TimeUnit.SECONDS)
                .untilAsserted(
                        () -> assertThat(gateway.upstream().openConnections()).isLessThan(20));
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threadsBefore + 2);
        gateway.upstream().reset();
        assertThat(ask(gateway, CHAT).status()).isEqualTo(200);
    }

    @Test
    @DisplayName("R40: while the client does not read, the upstream is not read either, and memory is bounded")
    void slowReader() {
        gateway.upstream().enqueue(Faults.floodStream(Long.MAX_VALUE));

        try (AnswerClient client = new AnswerClient(gateway, 16 * 1024)) {
            client.chat(STREAM).readUntil("word ");
            long sent = awaitStandstill();

            assertThat(sent).isLessThan(32L << 20);
            client.readUntil("word ");
        }
        gateway.upstream().awaitClientClosed();
    }

    @Test
    @DisplayName("R40: a reader that was slow gets every byte, in order")
    void slowReaderGetsAll() {
        gateway.upstream().enqueue(Faults.floodStream(12 << 20));

        try (AnswerClient client = new AnswerClient(gateway, 16 * 1024)) {
            client.chat(STREAM);
            awaitStandstill();
            Reply reply = client.read();

            assertWhole(reply);
            assertThat(reply.body().length).isGreaterThan(8 << 20);
            assertThat(reply.text())
                    .isEqualTo(Streams.word("word ")
                                    .repeat((reply.body().length
                                                    - Streams.finish("stop").length()
                                                    - Streams.DONE.length())
                                            / Streams.word("word ").length())
                            + Streams.finish("stop")
                            + Streams.DONE);
        }
    }

    static Stream<Arguments> closing() {
        List<String> events = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            events.add(Streams.word(i + "y".repeat(4000)));
        }
        String words = String.join("", events);
        events.addAll(List.of(Streams.finish("stop"), Streams.DONE));
        String document = "{\"text\":\"" + "é".repeat(800_000) + "\"}";
        Answer chunked = Answer.openEvents(events).lastChunk().close();
        Headers close = Headers.of("content-type", "application/json").with("connection", "close");
        return Stream.of(
                Arguments.of("a stream", STREAM, chunked, words + Streams.finish("stop") + Streams.DONE),
                Arguments.of(
                        "a document",
                        CHAT,
                        Answer.http(200, close, document.getBytes(StandardCharsets.UTF_8))
                                .close(),
                        document));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("closing")
    @DisplayName("R40: a slow client gets every byte, also from an upstream that sends all and closes its connection")
    void slowReaderOfClosing(String name, String request, Answer answer, String text) {
        gateway.upstream().enqueue(answer);

        try (AnswerClient client = new AnswerClient(gateway, 16 * 1024)) {
            client.chat(request);
            awaitStandstill();
            Reply reply =
                    client.slowly(200_000, StreamContractTest::awaitStandstill).read();

            assertThat(reply.whole()).as("%s bytes", reply.body().length).isTrue();
            assertThat(reply.text()).isEqualTo(text);
        }
    }

    /** {@return how much the upstream had sent when it could send no more} */
    private static long awaitStandstill() {
        long[] last = {-1, 0};
        await().pollInterval(Duration.ofMillis(100))
                .atMost(Duration.ofSeconds(10))
                .until(() -> {
                    long now = gateway.upstream().bytesSent();
                    last[1] = now > 0 && now == last[0] ? last[1] + 1 : 0;
                    last[0] = now;
                    return last[1] >= 2;
                });
        return last[0];
    }

    @Test
    @DisplayName("R40: twenty clients that do not read do not slow another one down")
    void stalledNeighbours() {
        for (int i = 0; i < 20; i++) {
            gateway.upstream().enqueue(Faults.floodStream(Long.MAX_VALUE));
        }
        List<AnswerClient> stalled = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                AnswerClient client = new AnswerClient(gateway, 16 * 1024);
                stalled.add(client);
                client.chat(STREAM).readUntil("word ");
            }
            awaitStandstill();
            gateway.upstream().answerWith(Streams.plain());

            long begin = System.nanoTime();
            for (int i = 0; i < 20; i++) {
                assertThat(ask(gateway, STREAM).text()).isEqualTo(HELLO);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
        } finally {
            stalled.forEach(AnswerClient::close);
        }
    }

    private static Duration timed(Runnable action) {
        long begin = System.nanoTime();
        action.run();
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    @ParameterizedTest
    @ValueSource(strings = {CHAT, STREAM})
    @DisplayName("R41: an upstream that does not begin to answer is given up at the first-byte deadline, with a 504")
    void firstByteDeadline(String body) {
        for (Answer answer : List.of(Faults.silence(), Faults.stallInHead())) {
            impatient.upstream().enqueue(answer);

            Duration took = timed(() -> {
                Reply reply = ask(impatient, body);
                assertThat(reply.status()).isEqualTo(504);
                assertThat(reply.error().path("code").asText()).isEqualTo("upstream_timeout");
            });

            assertThat(took).isBetween(FIRST_BYTE.minusMillis(20), FIRST_BYTE.plus(TOLERANCE));
            impatient.upstream().awaitClientClosed(Duration.ofSeconds(1));
        }
    }

    @Test
    @DisplayName("R41: a stream that falls silent is broken off at the idle deadline, visibly")
    void idleDeadline() {
        impatient.upstream().enqueue(Faults.stallMidStream(3));

        Duration took = timed(() -> {
            JsonNode error = assertBroken(ask(impatient, STREAM));
            assertThat(error.path("code").asText()).isEqualTo("upstream_timeout");
        });

        assertThat(took).isBetween(IDLE.minusMillis(20), IDLE.plus(TOLERANCE));
        impatient.upstream().awaitClientClosed(Duration.ofSeconds(1));
    }

    @Test
    @DisplayName("R41: a stream may take longer than any deadline as long as something comes in time")
    void longStream() {
        impatient.upstream().enqueue(Answer.events(Duration.ofMillis(150), Streams.chat("a", "b", "c", "d", "e", "f")));

        Duration took = timed(() -> assertWhole(ask(impatient, STREAM)));

        assertThat(took).isGreaterThan(FIRST_BYTE.plus(IDLE));
    }

    @Test
    @DisplayName("R41: the upstream is not blamed while it is the client that does not read")
    void slowReaderIsNotIdleUpstream() {
        impatient.upstream().enqueue(Faults.floodStream(24 << 20));

        try (AnswerClient client = new AnswerClient(impatient, 16 * 1024)) {
            client.chat(STREAM);
            await().pollDelay(IDLE.multipliedBy(3)).until(() -> true);
            assertWhole(client.read());
        }
    }

    @Test
    @DisplayName("R42: usage passes unchanged in either form, and stands in the access line")
    void usage() {
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.access")) {
            Reply groq = stream(Streams.withGroqUsage(1234, 56));
            Reply openAi = stream(Streams.withUsage(78, 90));
            gateway.upstream().enqueue(Answer.json(200, "{\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":22}}"));
            ask(gateway, CHAT);

            assertWhole(groq);
            assertThat(groq.text()).contains("\"x_groq\":{\"id\":\"req_fake\",\"usage\":{\"prompt_tokens\":1234,");
            assertWhole(openAi);
            assertThat(openAi.text()).contains(Streams.usage(78, 90) + Streams.DONE);
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(3));
            assertThat(log.lines().get(0)).contains("tokens-in=\"1234\"", "tokens-out=\"56\"", "stream=\"true\"");
            assertThat(log.lines().get(1)).contains("tokens-in=\"78\"", "tokens-out=\"90\"");
            assertThat(log.lines().get(2)).contains("tokens-in=\"11\"", "tokens-out=\"22\"");
        }
    }

    private static final String TOOLS = String.join(
            "",
            toolChunk(
                    "{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}"),
            toolChunk("{\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\":\\\"Zür\"}}"),
            toolChunk("{\"index\":0,\"function\":{\"arguments\":\"ich 👋🏽 नमस्ते\\\"}\"}}"),
            toolChunk(
                    "{\"index\":1,\"id\":\"call_2\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}"),
            Streams.finish("tool_calls"),
            Streams.DONE);

    private static String toolChunk(String call) {
        return "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":"
                + "{\"tool_calls\":[" + call + "]},\"finish_reason\":null}]}\n\n";
    }

    @Test
    @DisplayName("R43: tool calls and characters of several bytes survive, wherever the stream is split")
    void everySplit() {
        byte[] bytes = TOOLS.getBytes(StandardCharsets.UTF_8);
        try (AnswerClient client = new AnswerClient(gateway)) {
            for (int at = 1; at < bytes.length; at++) {
                gateway.upstream()
                        .enqueue(Answer.chunks(
                                200,
                                Headers.of("content-type", "text/event-stream"),
                                List.of(
                                        java.util.Arrays.copyOfRange(bytes, 0, at),
                                        java.util.Arrays.copyOfRange(bytes, at, bytes.length)),
                                Duration.ZERO));

                Reply reply = client.chat(STREAM).read();

                assertThat(reply.whole()).isTrue();
                assertThat(reply.text()).as("split at %d", at).isEqualTo(TOOLS);
            }
        }
        assertThat(stream(Streams.splitCharacters()).text())
                .isEqualTo(String.join("", Streams.chat("Grüße", " नमस्ते", " 你好", " 👋🏽")));
    }

    @Test
    @DisplayName("R32: no stream of the test kit is left out of these tests")
    void complete() {
        Map<String, Answer> all = Streams.all();
        TreeSet<String> here = new TreeSet<>(List.of(
                "badJson",
                "comments",
                "withGroqUsage",
                "splitCharacters",
                "missingDone",
                "jsonError",
                "jsonCompletion",
                "errorStatus",
                "gzip",
                "empty",
                "commentsOnly",
                "missingDoneAndFinish"));
        Stream.of(wellFormed(), repaired(), reported())
                .flatMap(arguments -> arguments)
                .forEach(arguments -> here.add((String) arguments.get()[0]));

        assertThat(here).containsAll(all.keySet());
    }

    @Test
    @DisplayName("R32: a coded stream is refused, since the asker of a stream is read to")
    void codedStream() {
        Reply reply = stream(Streams.gzip());

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.error().path("code").asText()).isEqualTo("upstream_protocol_error");
    }
}
