package io.magicapi.gateway.provider.bedrock;

import static io.magicapi.gateway.provider.bedrock.BedrockProvider.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.ProviderException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * OpenAI's messages as Converse's. What the system says stands apart, roles take turns, and results of tools are the
 * user's: so messages of one role that follow each other become one.
 */
final class Conversation {

    private final ArrayNode system = JsonNodeFactory.instance.arrayNode();
    private final ArrayNode messages = JsonNodeFactory.instance.arrayNode();
    private final ContentBlocks contents = new ContentBlocks();
    private final Set<String> toolsUsed = new LinkedHashSet<>();
    private boolean named;

    private Conversation() {}

    /** @throws ProviderException if a message cannot be mapped */
    static Conversation of(JsonNode messages) {
        if (!messages.isArray()) {
            throw invalid("messages must be a list", "messages");
        }
        Conversation conversation = new Conversation();
        for (int i = 0; i < messages.size(); i++) {
            conversation.add(messages.get(i), "messages[" + i + "]");
        }
        return conversation;
    }

    /** {@return what the system and the developer say, in order; may be empty} */
    ArrayNode system() {
        return system;
    }

    /** {@return what user and assistant say, in turns} */
    ArrayNode messages() {
        return messages;
    }

    /** {@return whether somebody has a name, for which Converse has no place} */
    boolean named() {
        return named;
    }

    /** {@return the names of the tools that were called so far} */
    Set<String> toolsUsed() {
        return toolsUsed;
    }

    private void add(JsonNode message, String place) {
        JsonNode content = message.path("content");
        named |= message.hasNonNull("name");
        switch (message.path("role").asText()) {
            case "system", "developer" -> contents.append(content, place + ".content", system);
            case "user" -> addBlocks("user", blocks(content, place));
            case "assistant" -> addBlocks("assistant", assistantBlocks(message, place));
            case "tool" -> addBlocks("user", toolResult(message, place));
            default ->
                throw invalid(place + ".role must be system, developer, user, assistant or tool", place + ".role");
        }
    }

    private void addBlocks(String role, ArrayNode blocks) {
        if (blocks.isEmpty()) {
            return;
        }
        JsonNode last = messages.path(messages.size() - 1);
        ArrayNode target = last.path("role").asText().equals(role) && last.get("content") instanceof ArrayNode open
                ? open
                : messages.addObject().put("role", role).putArray("content");
        target.addAll(blocks);
    }

    private ArrayNode blocks(JsonNode content, String place) {
        ArrayNode blocks = JsonNodeFactory.instance.arrayNode();
        contents.append(content, place + ".content", blocks);
        return blocks;
    }

    private ArrayNode assistantBlocks(JsonNode message, String place) {
        ArrayNode blocks = JsonNodeFactory.instance.arrayNode();
        Reasoning.appendTo(blocks, message);
        contents.append(message.path("content"), place + ".content", blocks);
        JsonNode calls = message.path("tool_calls");
        for (int i = 0; i < calls.size(); i++) {
            blocks.addObject().set("toolUse", toolUse(calls.get(i), place + ".tool_calls[" + i + "]"));
        }
        return blocks;
    }

    private ObjectNode toolUse(JsonNode call, String place) {
        JsonNode function = call.path("function");
        String name = function.path("name").asText();
        toolsUsed.add(name);
        ObjectNode use = JsonNodeFactory.instance
                .objectNode()
                .put("toolUseId", call.path("id").asText())
                .put("name", name);
        use.set("input", arguments(function.path("arguments").asText(""), place + ".function.arguments"));
        return use;
    }

    private static JsonNode arguments(String text, String place) {
        if (text.isBlank()) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            JsonNode parsed = Body.of(text.getBytes(StandardCharsets.UTF_8)).json();
            if (parsed.isObject()) {
                return parsed;
            }
        } catch (ProviderException notJson) {
            throw invalid("the arguments of this call are not JSON", place);
        }
        throw invalid("the arguments of this call are not a JSON object", place);
    }

    private ArrayNode toolResult(JsonNode message, String place) {
        ArrayNode blocks = JsonNodeFactory.instance.arrayNode();
        ObjectNode result = blocks.addObject().putObject("toolResult");
        result.put("toolUseId", message.path("tool_call_id").asText());
        result.set("content", contents.ofToolResult(message.path("content"), place + ".content", blocks));
        return blocks;
    }
}
