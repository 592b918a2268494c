package io.magicapi.gateway.provider.bedrock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.api.ProviderException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Streams, as Amazon Bedrock's User Guide shows them ("Converse API examples", "Tool use"). */
class ConverseStreamTest {

    private static final String HEAD =
            "{\"id\":\"chatcmpl-r-1\",\"object\":\"chat.completion.chunk\",\"created\":1795521600,\"model\":\"m\",\"choices\":[";

    private static final byte[] START = Frames.event("messageStart", "{\"role\":\"assistant\",\"p\":\"abcd\"}");
    private static final byte[] METADATA = Frames.event("metadata", """
            {"usage":{"inputTokens":47,"outputTokens":20,"totalTokens":67},"metrics":{"latencyMs":100}}""");

    private static byte[] delta(int block, String delta) {
        return Frames.event(
                "contentBlockDelta", "{\"contentBlockIndex\":" + block + ",\"delta\":" + delta + ",\"p\":\"abc\"}");
    }

    private static byte[] blockStop(int block) {
        return Frames.event("contentBlockStop", "{\"contentBlockIndex\":" + block + "}");
    }

    private static byte[] toolStart(int block, String id, String name) {
        return Frames.event("contentBlockStart", """
                {"contentBlockIndex":%d,"start":{"toolUse":{"toolUseId":"%s","name":"%s"}}}""".formatted(block, id, name));
    }

    private static byte[] stop(String reason) {
        return Frames.event("messageStop", "{\"stopReason\":\"" + reason + "\"}");
    }

    private static String chunk(String delta) {
        return chunk(delta, "null");
    }

    private static String chunk(String delta, String finishReason) {
        return HEAD + "{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + finishReason + "}]}";
    }

    private static final String ROLE = chunk("{\"role\":\"assistant\",\"content\":\"\"}");
    private static final String USAGE = HEAD
            + "],\"usage\":{\"prompt_tokens\":47,\"completion_tokens\":20,\"total_tokens\":67,"
            + "\"prompt_tokens_details\":{\"cached_tokens\":0,\"cache_write_tokens\":0}}}";

    @Test
    @DisplayName("a text comes in chunks, then the reason to stop, the usage and the end, wherever the bytes were cut")
    void text() {
        byte[] stream = Frames.joined(
                START,
                delta(0, "{\"text\":\"Hel\"}"),
                delta(0, "{\"text\":\"lo\"}"),
                blockStop(0),
                stop("end_turn"),
                METADATA);
        List<String> expected = List.of(
                ROLE,
                chunk("{\"content\":\"Hel\"}"),
                chunk("{\"content\":\"lo\"}"),
                chunk("{}", "\"stop\""),
                USAGE,
                "DONE");

        for (int piece = 1; piece <= stream.length; piece++) {
            assertThat(Bedrock.stream(stream, piece))
                    .as("in pieces of %d", piece)
                    .isEqualTo(expected);
        }
    }

    @Test
    @DisplayName("tools are counted apart from texts, their arguments come in fragments, and none are an empty object")
    void tools() {
        byte[] stream = Frames.joined(
                START,
                delta(0, "{\"text\":\"I look\"}"),
                blockStop(0),
                toolStart(1, "t1", "top_song"),
                delta(1, "{\"toolUse\":{\"input\":\"\"}}"),
                delta(1, "{\"toolUse\":{\"input\":\"{\\\"sign\\\":\"}}"),
                delta(1, "{\"toolUse\":{\"input\":\"\\\"WZPZ\\\"}\"}}"),
                blockStop(1),
                toolStart(2, "t2", "now"),
                blockStop(2),
                stop("tool_use"),
                METADATA);

        assertThat(Bedrock.stream(stream, stream.length))
                .startsWith(
                        ROLE,
                        chunk("{\"content\":\"I look\"}"),
                        chunk("{\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"type\":\"function\","
                                + "\"function\":{\"name\":\"top_song\",\"arguments\":\"\"}}]}"),
                        chunk("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"sign\\\":\"}}]}"),
                        chunk("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"WZPZ\\\"}\"}}]}"),
                        chunk("{\"tool_calls\":[{\"index\":1,\"id\":\"t2\",\"type\":\"function\","
                                + "\"function\":{\"name\":\"now\",\"arguments\":\"\"}}]}"),
                        chunk("{\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"{}\"}}]}"),
                        chunk("{}", "\"tool_calls\""),
                        USAGE,
                        "DONE");
    }

    @Test
    @DisplayName("thoughts and their signature come as deltas of their own")
    void reasoning() {
        byte[] stream = Frames.joined(
                delta(0, "{\"reasoningContent\":{\"text\":\"hm\"}}"),
                delta(0, "{\"reasoningContent\":{\"signature\":\"sig\"}}"),
                delta(0, "{\"reasoningContent\":{\"redactedContent\":\"AAAA\"}}"),
                delta(1, "{\"text\":\"42\"}"));

        assertThat(Bedrock.stream(stream, stream.length))
                .containsExactly(
                        chunk("{\"reasoning_content\":\"hm\"}"),
                        chunk("{\"reasoning_signature\":\"sig\"}"),
                        chunk("{\"content\":\"42\"}"));
    }

    @Test
    @DisplayName("an answer without usage is whole, one without reason to stop is not")
    void whole() {
        assertThat(Bedrock.stream(Frames.joined(START, stop("max_tokens")), 1000))
                .containsExactly(ROLE, chunk("{}", "\"length\""), "DONE");
        assertThat(Bedrock.stream(Frames.joined(START, METADATA), 1000)).containsExactly(ROLE, USAGE);
        assertThat(Bedrock.stream(new byte[0], 1)).isEmpty();
    }

    @Test
    @DisplayName("events nobody knows yet are passed over")
    void unknownEvents() {
        assertThat(Bedrock.stream(Frames.joined(Frames.event("heartbeat", "not JSON"), START), 1000))
                .containsExactly(ROLE);
    }

    @ParameterizedTest
    @CsvSource({
        "throttlingException,ThrottlingException",
        "modelStreamErrorException,ModelStreamErrorException",
        "internalServerException,InternalServerException",
        "validationException,ValidationException",
        "serviceUnavailableException,ServiceUnavailableException"
    })
    @DisplayName(
            "a failure within the stream is an error, with Bedrock's words and the type's name as in an HTTP error")
    void exceptions(String exception, String type) {
        byte[] stream = Frames.joined(START, Frames.exception(exception, "{\"message\":\"Try again later\"}"));

        assertThat(Bedrock.stream(stream, 7)).containsExactly(ROLE, "ERROR " + type + ": Try again later");
    }

    @Test
    @DisplayName("so is one that the API does not list")
    void error() {
        assertThat(Bedrock.stream(Frames.error("InternalError", "oops"), 1000))
                .containsExactly("ERROR InternalError: oops");
    }

    @Test
    @DisplayName("a malformed event, or a model's malformed output, breaks the stream off")
    void malformed() {
        for (byte[] last : List.of(Frames.event("contentBlockDelta", "{"), stop("malformed_model_output"), stop(""))) {
            assertThatThrownBy(() -> Bedrock.stream(Frames.joined(START, last), 1000))
                    .isInstanceOf(ProviderException.class)
                    .extracting(thrown -> ((ProviderException) thrown).kind())
                    .isEqualTo(ProviderException.Kind.BAD_ANSWER);
        }
    }
}
