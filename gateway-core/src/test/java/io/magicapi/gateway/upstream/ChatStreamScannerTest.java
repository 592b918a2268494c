package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.Usage;
import io.magicapi.gateway.observe.UsagePointers;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatStreamScannerTest {

    private static final String CHUNK =
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Grüße\"},\"finish_reason\":null}]}\n\n";
    private static final String LAST =
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    private static final String USAGE =
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":18,\"completion_tokens\":556,\"total_tokens\":574}}\n\n";
    private static final String DONE = "data: [DONE]\n\n";

    private final ChatStreamScanner scanner = new ChatStreamScanner(UsagePointers.of(List.of("/usage")), 1 << 20);

    private String scan(String stream) {
        return scanner.scan(Buffer.buffer(stream)) + scanner.end().toString();
    }

    @Test
    @DisplayName("R32: a chunk of whole, well-formed events leaves as the very buffer that came in")
    void r32_zeroCopy() {
        Buffer chunk = Buffer.buffer(CHUNK + ": keep-alive\n\n" + LAST + USAGE + DONE);

        assertThat(scanner.scan(chunk)).isSameAs(chunk);
        assertThat(scanner.done()).isTrue();
    }

    @Test
    @DisplayName("R32: events in CRLF leave as they came")
    void r32_crlf() {
        String stream = (CHUNK + ": comment\n\n" + LAST + USAGE + DONE).replace("\n", "\r\n");
        Buffer chunk = Buffer.buffer(stream);

        assertThat(scanner.scan(chunk)).isSameAs(chunk);
    }

    @ParameterizedTest
    @DisplayName("R32: what all clients read leaves as it came")
    @ValueSource(
            strings = {
                "data:{\"a\":1}\n\n",
                "data: {\"a\":\ndata: 1}\n\n",
                "data: {\"a\":1}\n: a comment inside\n\n",
                ": OPENROUTER PROCESSING\n\n",
                ":\n\n",
                "\n\n\n",
                "data: {\"choices\":[],\"usage\":null,\"error\":null}\n\n",
                "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"error\\\": {\\\"message\\\"\"}}]}\n\n",
                "data: {\"choices\":[{\"delta\":{\"content\":\"error\"}}]}\n\n",
                "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"{\\\"finish_reason\\\":\\\"stop\\\"}\"}}]}}]}\n\n",
            })
    void r32_untouched(String stream) {
        assertThat(scan(stream)).isEqualTo(stream);
        assertThat(scanner.failed()).isFalse();
        assertThat(scanner.finished()).isFalse();
    }

    @Test
    @DisplayName("R32: a byte order mark at the start is dropped")
    void r32_byteOrderMark() {
        assertThat(scan("\ufeff" + CHUNK + DONE)).isEqualTo(CHUNK + DONE);
    }

    @Test
    @DisplayName("R32: a lone CR at a line's end becomes LF")
    void r32_loneReturn() {
        assertThat(scan((CHUNK + ": hi\n\n" + LAST + DONE).replace('\n', '\r')))
                .isEqualTo(CHUNK + ": hi\n\n" + LAST + DONE);
        assertThat(scanner.finished()).isTrue();
    }

    @Test
    @DisplayName("R31: an event that ends with two lone CRs does not wait for the next byte")
    void r31_loneReturnAtOnce() {
        assertThat(scanner.scan(Buffer.buffer("data: {}\r\r"))).hasToString("data: {}\n\n");
        assertThat(scanner.scan(Buffer.buffer("\ndata: {}\r\r"))).hasToString("data: {}\n\n");
    }

    @ParameterizedTest
    @DisplayName("R33: events that are no chunk do not reach the client")
    @ValueSource(
            strings = {
                "event: ping\ndata: {\"type\":\"ping\"}\n\n",
                "event: ping\n\n",
                "event: heartbeat\ndata: alive\n\n",
                "data:\n\n",
                "data\n\n",
                "data: \ndata:   \n\n",
                "id: 7\n\n",
                "retry: 3000\n\n",
                "id: 7\nretry: 3000\nfoo: bar\n\n",
            })
    void r33_dropped(String event) {
        assertThat(scan(CHUNK + event + DONE)).isEqualTo(CHUNK + DONE);
    }

    @Test
    @DisplayName("R33: a stream of nothing but pings and comments counts as empty")
    void r33_empty() {
        scan("event: ping\ndata: {}\n\n: hi\n\ndata:\n\n");

        assertThat(scanner.empty()).isTrue();
    }

    @Test
    @DisplayName("R33: a comment in an event that is dropped stays")
    void r33_commentStays() {
        assertThat(scan(": keep-alive\nid: 1\n\n")).isEqualTo(": keep-alive\n\n");
    }

    @Test
    @DisplayName("R33: id and retry are taken off an event that is otherwise good")
    void r33_idTakenOff() {
        assertThat(scan("id: 1\nretry: 5\n" + CHUNK)).isEqualTo(CHUNK);
        assertThat(scanner.empty()).isFalse();
    }

    @Test
    @DisplayName("R33: a chunk with an event name loses the name")
    void r33_nameTakenOff() {
        assertThat(scan("event: completion.chunk\n" + CHUNK + "event: message\r\n" + LAST + "event: done\n" + DONE))
                .isEqualTo(CHUNK + LAST + DONE);
        assertThat(scanner.finished()).isTrue();
    }

    @Test
    @DisplayName("R34: nothing follows [DONE], in the same chunk or a later one")
    void r34_nothingAfterDone() {
        assertThat(scanner.scan(Buffer.buffer(CHUNK + DONE + CHUNK + "data: LA")))
                .hasToString(CHUNK + DONE);
        assertThat(scanner.scan(Buffer.buffer("TE\n\n")).length()).isZero();
        assertThat(scanner.end().length()).isZero();
    }

    @ParameterizedTest
    @DisplayName("R34: a [DONE] that the upstream did not end properly is completed")
    @ValueSource(strings = {"data: [DONE]", "data: [DONE]\n", "data: [DONE]\r", "data: [DONE]\r\n", "data:[DONE]"})
    void r34_unterminatedDone(String end) {
        assertThat(scan(CHUNK + end)).isEqualTo(CHUNK + DONE);
        assertThat(scanner.done()).isTrue();
    }

    @ParameterizedTest
    @DisplayName("R34: a [DONE] that is missing after a finish_reason is added")
    @ValueSource(strings = {"", ": bye", "data: {\"choices\":"})
    void r34_missingDone(String rest) {
        assertThat(scan(CHUNK + LAST + rest)).isEqualTo(CHUNK + LAST + DONE);
        assertThat(scanner.done()).isTrue();
    }

    @Test
    @DisplayName("R35: any other unfinished event is discarded at the end, and the stream is not finished")
    void r35_unterminatedEvent() {
        assertThat(scan(CHUNK + LAST.stripTrailing() + "\n")).isEqualTo(CHUNK);
        assertThat(scanner.done()).isFalse();
        assertThat(scanner.finished()).isFalse();
        assertThat(scanner.empty()).isFalse();
    }

    @Test
    @DisplayName("R35: a finish_reason tells a stream that ended without [DONE] from one that was cut")
    void r35_finished() {
        assertThat(scan(CHUNK)).isEqualTo(CHUNK);
        assertThat(scanner.finished()).isFalse();

        ChatStreamScanner second = new ChatStreamScanner(UsagePointers.of(List.of("/usage")), 1 << 20);
        second.scan(Buffer.buffer(CHUNK + LAST));
        assertThat(second.finished()).isTrue();
    }

    @ParameterizedTest
    @DisplayName("R36: an error in OpenAI's shape gains event: error and keeps its bytes")
    @ValueSource(
            strings = {
                "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n",
                "data: {\"error\": {\"message\": \"x\", \"failed_generation\": \"y\"}}\n\n",
                "data: {\"id\":\"gen-1\",\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}],\"error\":{\"code\":502,\"message\":\"Provider disconnected\"}}\n\n",
                "data: {\"error\":\r\ndata: {\"message\":\"in two lines\"}}\r\n\r\n",
            })
    void r36_errorNamed(String event) {
        assertThat(scan(CHUNK + event + DONE)).isEqualTo(CHUNK + "event: error\n" + event);
        assertThat(scanner.failed()).isTrue();
        assertThat(scanner.done()).isFalse();
    }

    @Test
    @DisplayName("R36: an error that has its name already leaves as it came")
    void r36_errorAlreadyNamed() {
        String event = "event: error\ndata: {\"error\":{\"message\":\"m\"}}\n\n";

        assertThat(scan(event + CHUNK)).isEqualTo(event);
        assertThat(scanner.failed()).isTrue();
    }

    @Test
    @DisplayName("R36: errors in other shapes are given OpenAI's, with all four fields")
    void r36_errorShaped() {
        assertError(
                "data: {\"error\":\"boom\"}\n\n",
                "{\"error\":{\"message\":\"boom\",\"type\":\"upstream_error\",\"param\":null,\"code\":null}}");
        assertError(
                "data: {\"object\":\"error\",\"message\":\"too long\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}\n\n",
                "{\"error\":{\"message\":\"too long\",\"type\":\"BadRequestError\",\"param\":null,\"code\":\"400\"}}");
        assertError(
                "event: error\ndata: upstream went away\n\n",
                "{\"error\":{\"message\":\"upstream went away\",\"type\":\"upstream_error\",\"param\":null,\"code\":null}}");
        assertError(
                "event: error\ndata: {\"type\":\"error\",\"message\":\"m\"}\n\n",
                "{\"error\":{\"message\":\"m\",\"type\":\"upstream_error\",\"param\":null,\"code\":null}}");
        assertError(
                "event: error\n\n",
                "{\"error\":{\"message\":\"the upstream reported an error without saying which\",\"type\":\"upstream_error\",\"param\":null,\"code\":null}}");
    }

    private static void assertError(String event, String data) {
        ChatStreamScanner scanner = new ChatStreamScanner(UsagePointers.of(List.of("/usage")), 1 << 20);

        assertThat(scanner.scan(Buffer.buffer(event))).hasToString("event: error\ndata: " + data + "\n\n");
        assertThat(scanner.failed()).isTrue();
    }

    @Test
    @DisplayName("R36: Groq's x_groq.error tells why a stream stopped early; it is no error of the stream")
    void r36_groqStop() {
        String stream =
                "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"x_groq\":{\"error\":\"over capacity\"}}\n\n"
                        + DONE;

        assertThat(scan(stream)).isEqualTo(stream);
        assertThat(scanner.failed()).isFalse();
        assertThat(scanner.finished()).isTrue();
    }

    @ParameterizedTest
    @DisplayName("R35: an event that is no JSON object is dropped, and nothing follows it: clients crash on it")
    @ValueSource(
            strings = {
                "data: {\"choices\":[{\n\n",
                "data: {\"error\": {broken\n\n",
                "data: \"usage\": {\"finish_reason\":\"x\"}\n\n",
                "data: <html>{}\n\n",
                "data: upstream went away\r\n\r\n",
                "data: {\"a\":\ndata: 1\n\n",
                "data: [1]\n\n",
                "data: null\n\n",
                "event: message\ndata: {\"choices\":[\n\n",
            })
    void r35_malformed(String event) {
        assertThat(scan(CHUNK + LAST + event + CHUNK + DONE)).isEqualTo(CHUNK + LAST);
        assertThat(scanner.malformed()).isTrue();
        assertThat(scanner.failed()).isFalse();
        assertThat(scanner.done()).isFalse();
    }

    @Test
    @DisplayName("R32: blanks around an object are none of it")
    void r32_blanksAround() {
        String stream = "data:   {\"a\":1} \t\r\n\r\ndata:\ndata: {\ndata: }\ndata:\n\n";

        assertThat(scan(stream)).isEqualTo(stream);
        assertThat(scanner.malformed()).isFalse();
    }

    @Test
    @DisplayName("R42: usage is read from the last chunk that has it, and passes unchanged")
    void r42_usage() {
        String early = USAGE.replace("556", "1");

        assertThat(scan(early + CHUNK + USAGE + DONE)).isEqualTo(early + CHUNK + USAGE + DONE);
        assertThat(scanner.usage()).contains(new Usage(18, 556, 574));
    }

    @Test
    @DisplayName("R42: usage is read where the provider says it is")
    void r42_groqUsage() {
        ChatStreamScanner groq = new ChatStreamScanner(UsagePointers.of(List.of("/x_groq/usage", "/usage")), 1 << 20);
        Buffer chunk = Buffer.buffer(
                "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"x_groq\":{\"id\":\"r\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7,\"queue_time\":0.01}}}\n\n");

        assertThat(groq.scan(chunk)).isSameAs(chunk);
        assertThat(groq.usage()).contains(new Usage(3, 4, 7));
        assertThat(groq.finished()).isTrue();
    }

    @Test
    @DisplayName("R31: whole events leave at once, the beginning of the next one is held")
    void r31_partial() {
        assertThat(scanner.scan(Buffer.buffer(CHUNK + "data: {\"x\""))).hasToString(CHUNK);
        assertThat(scanner.scan(Buffer.buffer(":1}")).length()).isZero();
        assertThat(scanner.scan(Buffer.buffer("\n\n" + CHUNK))).hasToString("data: {\"x\":1}\n\n" + CHUNK);
    }

    @Test
    @DisplayName("R40: an event longer than may be held fails the stream")
    void r40_tooLong() {
        ChatStreamScanner small = new ChatStreamScanner(UsagePointers.of(List.of("/usage")), 100);
        small.scan(Buffer.buffer("data: " + "x".repeat(94)));

        assertThatThrownBy(() -> small.scan(Buffer.buffer("x"))).isInstanceOfSatisfying(GatewayException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.UPSTREAM_PROTOCOL_ERROR);
            assertThat(e).hasMessageContaining("100 bytes");
        });
    }

    @Test
    @DisplayName("R40: a long event that trickles in is read once, not again with each piece")
    void r40_trickle() {
        ChatStreamScanner patient = new ChatStreamScanner(UsagePointers.of(List.of("/usage")), 16 << 20);
        Buffer piece = Buffer.buffer("\"usage\":null,".repeat(20));

        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            patient.scan(Buffer.buffer("data: {"));
            for (int i = 0; i < 40_000; i++) {
                assertThat(patient.scan(piece).length()).isZero();
            }
            assertThat(patient.scan(Buffer.buffer("}\n\n")).length()).isEqualTo(7 + 40_000 * piece.length() + 3);
        });
    }
}
