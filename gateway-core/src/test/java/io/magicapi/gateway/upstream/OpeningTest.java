package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpeningTest {

    private static String delta(String delta) {
        return "data: {\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":null}]}\n\n";
    }

    private static boolean hasWord(String events) {
        return Opening.hasWord(Buffer.buffer(events));
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("text, reasoning, a refusal, a tool call and sound are words")
    @ValueSource(
            strings = {
                "{\"content\":\"Hi\"}",
                "{\"content\":\" \"}",
                "{\"role\":\"assistant\",\"content\":\"Hi\"}",
                "{\"reasoning\":\"hm\"}",
                "{\"content\":\"\",\"reasoning_content\":\"hm\"}",
                "{\"refusal\":\"no\"}",
                "{\"tool_calls\":[{\"index\":0}]}",
                "{\"function_call\":{\"name\":\"f\"}}",
                "{\"audio\":{\"data\":\"AA==\"}}"
            })
    void words(String delta) {
        assertThat(hasWord(delta(delta))).isTrue();
        assertThat(hasWord(delta("{\"role\":\"assistant\"}") + delta(delta))).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("who speaks, and fields with nothing in them, are none")
    @ValueSource(
            strings = {
                "{}",
                "{\"role\":\"assistant\"}",
                "{\"role\":\"assistant\",\"content\":\"\"}",
                "{\"content\":null,\"refusal\":null}",
                "{\"tool_calls\":[],\"function_call\":{}}",
                "{\"name\":\"x\"}"
            })
    void noWords(String delta) {
        assertThat(hasWord(delta(delta))).isFalse();
    }

    @Test
    @DisplayName("nor are comments, ids, filter results, usage and the end")
    void nothingSaid() {
        assertThat(hasWord("")).isFalse();
        assertThat(hasWord(": PROCESSING\n\n:\n\n")).isFalse();
        assertThat(hasWord("id: 7\nretry: 1000\n\n")).isFalse();
        assertThat(hasWord("data: {\"choices\":[],\"prompt_filter_results\":[{}]}\n\n"))
                .isFalse();
        assertThat(hasWord("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n"))
                .isFalse();
        assertThat(hasWord("data:\n\n")).isFalse();
        assertThat(hasWord("data: [DONE]\n\n")).isFalse();
    }

    @Test
    @DisplayName("an answer that has ended has said all it will: a finish reason is a word, of any choice")
    void finished() {
        assertThat(hasWord("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"))
                .isTrue();
        assertThat(hasWord("data:{\"choices\":[{\"delta\":{}},{\"delta\":{\"content\":\"Hi\"}}]}\r\n\r\n"))
                .isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("what is of another kind is not held back")
    @ValueSource(strings = {"data: {\"type\":\"ping\"}\n\n", "data: nonsense\n\n", "data: [1]\n\n"})
    void otherKinds(String event) {
        assertThat(hasWord(event)).isTrue();
    }

    @Test
    @DisplayName("the error that is told is the last one")
    void error() {
        Buffer events = Buffer.buffer(
                delta("{\"role\":\"assistant\"}") + "event: error\ndata: {\"error\":{\"message\":\"it broke\"}}\n\n");

        assertThat(Opening.error(events).orElseThrow().at("/error/message").asText())
                .isEqualTo("it broke");
        assertThat(Opening.error(Buffer.buffer(delta("{\"content\":\"error\"}"))))
                .isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("its status is the one it names, or 502")
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"error\":{\"code\":429}} | 429",
                "{\"error\":{\"code\":\"503\"}} | 503",
                "{\"error\":{\"code\":\"broken\"}} | 502",
                "{\"error\":{\"code\":200}} | 502",
                "{\"error\":{\"code\":9000}} | 502",
                "{\"error\":{}} | 502",
            })
    void status(String error, int status) {
        assertThat(Opening.status(Json.parse(error.getBytes(StandardCharsets.UTF_8))))
                .isEqualTo(status);
    }
}
