package io.magicapi.gateway.provider.anthropic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.magicapi.gateway.api.ProviderException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams that are not as they should be; those that are stand in the golden files. */
class MessagesStreamTest {

    private static final String BEGIN = event("message_start", "\"message\":{\"id\":\"m\",\"model\":\"c\"}");
    private static final String TEXT =
            event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\"}");
    private static final String WORD =
            event("content_block_delta", "\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}");
    private static final String STOP = event("content_block_stop", "\"index\":0");
    private static final String FINISH = event("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"}");
    private static final String END = event("message_stop", "\"x\":0");

    private static String event(String name, String fields) {
        return "event: " + name + "\ndata: {\"type\":\"" + name + "\"," + fields + "}\n\n";
    }

    private static String events(String names) {
        StringBuilder events = new StringBuilder();
        for (String name : names.split(" ", -1)) {
            events.append(
                    switch (name) {
                        case "begin" -> BEGIN;
                        case "text" -> TEXT;
                        case "word" -> WORD;
                        case "stop" -> STOP;
                        case "finish" -> FINISH;
                        case "unfinished" -> event("message_delta", "\"delta\":{\"stop_reason\":null}");
                        case "empty" -> event("message_start", "\"message\":1");
                        case "garbage" -> "event: message_start\ndata: {\"type\":\n\n";
                        default -> END;
                    });
        }
        return events.toString();
    }

    @Test
    @DisplayName("these events, in this order, are an answer")
    void whole() {
        Golden.Received received = Golden.translate(events("begin text word stop finish end"));

        assertThat(received.end).isEqualTo("done");
        assertThat(received.chunks).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text",
                "word",
                "stop",
                "finish",
                "end",
                "garbage",
                "empty",
                "begin begin",
                "begin word",
                "begin stop",
                "begin text text",
                "begin text finish",
                "begin text stop end",
                "begin text stop unfinished end",
                "begin text stop finish text",
                "begin text word stop finish",
                "begin text word",
                "begin"
            })
    @DisplayName("in another order, or with something missing, they are a failure")
    void malformed(String names) {
        assertThatThrownBy(() -> Golden.translate(events(names)))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(failure -> assertThat(failure.kind()).isEqualTo(ProviderException.Kind.BAD_ANSWER));
    }

    @Test
    @DisplayName("the end may be told in several events, of which the last counts the tokens")
    void severalDeltas() {
        Golden.Received received = Golden.translate(BEGIN
                + event("message_delta", "\"delta\":{\"stop_reason\":\"max_tokens\"},\"usage\":{\"output_tokens\":3}")
                + event("message_delta", "\"delta\":{},\"usage\":{\"output_tokens\":4}")
                + END);

        assertThat(received.chunks).hasSize(3);
        assertThat(received.chunks.get(1).at("/choices/0/finish_reason").asText())
                .isEqualTo("length");
        assertThat(received.chunks.get(2).at("/usage/completion_tokens").asInt())
                .isEqualTo(4);
        assertThat(received.end).isEqualTo("done");
    }

    @Test
    @DisplayName("an error is passed on with its words, and is no answer")
    void error() {
        Golden.Received received = Golden.translate(
                BEGIN + event("error", "\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}"));

        assertThat(received.end).isEqualTo("overloaded_error: Overloaded");
    }

    @Test
    @DisplayName("an error that does not say what it is, is one nevertheless")
    void bareError() {
        Golden.Received received = Golden.translate(event("error", "\"x\":0"));

        assertThat(received.end).isEqualTo("api_error: Anthropic broke the answer off");
    }

    @Test
    @DisplayName("events without a name are told by their type")
    void nameless() {
        String nameless = events("begin text word stop finish end").replaceAll("event: .*\n", "");

        assertThat(Golden.translate(nameless).end).isEqualTo("done");
    }

    @ParameterizedTest
    @EnumSource(StopReason.class)
    @DisplayName("each stop reason becomes the finish reason that the documentation names")
    void stopReasons(StopReason reason) {
        Golden.Received received = Golden.translate(
                BEGIN + event("message_delta", "\"delta\":{\"stop_reason\":\"" + reason.word() + "\"}") + END);

        assertThat(received.chunks.get(1).at("/choices/0/finish_reason").asText())
                .isEqualTo(reason.finishReason());
    }

    @ParameterizedTest
    @CsvSource({"tool_use, tool_calls", "max_tokens, length", "refusal, content_filter", "new_one, stop"})
    @DisplayName("one that is not known is a stop")
    void stopReason(String reason, String finishReason) {
        Golden.Received received = Golden.translate(
                BEGIN + event("message_delta", "\"delta\":{\"stop_reason\":\"" + reason + "\"}") + END);

        assertThat(received.chunks.get(1).at("/choices/0/finish_reason").asText())
                .isEqualTo(finishReason);
    }

    @Test
    @DisplayName("a tool that begins with its whole input, and gets no more, has that for arguments")
    void inputAtOnce() {
        Golden.Received received = Golden.translate(BEGIN
                + event(
                        "content_block_start",
                        "\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"a\":1}}")
                + STOP
                + FINISH
                + END);

        List<String> arguments = received.chunks.stream()
                .map(chunk -> chunk.at("/choices/0/delta/tool_calls/0/function/arguments"))
                .filter(node -> !node.isMissingNode())
                .map(node -> node.asText())
                .toList();
        assertThat(String.join("", arguments)).isEqualTo("{\"a\":1}");
    }
}
