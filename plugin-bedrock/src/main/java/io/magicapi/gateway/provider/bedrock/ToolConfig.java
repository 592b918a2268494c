package io.magicapi.gateway.provider.bedrock;

import static io.magicapi.gateway.provider.bedrock.BedrockProvider.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.ProviderException;
import java.util.List;

/** Turns {@code tools} and {@code tool_choice} into Converse's {@code toolConfig}. */
final class ToolConfig {

    private ToolConfig() {}

    /**
     * {@return the configuration; empty if no tool may or must be named}
     *
     * <p>Converse cannot be told to use none of its tools, so for {@code none} it is not shown any. But it refuses a
     * conversation that has used tools and names none now: the tools then stay, or those used are named.
     *
     * @param unmapped takes what has no place
     * @throws ProviderException if a tool is of a kind that Converse does not have
     */
    static ObjectNode of(ObjectNode chat, Conversation conversation, List<String> unmapped) {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        JsonNode choice = chat.path("tool_choice");
        boolean none = choice.asText().equals("none");
        boolean used = !conversation.toolsUsed().isEmpty();
        ArrayNode tools = JsonNodeFactory.instance.arrayNode();
        if (!none || used) {
            appendTools(ConverseRequest.list(chat.path("tools"), "tools"), tools);
        }
        if (none && !tools.isEmpty()) {
            unmapped.add("tool_choice");
        }
        if (tools.isEmpty()) {
            conversation.toolsUsed().forEach(name -> appendUsed(name, tools));
        } else if (!none) {
            appendChoice(choice, config, unmapped);
        }
        if (!tools.isEmpty()) {
            config.set("tools", tools);
        }
        return config;
    }

    private static void appendTools(JsonNode wanted, ArrayNode tools) {
        for (int i = 0; i < wanted.size(); i++) {
            JsonNode tool = wanted.get(i);
            if (!tool.path("type").asText("function").equals("function")) {
                throw invalid("Bedrock's Converse API has no tools but functions", "tools[" + i + "]");
            }
            tools.addObject().set("toolSpec", toolSpec(tool.path("function")));
            ContentBlocks.appendCachePoint(tool, tools);
        }
    }

    private static ObjectNode toolSpec(JsonNode function) {
        ObjectNode spec = JsonNodeFactory.instance
                .objectNode()
                .put("name", function.path("name").asText());
        ConverseRequest.copyText(function, "description", spec);
        JsonNode parameters = function.path("parameters");
        spec.putObject("inputSchema").set("json", parameters.isObject() ? parameters : anyObject());
        if (function.path("strict").asBoolean()) {
            spec.put("strict", true);
        }
        return spec;
    }

    private static void appendUsed(String name, ArrayNode tools) {
        ObjectNode spec = tools.addObject().putObject("toolSpec").put("name", name);
        spec.putObject("inputSchema").set("json", anyObject());
    }

    private static ObjectNode anyObject() {
        ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
        schema.putObject("properties");
        return schema;
    }

    private static void appendChoice(JsonNode choice, ObjectNode config, List<String> unmapped) {
        if (choice.isMissingNode() || choice.isNull()) {
            return;
        }
        String named = choice.path("function").path("name").asText("");
        if (!named.isEmpty()) {
            config.putObject("toolChoice").putObject("tool").put("name", named);
        } else if (choice.asText().equals("auto")) {
            config.putObject("toolChoice").putObject("auto");
        } else if (choice.asText().equals("required")) {
            config.putObject("toolChoice").putObject("any");
        } else {
            unmapped.add("tool_choice");
        }
    }
}
