package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever an upstream does wrong, the one request is told in time, and no other request notices. */
class UpstreamFaultTest {

    private static final Duration FIRST_BYTE = Duration.ofMillis(500);
    private static final Duration IDLE = Duration.ofMillis(400);
    private static final Duration TOLERANCE = Duration.ofMillis(250);

    @RegisterExtension
    static final GatewayExtension gateway =
            GroqJar.gateway().deadlines(new Deadlines(Duration.ofSeconds(1), FIRST_BYTE, IDLE));

    /** Faults that are none but slowness, or size. */
    private static final Map<String, Duration> SLOW = Map.of(
            "trickle", Duration.ofSeconds(5), "floodStream", Duration.ofSeconds(3), "floodBody", Duration.ofSeconds(3));

    /**
     * Faults that send something behind an answer, in a packet of its own. Its connection is closed, but not before it
     * comes, and what comes after the next request was sent cannot be told from that one's answer; so these are waited
     * for.
     */
    private static final Set<String> TOO_MUCH = Set.of("extraBytes", "twoAnswers", "lateSecondAnswer", "bodyWith204");

    /** How a fault ends for the client. A status stands for a whole answer with that status. */
    private static final String CUT = "cut"; // the connection ends within the body

    private static final String BROKEN = "broken"; // an error event, then the connection ends
    private static final String STREAMED = "stream"; // a whole stream

    private static final Map<String, String[]> ENDS = new HashMap<>();

    private static void ends(String plain, String stream, String... faults) {
        for (String fault : faults) {
            ENDS.put(fault, new String[] {plain, stream});
        }
    }

    static {
        ends("502", "502", "resetBeforeHead", "closeBeforeHead", "resetInHead", "closeInHead");
        ends("504", "504", "silence", "stallInHead", "unreadBody");
        ends(CUT, "502", "resetMidBody", "closeMidBody");
        ends(CUT, "504", "stallMidBody");
        ends(BROKEN, BROKEN, "resetMidStream", "closeMidStream", "closeMidChunk", "stallMidStream", "badChunkSize");
        ends(
                "502",
                "502",
                "garbage",
                "lengthAndChunks",
                "bareLfHead",
                "badStatusLine",
                "nulInHead",
                "twoLengths",
                "sameLengthTwice");
        ends("502", "502", "informational", "status", "redirect", "gzip", "gzipBomb");
        ends("200", STREAMED, "late", "informationalFirst");
        ends(STREAMED, STREAMED, "trickle", "floodStream", "unframedStream");
        ends("200", STREAMED, "closeIfReused", "extraBytes", "twoAnswers");
        ends("200", STREAMED, "lateSecondAnswer", "tinyChunks", "leadingBlankLines", "wrongContentType");
        ends("200", STREAMED, "unframedBody", "closeAfterAnswer");
        ends("200", "502", "hugeHead");
        ends("200", BROKEN, "floodBody");
        ends("204", BROKEN, "bodyWith204");
        ends("413", "413", "refuseBody");
        ends("502", "502", "htmlError");
        ends("503", "503", "plainTextError");
        ends("500", "500", "emptyError");
        ends("422", "422", "foreignError");
    }

    static Stream<Arguments> faults() {
        return Faults.all().entrySet().stream()
                .flatMap(fault -> Stream.of(
                        Arguments.of(fault.getKey(), "plain", fault.getValue()),
                        Arguments.of(fault.getKey(), "stream", fault.getValue())));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("faults")
    @DisplayName("R35: each fault ends in time and as documented, and the next request gets its own answer")
    void fault(String name, String kind, Answer fault) {
        String expected = ENDS.getOrDefault(name, new String[] {"?", "?"})[kind.equals("plain") ? 0 : 1];
        String request = kind.equals("plain") ? CHAT : STREAM;

        // Once on whatever connection there is, and once more on one that has been used for certain.
        for (int round = 0; round < 2; round++) {
            gateway.upstream().enqueue(fault, fault); // the second in case the first is taken for a stale connection
            long begin = System.nanoTime();
            Reply reply = AnswerClient.ask(gateway, request);
            Duration took = Duration.ofNanos(System.nanoTime() - begin);

            assertThat(end(reply)).as("%s", reply.head()).isEqualTo(expected);
            Duration deadline = FIRST_BYTE.plus(TOLERANCE);
            assertThat(took).isLessThan(SLOW.containsKey(name) ? SLOW.get(name) : deadline);
            if (TOO_MUCH.contains(name)) {
                gateway.upstream().awaitClientClosed();
            }
            gateway.upstream().reset();
            assertOthersUnharmed(name);
        }
    }

    /** On each of the gateway's event loops, over which connections are dealt out in turn. */
    private static void assertOthersUnharmed(String name) {
        for (int loop = 0; loop < Runtime.getRuntime().availableProcessors(); loop++) {
            try (AnswerClient client = new AnswerClient(gateway)) {
                for (int i = 0; i < 3; i++) {
                    String own = "\"mine " + loop + i + "\"";
                    gateway.upstream().enqueue(Answer.json(200, own));

                    Reply good = client.chat(CHAT).read();

                    assertThat(good.text()).as("after %s: %s", name, good).isEqualTo(own);
                }
            }
        }
    }

    private static String end(Reply reply) {
        if (reply.whole()) {
            boolean streamed = reply.header("content-type")
                    .filter("text/event-stream"::equals)
                    .isPresent();
            boolean error = reply.status() >= 400;
            if (error) {
                assertThat(reply.error().path("message").asText()).isNotBlank();
            }
            return streamed && reply.text().endsWith(Streams.DONE) && reply.status() == 200
                    ? STREAMED
                    : Integer.toString(reply.status());
        }
        assertThat(reply.text()).doesNotContain("[DONE]");
        assertThat(reply.status()).as("an answer has begun: %s", reply).isEqualTo(200);
        return reply.text().contains("event: error\ndata: {") ? BROKEN : CUT;
    }

    @Test
    @DisplayName("R30: bytes in the packet that ends an answer never reach another request, nor make it fail")
    void leftovers() {
        for (String leftover : new String[] {
            "extra", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret", "HTTP/1.1 200", "\r\nx", "\0"
        }) {
            try (AnswerClient client = new AnswerClient(gateway)) {
                for (int i = 0; i < 10; i++) {
                    String own = "\"" + i + "\"";
                    gateway.upstream()
                            .enqueue(Answer.raw("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n" + own + leftover));

                    Reply reply = client.chat(CHAT).read();

                    assertThat(reply.text()).as("behind %s", leftover).isEqualTo(own);
                }
            }
        }
    }

    @Test
    @DisplayName("R30: bytes behind the end of a chunked answer, or in a packet of their own, close the connection too")
    void leftoversBehindChunks() {
        try (AnswerClient client = new AnswerClient(gateway)) {
            for (String leftover : new String[] {"extra", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret"}) {
                gateway.upstream().enqueue(Streams.plain().send(leftover));
                assertThat(client.chat(STREAM).read().whole()).isTrue();
                gateway.upstream().awaitClientClosed();

                gateway.upstream()
                        .enqueue(Answer.json(200, "{}")
                                .pause(Duration.ofMillis(30))
                                .send(leftover));
                assertThat(client.chat(CHAT).read().text()).isEqualTo("{}");
                gateway.upstream().awaitClientClosed();

                assertThat(client.chat(CHAT).read().json().path("object").asText())
                        .isEqualTo("chat.completion");
            }
        }
    }

    @Test
    @DisplayName("R30: an answer that comes while nothing is under way is thrown away with its connection")
    void lateAnswer() {
        try (AnswerClient client = new AnswerClient(gateway)) {
            for (int i = 0; i < 20; i++) {
                gateway.upstream().enqueue(Faults.lateSecondAnswer(Duration.ofMillis(5)));
                assertThat(client.chat(CHAT).read().json().path("object").asText())
                        .isEqualTo("chat.completion");
                int connection = gateway.upstream().requests().get(2 * i).connection();
                assertThat(Stream.generate(() -> gateway.upstream().awaitClientClosed())
                                .anyMatch(closed -> closed.connection() == connection))
                        .isTrue();

                gateway.upstream().enqueue(Answer.json(200, "\"mine\""));
                assertThat(client.chat(CHAT).read().text()).isEqualTo("\"mine\"");
            }
        }
    }

    @Test
    @DisplayName("R30: good answers keep their connection")
    void keepsConnections() {
        // With a length: [DONE] is its last byte, so that its connection is free when the client has the answer.
        gateway.upstream()
                .answerWith(Answer.http(
                        200,
                        Headers.of("content-type", "text/event-stream"),
                        ("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n"
                                        + "data: [DONE]\n\n")
                                .getBytes(StandardCharsets.UTF_8)));
        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(STREAM).read();
            int before = gateway.upstream().acceptedConnections();
            for (int i = 0; i < 20; i++) {
                assertThat(client.chat(STREAM).read().whole()).isTrue();
            }
            gateway.upstream().answerWith(Faults.informationalFirst(103));
            for (int i = 0; i < 5; i++) {
                assertThat(client.chat(CHAT).read().whole()).isTrue();
            }

            assertThat(gateway.upstream().acceptedConnections()).isEqualTo(before);
        }
    }

    @Test
    @DisplayName("R39: no fault leaves a connection that is of no use")
    void noneStay() {
        Map<String, Answer> faults = Faults.all();
        faults.values().forEach(fault -> {
            gateway.upstream().reset();
            gateway.upstream().enqueue(fault);
            AnswerClient.ask(gateway, STREAM);
        });

        // An upstream that does not read does not notice either.
        await().atMost(Duration.ofSeconds(3))
                .untilAsserted(
                        () -> assertThat(gateway.upstream().openConnections()).isLessThan(12));
    }
}
