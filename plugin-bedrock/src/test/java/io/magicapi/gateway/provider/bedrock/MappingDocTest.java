package io.magicapi.gateway.provider.bedrock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.ProviderException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The tables of docs/providers/bedrock.md say what really happens. {@code -Ddocs.update=true} writes them anew. */
class MappingDocTest {

    private static final Path DOCUMENT = Path.of("../docs/providers/bedrock.md");

    private static final String QUESTION = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    /** Each field of a request with a value that asks for something. */
    private static Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("max_tokens", "9");
        fields.put("max_completion_tokens", "9");
        fields.put("temperature", "0.5");
        fields.put("top_p", "0.5");
        fields.put("stop", "[\"END\"]");
        fields.put("tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]");
        fields.put("metadata", "{\"team\":\"a\"}");
        fields.put("service_tier", "\"flex\"");
        fields.put("top_k", "5");
        fields.put("thinking", "{\"type\":\"enabled\",\"budget_tokens\":1024}");
        fields.put("guardrail_config", "{\"guardrailIdentifier\":\"g\",\"guardrailVersion\":\"1\"}");
        fields.put("performance_config", "{\"latency\":\"optimized\"}");
        fields.put("additional_model_request_fields", "{\"anything\":1}");
        fields.put("frequency_penalty", "1");
        fields.put("presence_penalty", "1");
        fields.put("logit_bias", "{\"1\":1}");
        fields.put("logprobs", "true");
        fields.put("top_logprobs", "1");
        fields.put("n", "2");
        fields.put("parallel_tool_calls", "false");
        fields.put("prediction", "{\"type\":\"content\"}");
        fields.put("reasoning_effort", "\"low\"");
        fields.put("seed", "7");
        fields.put("store", "true");
        fields.put("user", "\"ann\"");
        fields.put("verbosity", "\"low\"");
        fields.put("web_search_options", "{}");
        return fields;
    }

    private static Map<String, String> requests() {
        Map<String, String> chats = new LinkedHashMap<>();
        chats.put("`system` and `developer` messages", message("{\"role\":\"developer\",\"content\":\"a\"}"));
        chats.put("text", QUESTION);
        chats.put(
                "image, as a `data:` URL",
                content("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA==\"}}"));
        chats.put(
                "image, as any other URL",
                content("{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.com/a.png\"}}"));
        chats.put(
                "document in `file_data` (pdf, csv, doc, docx, xls, xlsx, html, txt, md)",
                content("{\"type\":\"file\",\"file\":{\"file_data\":\"data:application/pdf;base64,AA==\"}}"));
        chats.put("file by `file_id`", content("{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}"));
        chats.put("audio", content("{\"type\":\"input_audio\",\"input_audio\":{}}"));
        chats.put(
                "`cache_control` on a part or a tool",
                content("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}"));
        chats.put(
                "`tool_calls` of the assistant",
                message("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"t\",\"function\":{\"name\":\"f\"}}]}"));
        chats.put("`tool` messages", message("{\"role\":\"tool\",\"tool_call_id\":\"t\",\"content\":\"a\"}"));
        chats.put(
                "`reasoning_content` with `reasoning_signature`",
                message("{\"role\":\"assistant\",\"reasoning_content\":\"a\",\"reasoning_signature\":\"b\"}"));
        chats.put("`name` of a message", QUESTION.replace("\"role\"", "\"name\":\"ann\",\"role\""));
        String tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":";
        chats.put("`tool_choice` `auto`", with(tools + "\"auto\""));
        chats.put("`tool_choice` `required`", with(tools + "\"required\""));
        chats.put("`tool_choice` of one function", with(tools + "{\"function\":{\"name\":\"f\"}}"));
        chats.put("`tool_choice` `none`", with(tools + "\"none\""));
        chats.put(
                "`response_format` `json_schema`",
                with("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":{}}}"));
        chats.put("`response_format` `json_object`", with("\"response_format\":{\"type\":\"json_object\"}"));
        chats.put(
                "`reasoning_effort` for OpenAI's models on Bedrock",
                with("\"reasoning_effort\":\"low\"")
                        .replace("\"model\":\"m\"", "\"model\":\"openai.gpt-oss-20b-1:0\""));
        fields().forEach((name, value) -> chats.put("`" + name + "`", with("\"" + name + "\":" + value)));
        return chats;
    }

    private static String with(String fields) {
        return QUESTION.substring(0, QUESTION.length() - 1) + "," + fields + "}";
    }

    private static String message(String message) {
        return QUESTION.replace("}]}", "}," + message + "]}");
    }

    private static String content(String part) {
        return QUESTION.replace("\"hi\"", "[{\"type\":\"text\",\"text\":\"hi\"}," + part + "]");
    }

    private static String outcome(String chat) {
        try {
            Set<String> sent = paths(Bedrock.converse(chat));
            if (!chat.equals(QUESTION)) {
                sent.removeAll(paths(Bedrock.converse(QUESTION)));
            }
            boolean dropped = !Bedrock.warning(chat).isEmpty();
            String places = sent.stream().map(path -> "`" + path + "`").collect(Collectors.joining(", "));
            return !places.isEmpty() ? places : dropped ? "dropped" : "nothing is sent";
        } catch (ProviderException refusal) {
            return "refused: 400";
        }
    }

    /** {@return where something stands, as far down as it tells anything; texts are told apart by their number} */
    private static Set<String> paths(JsonNode document) {
        Set<String> paths = new LinkedHashSet<>();
        document.properties().forEach(field -> {
            boolean blocks = field.getKey().equals("messages") || field.getKey().equals("system");
            collect(field.getValue(), field.getKey(), blocks ? 3 : 2, paths);
        });
        return paths;
    }

    private static void collect(JsonNode node, String path, int depth, Set<String> paths) {
        if (node.isArray()) {
            node.forEach(element -> collect(element, path + "[]", depth, paths));
        } else if (depth > 1 && node.isObject() && !node.isEmpty()) {
            node.properties()
                    .forEach(field -> collect(field.getValue(), path + "." + field.getKey(), depth - 1, paths));
        } else {
            paths.add(path);
        }
    }

    private static String requestTable() {
        List<String> lines = new ArrayList<>(List.of("| In OpenAI's request | In Converse's |", "|---|---|"));
        requests().forEach((name, chat) -> lines.add("| " + name + " | " + outcome(chat) + " |"));
        return String.join("\n", lines);
    }

    private static String stopTable() {
        List<String> lines = new ArrayList<>(List.of("| `stopReason` | `finish_reason` |", "|---|---|"));
        for (String reason : List.of(
                "end_turn",
                "stop_sequence",
                "tool_use",
                "max_tokens",
                "model_context_window_exceeded",
                "guardrail_intervened",
                "content_filtered",
                "malformed_model_output",
                "malformed_tool_use",
                "any other")) {
            String finish;
            try {
                finish = "`" + StopReason.finishReason(reason) + "`";
            } catch (ProviderException failure) {
                finish = "none: the answer fails";
            }
            lines.add("| " + (reason.contains(" ") ? reason : "`" + reason + "`") + " | " + finish + " |");
        }
        return String.join("\n", lines);
    }

    private static void assertWritten(String name, String table) throws IOException {
        String begin = "<!-- written by MappingDocTest: " + name + " -->\n";
        String end = "\n<!-- end -->";
        String document = Files.readString(DOCUMENT);
        int from = document.indexOf(begin) + begin.length();
        int to = document.indexOf(end, from);
        assertThat(document).contains(begin);
        if (Boolean.getBoolean("docs.update")) {
            Files.writeString(DOCUMENT, document.substring(0, from) + table + document.substring(to));
        } else {
            assertThat(document.substring(from, to))
                    .as("%s in %s; mvn verify -Ddocs.update=true writes it anew", name, DOCUMENT)
                    .isEqualTo(table);
        }
    }

    @Test
    @DisplayName("the table of what is mapped, dropped and refused")
    void requestsTable() throws IOException {
        assertWritten("requests", requestTable());
    }

    @Test
    @DisplayName("no field with a place is missing from it")
    void complete() {
        Set<String> placed = new LinkedHashSet<>(ConverseRequest.MAPPED);
        placed.addAll(ConverseRequest.OF_MODELS);
        placed.removeAll(Set.of("model", "messages", "stream", "stream_options")); // they are not fields of Converse's

        assertThat(placed).allSatisfy(name -> assertThat(requestTable()).contains("`" + name + "`"));
    }

    @Test
    @DisplayName("the table of reasons to stop")
    void stopReasons() throws IOException {
        assertWritten("stop reasons", stopTable());
    }
}
