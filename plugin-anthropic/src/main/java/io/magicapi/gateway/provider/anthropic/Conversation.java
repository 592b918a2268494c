package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The messages of a chat, as the Messages API has them: what system and developer say stands apart, users and the
 * assistant take turns, and what a tool returned is said by the user. Results of several tools must be in one message,
 * so whatever the same side says in a row becomes one message.
 */
final class Conversation {

    /** Numbers keep their digits. */
    private static final ObjectReader ARGUMENTS = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build()
            .readerFor(JsonNode.class);

    private final Losses losses;
    private final ArrayNode system = JsonNodeFactory.instance.arrayNode();
    private final ArrayNode messages = JsonNodeFactory.instance.arrayNode();

    private Conversation(Losses losses) {
        this.losses = losses;
    }

    /**
     * Translates messages.
     *
     * @throws io.magicapi.gateway.api.ProviderException if they are not as OpenAI's reference has them, or have parts
     *     that Claude cannot read: a question is not to be answered in part
     */
    static Conversation of(JsonNode chat, Losses losses) {
        if (!chat.isArray() || chat.isEmpty()) {
            throw MessagesRequest.invalid("messages", "must be an array of at least one message");
        }
        Conversation made = new Conversation(losses);
        for (int i = 0; i < chat.size(); i++) {
            made.add(chat.get(i), "messages[" + i + "]");
        }
        return made;
    }

    void addTo(ObjectNode request) {
        if (!system.isEmpty()) {
            request.set("system", system);
        }
        request.set("messages", messages);
    }

    /**
     * {@return whether this goes on after tool calls of an assistant whose thinking is not there any more: the client did
     * not send it back}
     */
    boolean resumesWithoutThinking() {
        int size = messages.size();
        boolean afterTools = size > 1
                && messages.path(size - 1)
                        .path("content")
                        .path(0)
                        .path("type")
                        .asText()
                        .equals("tool_result");
        String first =
                messages.path(size - 2).path("content").path(0).path("type").asText();
        return afterTools && !first.equals("thinking") && !first.equals("redacted_thinking");
    }

    private void add(JsonNode message, String at) {
        if (message.hasNonNull("name")) {
            losses.lose("messages[].name", at + ".name");
        }
        String role = message.path("role").asText();
        JsonNode content = message.path("content");
        String place = at + ".content";
        switch (role) {
            case "system", "developer" -> cached(message, addBlocks(content, place, system));
            case "user" -> {
                ArrayNode turn = turn("user");
                int before = turn.size();
                addBlocks(content, place, turn);
                if (turn.size() == before) {
                    throw MessagesRequest.invalid(place, "is empty, which Anthropic does not take");
                }
                cached(message, turn);
            }
            case "assistant" -> addAssistant(message, content, at);
            case "tool" -> addToolResult(message, content, at);
            default -> throw MessagesRequest.invalid(at + ".role", "is none that can be translated");
        }
    }

    private static ArrayNode addBlocks(JsonNode content, String at, ArrayNode to) {
        Blocks.add(content, at, to);
        return to;
    }

    /** A mark for the cache on a message is one on its last block. */
    private static void cached(JsonNode message, ArrayNode blocks) {
        if (message.hasNonNull("cache_control") && blocks.path(blocks.size() - 1) instanceof ObjectNode last) {
            last.set("cache_control", message.get("cache_control"));
        }
    }

    /** {@return the blocks of the message in which this side speaks now} */
    private ArrayNode turn(String role) {
        JsonNode last = messages.path(messages.size() - 1);
        if (last.path("role").asText().equals(role) && last.get("content") instanceof ArrayNode content) {
            return content;
        }
        return messages.addObject().put("role", role).putArray("content");
    }

    private void addAssistant(JsonNode message, JsonNode content, String at) {
        ArrayNode blocks = JsonNodeFactory.instance.arrayNode();
        for (JsonNode thought : message.path("thinking_blocks")) {
            blocks.add(thought);
        }
        addBlocks(content, at + ".content", blocks);
        if (message.path("refusal").isTextual()) {
            addBlocks(message.path("refusal"), at + ".refusal", blocks);
        }
        JsonNode calls = message.path("tool_calls");
        for (int i = 0; i < calls.size(); i++) {
            blocks.add(toolUse(calls.get(i), at + ".tool_calls[" + i + "]"));
        }
        if (!blocks.isEmpty()) {
            cached(message, blocks);
            turn("assistant").addAll(blocks);
        }
    }

    private static ObjectNode toolUse(JsonNode call, String at) {
        JsonNode function = call.path("function");
        if (!function.path("name").isTextual()) {
            throw MessagesRequest.invalid(at + ".function.name", "is missing");
        }
        ObjectNode block = JsonNodeFactory.instance
                .objectNode()
                .put("type", "tool_use")
                .put("id", toolId(call.path("id").asText()));
        block.set("name", function.get("name"));
        block.set("input", arguments(function.path("arguments").asText(), at + ".function.arguments"));
        return block;
    }

    private static JsonNode arguments(String text, String at) {
        if (text.isBlank()) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            JsonNode input = ARGUMENTS.readTree(text);
            if (input.isObject()) {
                return input;
            }
        } catch (JsonProcessingException malformed) {
            // said below, without Jackson's words, which quote the text
        }
        throw MessagesRequest.invalid(at, "is not a JSON object");
    }

    private void addToolResult(JsonNode message, JsonNode content, String at) {
        ObjectNode result = turn("user")
                .addObject()
                .put("type", "tool_result")
                .put("tool_use_id", toolId(message.path("tool_call_id").asText()));
        if (content.isTextual()) {
            result.set("content", content);
        } else {
            addBlocks(content, at + ".content", result.putArray("content"));
        }
        if (message.hasNonNull("cache_control")) {
            result.set("cache_control", message.get("cache_control"));
        }
    }

    /** Ids of other providers may have characters that Anthropic refuses. */
    private static String toolId(String id) {
        StringBuilder safe = null;
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            boolean allowed =
                    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
            if (!allowed) {
                safe = safe == null ? new StringBuilder(id) : safe;
                safe.setCharAt(i, '_');
            }
        }
        return safe == null ? id : safe.toString();
    }
}
