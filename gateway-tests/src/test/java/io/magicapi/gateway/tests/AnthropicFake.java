package io.magicapi.gateway.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Anthropic's Messages API as far as its documentation tells: it answers what it is asked, and refuses what the real one
 * refuses. What is said comes back, with the number of images; a tool that is offered is called, and what it returned is
 * told.
 */
public final class AnthropicFake {

    private static final Set<String> FIELDS = Set.of(
            "model",
            "max_tokens",
            "messages",
            "system",
            "tools",
            "tool_choice",
            "stop_sequences",
            "stream",
            "temperature",
            "top_p",
            "top_k",
            "metadata",
            "thinking",
            "output_config",
            "service_tier");

    /** Our Anthropic plugin; the build copies it here before the tests run. */
    static final Path JAR = Path.of("target/plugin-jars/anthropic.jar");

    private AnthropicFake() {}

    /** {@return a gateway that has our Anthropic plugin, as the build made it, pointed at the fake upstream} */
    static GatewayExtension gateway() {
        return new GatewayExtension().plugin(JAR).provider("anthropic", "");
    }

    /** {@return what the API answers} */
    public static Answer answer() {
        return Answer.from(AnthropicFake::answer);
    }

    /** {@return what the API answers to this request} */
    static Answer answer(ReceivedRequest request) {
        if (request.header("x-api-key").isEmpty()
                || request.header("authorization").isPresent()) {
            return error(401, "authentication_error", "x-api-key header is required");
        }
        if (!request.requestLine().equals("POST /v1/messages HTTP/1.1")
                || !request.header("anthropic-version").orElse("").equals("2023-06-01")) {
            return error(404, "not_found_error", "Not found");
        }
        JsonNode body = request.json();
        try {
            check(body);
        } catch (IllegalArgumentException wrong) {
            return error(400, "invalid_request_error", Objects.requireNonNull(wrong.getMessage()));
        }
        return body.path("stream").asBoolean() ? stream(content(body)) : message(content(body));
    }

    /** {@return an error as Anthropic tells it} */
    public static Answer error(int status, String type, String message) {
        return error(status, Headers.of(), type, message);
    }

    static Answer error(int status, Headers headers, String type, String message) {
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("type", "error");
        body.putObject("error").put("type", type).put("message", message);
        return Answer.json(
                status,
                headers.with("request-id", "req_fake"),
                body.put("request_id", "req_fake").toString());
    }

    private static void check(JsonNode body) {
        for (Iterator<String> names = body.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            require(FIELDS.contains(name), name + ": Extra inputs are not permitted");
        }
        require(body.path("max_tokens").asInt() > 0, "max_tokens: Field required");
        require(!body.has("tool_choice") || body.has("tools"), "tool_choice may only be specified with tools");
        for (JsonNode tool : body.path("tools")) {
            require(tool.at("/input_schema/type").asText().equals("object"), "tools: input_schema must be an object");
        }
        String side = "assistant";
        Set<String> open = new HashSet<>();
        for (JsonNode message : body.path("messages")) {
            String role = message.path("role").asText();
            require(!role.equals(side), "messages: roles must alternate");
            side = role;
            Set<String> called = new HashSet<>();
            for (JsonNode block : message.path("content")) {
                switch (block.path("type").asText()) {
                    case "text" -> require(!block.path("text").asText().isBlank(), "text content must be non-empty");
                    case "image", "document" -> require(block.at("/source/type").isTextual(), "source: Field required");
                    case "tool_use" -> called.add(block.path("id").asText());
                    case "tool_result" ->
                        require(open.remove(block.path("tool_use_id").asText()), "unexpected tool_use_id");
                    default -> require(block.path("signature").isTextual(), "an unknown block");
                }
            }
            require(open.isEmpty(), "tool_use ids were found without tool_result blocks immediately after");
            open = called;
        }
        require(side.equals("user"), "messages: the last must be the user's");
    }

    private static void require(boolean right, String message) {
        if (!right) {
            throw new IllegalArgumentException(message);
        }
    }

    private static ArrayNode content(JsonNode body) {
        JsonNode messages = body.path("messages");
        StringBuilder said = new StringBuilder();
        int images = 0;
        for (JsonNode block : messages.path(messages.size() - 1).path("content")) {
            switch (block.path("type").asText()) {
                case "tool_result" ->
                    said.append("The tool answered: ")
                            .append(block.path("content").asText());
                case "image" -> images++;
                default -> said.append(block.path("text").asText());
            }
        }
        ArrayNode content = JsonNodeFactory.instance.arrayNode();
        boolean answered = said.indexOf("The tool answered") == 0;
        if (body.has("tools") && !answered) {
            ObjectNode call = content.addObject().put("type", "tool_use").put("id", "toolu_fake");
            call.set("name", body.at("/tools/0/name"));
            call.putObject("input").put("location", "Bangalore, India");
        } else {
            String seen = images == 0 ? "" : "[" + images + " image] ";
            content.addObject().put("type", "text").put("text", seen + said);
        }
        return content;
    }

    private static ObjectNode head(@Nullable String stopReason) {
        ObjectNode message = JsonNodeFactory.instance
                .objectNode()
                .put("id", "msg_fake")
                .put("type", "message")
                .put("role", "assistant")
                .put("model", "claude-fake");
        message.putArray("content");
        message.put("stop_reason", stopReason).putNull("stop_sequence");
        message.putObject("usage")
                .put("input_tokens", 10)
                .put("cache_creation_input_tokens", 5)
                .put("cache_read_input_tokens", 3)
                .put("output_tokens", 2);
        return message;
    }

    private static String stopReason(ArrayNode content) {
        return content.path(0).path("type").asText().equals("tool_use") ? "tool_use" : "end_turn";
    }

    private static Answer message(ArrayNode content) {
        ObjectNode message = head(stopReason(content));
        message.set("content", content);
        return Answer.json(200, Headers.of("request-id", "req_fake"), message.toString());
    }

    private static Answer stream(ArrayNode content) {
        return Answer.events(events(content));
    }

    /** {@return the events of a whole stream that says this} */
    static List<String> says(String text) {
        ArrayNode content = JsonNodeFactory.instance.arrayNode();
        content.addObject().put("type", "text").put("text", text);
        return events(content);
    }

    private static List<String> events(ArrayNode content) {
        List<String> events = new ArrayList<>();
        events.add(event("message_start", "\"message\":" + head(null)));
        events.add(event("ping", "\"x\":0"));
        for (JsonNode block : content) {
            boolean tool = block.path("type").asText().equals("tool_use");
            ObjectNode begun = block.deepCopy();
            String whole =
                    tool ? begun.path("input").toString() : begun.path("text").asText();
            if (tool) {
                begun.putObject("input");
            } else {
                begun.put("text", "");
            }
            events.add(event("content_block_start", "\"index\":0,\"content_block\":" + begun));
            for (String piece : whole.split("(?<= )", -1)) {
                ObjectNode delta = JsonNodeFactory.instance.objectNode();
                delta.put("type", tool ? "input_json_delta" : "text_delta").put(tool ? "partial_json" : "text", piece);
                events.add(event("content_block_delta", "\"index\":0,\"delta\":" + delta));
            }
            events.add(event("content_block_stop", "\"index\":0"));
        }
        events.add(event(
                "message_delta",
                "\"delta\":{\"stop_reason\":\"" + stopReason(content) + "\",\"stop_sequence\":null},"
                        + "\"usage\":{\"output_tokens\":2}"));
        events.add(event("message_stop", "\"x\":0"));
        return events;
    }

    /** {@return one event of a stream} */
    static String event(String type, String fields) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + fields + "}\n\n";
    }
}
