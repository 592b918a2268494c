package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.magicapi.gateway.observe.UsagePointers;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkedCompletionTest {

    private static final String COMPLETION =
            "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1730241104,"
                    + "\"model\":\"m\",\"system_fingerprint\":\"fp\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                    + "\"content\":\"Grüße \\ud800\",\"refusal\":null,\"reasoning\":\"hm\"},\"logprobs\":null,\"finish_reason\":\"length\"}],"
                    + "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3,\"queue_time\":0.0100},\"x_groq\":{\"id\":\"req\"}}";

    private static List<JsonNode> chunks(String completion, boolean includeUsage) throws Exception {
        String events = ChunkedCompletion.of(Buffer.buffer(completion), includeUsage)
                .orElseThrow()
                .toString();
        assertThat(events).endsWith("data: [DONE]\n\n");
        List<JsonNode> chunks = new ArrayList<>();
        for (String event : events.split("\n\n")) {
            if (!event.equals("data: [DONE]")) {
                chunks.add(new ObjectMapper().readTree(event.substring("data: ".length())));
            }
        }
        return chunks;
    }

    @Test
    @DisplayName(
            "R37: a completion becomes a chunk with the role, one with all it says, and one with the finish_reason")
    void r37_chunks() throws Exception {
        List<JsonNode> chunks = chunks(COMPLETION, false);

        assertThat(chunks).hasSize(3).allSatisfy(chunk -> {
            assertThat(chunk.path("id").asText()).isEqualTo("chatcmpl-1");
            assertThat(chunk.path("object").asText()).isEqualTo("chat.completion.chunk");
            assertThat(chunk.path("system_fingerprint").asText()).isEqualTo("fp");
            assertThat(chunk.has("usage")).isFalse();
        });
        assertThat(chunks.get(0).at("/choices/0/delta")).hasToString("{\"role\":\"assistant\",\"content\":\"\"}");
        assertThat(chunks.get(0).at("/choices/0/finish_reason").isNull()).isTrue();
        assertThat(chunks.get(1).at("/choices/0/delta/content").asText()).isEqualTo("Grüße \ud800");
        assertThat(chunks.get(1).at("/choices/0/delta/reasoning").asText()).isEqualTo("hm");
        assertThat(chunks.get(1).at("/choices/0/delta").has("refusal")).isFalse();
        assertThat(chunks.get(2).at("/choices/0/delta")).hasToString("{}");
        assertThat(chunks.get(2).at("/choices/0/finish_reason").asText()).isEqualTo("length");
    }

    @Test
    @DisplayName("R37: fields of the upstream's own are kept once")
    void r37_unknownFields() throws Exception {
        List<JsonNode> chunks = chunks(COMPLETION, false);

        assertThat(chunks).filteredOn(chunk -> chunk.has("x_groq")).containsExactly(chunks.get(2));
    }

    @Test
    @DisplayName("R42: usage comes in a last chunk without choices if it was asked for, its numbers as they were")
    void r42_usage() throws Exception {
        List<JsonNode> chunks = chunks(COMPLETION, true);

        assertThat(chunks).hasSize(4);
        assertThat(chunks.subList(0, 3)).allMatch(chunk -> chunk.path("usage").isNull());
        assertThat(chunks.get(3).path("choices")).isEmpty();
        assertThat(ChunkedCompletion.of(Buffer.buffer(COMPLETION), true)
                        .orElseThrow()
                        .toString())
                .contains("\"total_tokens\":3,\"queue_time\":0.0100}");
    }

    @Test
    @DisplayName("R43: tool calls get the index by which clients put them together")
    void r43_toolCalls() throws Exception {
        String call = "{\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}";
        List<JsonNode> chunks = chunks(
                "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[" + call.formatted("a") + ","
                        + call.formatted("b") + "]},\"finish_reason\":\"tool_calls\"}]}",
                false);

        assertThat(chunks.get(0).at("/choices/0/delta/content").isNull()).isTrue();
        assertThat(chunks.get(1).at("/choices/0/delta/tool_calls/0/index").asInt(-1))
                .isZero();
        assertThat(chunks.get(1).at("/choices/0/delta/tool_calls/1/index").asInt(-1))
                .isOne();
        assertThat(chunks.get(1).at("/choices/0/delta/tool_calls/1/id").asText())
                .isEqualTo("b");
        assertThat(chunks.get(2).at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
    }

    @Test
    @DisplayName("R37: each of several choices has its own chunks")
    void r37_choices() throws Exception {
        List<JsonNode> chunks = chunks(
                "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"a\"}},{\"index\":1,\"message\":{\"content\":\"b\"}}],\"x\":1}",
                false);

        assertThat(chunks)
                .extracting(chunk -> chunk.at("/choices/0/index").asInt())
                .containsExactly(0, 0, 0, 1, 1, 1);
        assertThat(chunks).filteredOn(chunk -> chunk.has("x")).containsExactly(chunks.get(5));
    }

    @Test
    @DisplayName("R37: what comes out is a stream that the scanner finds nothing to repair in")
    void r37_wellFormed() {
        Buffer events = ChunkedCompletion.of(Buffer.buffer(COMPLETION), true).orElseThrow();
        ChatStreamScanner scanner = new ChatStreamScanner(UsagePointers.of(List.of("/usage")), 1 << 20);

        assertThat(scanner.scan(events)).isSameAs(events);
        assertThat(scanner.done()).isTrue();
        assertThat(scanner.finished()).isTrue();
        assertThat(scanner.usage()).isPresent();
    }

    @ParameterizedTest
    @DisplayName("R37: anything else is not converted")
    @ValueSource(
            strings = {
                "",
                "not json",
                "[]",
                "{\"error\":{\"message\":\"m\"}}",
                "{\"choices\":[]}",
                "{\"choices\":[{\"text\":\"a\"}]}",
                "{\"choices\":[1]}",
                "{\"choices\":[{\"message\":{\"content\":\"a\"}}],\"error\":\"e\"}",
            })
    void r37_other(String body) {
        assertThat(ChunkedCompletion.of(Buffer.buffer(body), false)).isEmpty();
    }
}
