package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig.Timeouts;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that take their time, 500 at once: each is given up at its deadline, and nobody else notices. */
@Tag("alone")
class SlowClientTest {

    private static final int CROWD = 500;
    private static final Duration DEADLINE = Duration.ofSeconds(1);

    /** How late a deadline may be kept on a busy machine. */
    private static final Duration LATE = Duration.ofSeconds(2);

    /** Until the system has no sockets left of those that were given up, on a busy machine. */
    private static final Duration SETTLED = Duration.ofSeconds(60);

    /** How long the rest of a refused request is read. */
    private static final Duration LINGER = Duration.ofSeconds(2);

    private static final Duration TICK = Duration.ofMillis(100);

    private static final String HEAD = " HTTP/1.1\r\nhost: g\r\nauthorization: Bearer k\r\n";
    private static final String FORM = "content-type: multipart/form-data; boundary=b\r\n";

    /** The heads of requests whose body is read into memory, framed in chunks, passed through, and searched. */
    private static final Map<String, String> SLOW_BODIES = Map.of(
            "JSON",
            "POST /v1/chat/completions" + HEAD + "x-provider: groq\r\ncontent-length: 1000000\r\n\r\n{\"model\":\"",
            "chunked",
            "POST /v1/chat/completions" + HEAD + "x-provider: groq\r\ntransfer-encoding: chunked\r\n\r\n",
            "multipart",
            "POST /v1/files" + HEAD + FORM + "x-provider: groq\r\ncontent-length: 1000000\r\n\r\n--b\r\n",
            "multipart with a model",
            "POST /v1/audio/transcriptions" + HEAD + FORM + "content-length: 1000000\r\n\r\n--b\r\n"
                    + "content-disposition: form-data; name=\"prompt\"\r\n\r\n");

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway().config(config -> {
        Timeouts timeouts = new Timeouts(DEADLINE, DEADLINE, DEADLINE, DEADLINE, Duration.ofSeconds(1));
        return config.withServer(
                config.server().with(config.server().port(), config.server().limits(), timeouts));
    });

    private static void assertOnTime(List<Duration> open) {
        assertOnTime(open, DEADLINE);
    }

    private static void assertOnTime(List<Duration> open, Duration latest) {
        assertThat(open).allSatisfy(each -> assertThat(each).isBetween(DEADLINE.minus(TICK), latest.plus(LATE)));
        await().atMost(SETTLED)
                .untilAsserted(() -> assertThat(Crowd.connectionsAt(gateway.port()))
                        .as("sockets of the gateway, those of good clients included")
                        .isLessThan(5));
    }

    @Test
    @DisplayName("S3: connections on which nothing comes are closed at request-head")
    void silent() {
        try (GoodTraffic good = new GoodTraffic(gateway);
                Crowd crowd = new Crowd(gateway, CROWD)) {
            assertOnTime(crowd.awaitClosed(DEADLINE.plus(LATE)));
            assertThat(crowd.received()).containsOnly("");
        }
    }

    @Test
    @DisplayName("S3: connections on which headers trickle are closed at request-head, however steadily they do")
    void slowHead() {
        try (GoodTraffic good = new GoodTraffic(gateway);
                Crowd crowd = new Crowd(gateway, CROWD)) {
            crowd.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n");
            assertOnTime(crowd.awaitClosed(DEADLINE.plus(LATE), TICK, () -> crowd.send("x-a: b\r\n")));
        }
    }

    @Test
    @DisplayName("S3: connections that are kept and not used are closed at keep-alive")
    void keptAlive() {
        try (GoodTraffic good = new GoodTraffic(gateway);
                Crowd crowd = new Crowd(gateway, CROWD)) {
            crowd.send("GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n");
            crowd.awaitEach("HTTP/1.1 200 ", DEADLINE.plus(LATE));
            assertOnTime(crowd.awaitClosed(DEADLINE.plus(LATE)));
        }
    }

    @Test
    @DisplayName("S3: the headers of a further request may not trickle either")
    void slowSecondHead() {
        try (Crowd crowd = new Crowd(gateway, CROWD)) {
            crowd.send("GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n");
            crowd.awaitEach("HTTP/1.1 200 ", DEADLINE.plus(LATE));
            crowd.send("GET /v1/models HTTP/1.1\r\nhost: g\r\n");
            assertOnTime(crowd.awaitClosed(DEADLINE.plus(LATE), TICK, () -> crowd.send("x-a: b\r\n")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"JSON", "chunked", "multipart", "multipart with a model"})
    @DisplayName("S3: bodies that come at less than 1 KiB/s are answered 408, and their connections closed")
    void slowBody(String kind) {
        String more = kind.equals("chunked") ? "8\r\n        \r\n" : "        ";
        try (GoodTraffic good = new GoodTraffic(gateway);
                Crowd crowd = new Crowd(gateway, CROWD)) {
            crowd.send(SLOW_BODIES.getOrDefault(kind, ""));
            List<Duration> open = crowd.awaitClosed(DEADLINE.plus(LINGER).plus(LATE), TICK, () -> crowd.send(more));

            assertOnTime(open, DEADLINE.plus(LINGER));
            assertThat(crowd.received())
                    .allSatisfy(answer -> assertThat(answer)
                            .startsWith("HTTP/1.1 408 ")
                            .contains("\"code\":\"request_timeout\"", "\"type\":\"invalid_request_error\""));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"JSON", "chunked", "multipart"})
    @DisplayName("S3: bodies that come at more than 1 KiB/s may take longer than request-body")
    void slowEnough(String kind) {
        boolean chunked = kind.equals("chunked");
        String filler = " ".repeat(300);
        String json = CHAT.substring(0, CHAT.length() - 1);
        int length = json.length() + 20 * filler.length() + 1;
        String begin = "POST " + (kind.equals("multipart") ? "/v1/files" + HEAD + FORM : "/v1/chat/completions" + HEAD)
                + "x-provider: groq\r\n"
                + (chunked ? "transfer-encoding: chunked\r\n\r\n" : "content-length: " + length + "\r\n\r\n");

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.send(begin).send(chunked ? framed(json) : json);
            IntStream.range(0, 20).forEach(i -> {
                await().pollDelay(TICK).until(() -> true);
                client.send(chunked ? framed(filler) : filler);
            });
            client.send(chunked ? framed("}") + "0\r\n\r\n" : "}");

            assertThat(client.read().status()).isEqualTo(200);
        }
    }

    private static String framed(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    @Test
    @DisplayName("S4: clients that read nothing of a stream are given up at slow-reader, and so is the upstream")
    void slowReaders() {
        String flood = STREAM.replace("\"m\"", "\"flood\"");
        gateway.upstream()
                .answerWith(Answer.from(request ->
                        request.text().contains("flood") ? Faults.floodStream(Long.MAX_VALUE) : Streams.plain()));
        try (Crowd crowd = new Crowd(gateway, CROWD)) {
            crowd.send(chat(flood));
            IntStream.range(0, CROWD).forEach(i -> gateway.upstream().awaitRequest());

            try (GoodTraffic good = new GoodTraffic(gateway, STREAM)) {
                assertGivenUp();
            }
            crowd.awaitClosed(LATE);
        }
    }

    @Test
    @DisplayName("S4: a client that reads nothing is given up even if all of its answer has been written already")
    void slowReaderOfTheRest() {
        String words = "w".repeat(8 << 20);
        gateway.upstream()
                .answerWith(Answer.json(
                        200,
                        "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
                                + "\"message\":{\"role\":\"assistant\",\"content\":\"" + words
                                + "\"},\"finish_reason\":\"stop\"}]}"));
        try (Crowd crowd = new Crowd(gateway, 2)) {
            crowd.send(chat(STREAM));
            IntStream.range(0, 2).forEach(i -> gateway.upstream().awaitRequest());

            assertGivenUp();
            crowd.awaitClosed(LATE);
        }
    }

    @Test
    @DisplayName("S4: a client that sends requests and reads no answers is not served any more, and then given up")
    void pipelinedUnread() {
        gateway.upstream().answerWith(Answer.json(200, "[\"" + "x".repeat(256 * 1024) + "\"]"));
        try (Crowd crowd = new Crowd(gateway, 2)) {
            crowd.send(chat(CHAT).repeat(200));

            assertGivenUp();
            crowd.awaitClosed(LATE);
            assertThat(gateway.upstream().requests().size()).isLessThan(200);
        }
    }

    private static String chat(String body) {
        return "POST /v1/chat/completions" + HEAD + "x-provider: groq\r\ncontent-type: application/json\r\n"
                + "content-length: " + body.length() + "\r\n\r\n" + body;
    }

    /** Not by reading, since that would be a reader. */
    private static void assertGivenUp() {
        await().atMost(SETTLED).untilAsserted(() -> {
            assertThat(Crowd.connectionsAt(gateway.port())).isZero();
            // What is open is idle in the pool.
            assertThat(gateway.upstream().openConnections()).isLessThan(20);
        });
    }
}
