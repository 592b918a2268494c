package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** The tools of a request, and whether one is to be called. */
final class Tools {

    private final ArrayNode tools;
    private final @Nullable ObjectNode choice;

    private Tools(ArrayNode tools, @Nullable ObjectNode choice) {
        this.tools = tools;
        this.choice = choice;
    }

    /** Translates a request's tools. Without tools there is nothing to choose either: Anthropic refuses it. */
    static Tools of(JsonNode chat, Abilities model, Losses losses) {
        ArrayNode tools = JsonNodeFactory.instance.arrayNode();
        JsonNode asked = chat.path("tools");
        if (chat.hasNonNull("tools") && !asked.isArray()) {
            throw MessagesRequest.invalid("tools", "must be an array");
        }
        for (int i = 0; i < asked.size(); i++) {
            addTool(asked.get(i), "tools[" + i + "]", tools, losses);
        }
        return new Tools(tools, tools.isEmpty() ? null : choice(chat, model, losses));
    }

    void addTo(ObjectNode request) {
        if (!tools.isEmpty()) {
            request.set("tools", tools);
        }
        if (choice != null) {
            request.set("tool_choice", choice);
        }
    }

    /** {@return whether some tool must be called} */
    boolean forced() {
        String type = choice == null ? "" : choice.path("type").asText();
        return type.equals("any") || type.equals("tool");
    }

    private static void addTool(JsonNode tool, String at, ArrayNode tools, Losses losses) {
        switch (tool.path("type").asText()) {
            case "function" -> tools.add(function(tool, at));
            case "custom" -> losses.lose("custom tools", at);
            case "" -> throw MessagesRequest.invalid(at, "has no type");
            default -> tools.add(tool); // Anthropic's own, such as web search
        }
    }

    private static ObjectNode function(JsonNode tool, String at) {
        JsonNode function = tool.path("function");
        if (!function.path("name").isTextual()) {
            throw MessagesRequest.invalid(at + ".function.name", "is missing");
        }
        ObjectNode made = JsonNodeFactory.instance.objectNode();
        made.set("name", function.get("name"));
        if (function.hasNonNull("description")) {
            made.set("description", function.get("description"));
        }
        made.set("input_schema", schema(function.path("parameters")));
        if (function.path("strict").asBoolean()) {
            made.put("strict", true);
        }
        for (JsonNode owner : new JsonNode[] {tool, function}) {
            if (owner.hasNonNull("cache_control")) {
                made.set("cache_control", owner.get("cache_control"));
            }
        }
        return made;
    }

    /** A function without parameters may leave them out; a tool must have a schema of an object. */
    private static JsonNode schema(JsonNode parameters) {
        if (parameters.hasNonNull("type")) {
            return parameters;
        }
        ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
        if (parameters instanceof ObjectNode known) {
            schema.setAll(known);
        } else {
            schema.putObject("properties");
        }
        return schema;
    }

    private static @Nullable ObjectNode choice(JsonNode chat, Abilities model, Losses losses) {
        ObjectNode choice = choice(chat.path("tool_choice"), losses);
        boolean forces = choice.path("type").asText().equals("any")
                || choice.path("type").asText().equals("tool");
        if (forces && !model.forcedTools()) {
            losses.lose("forced tool_choice with this model", "tool_choice");
            choice = type("auto");
        }
        boolean single = chat.has("parallel_tool_calls")
                && !chat.path("parallel_tool_calls").asBoolean(true);
        if (single && !choice.path("type").asText().equals("none")) {
            choice.put("disable_parallel_tool_use", true);
        }
        return single || chat.hasNonNull("tool_choice") ? choice : null;
    }

    private static ObjectNode choice(JsonNode asked, Losses losses) {
        if (asked.path("type").asText().equals("function")) {
            return type("tool").put("name", asked.path("function").path("name").asText());
        }
        return switch (asked.asText("auto")) {
            case "required" -> type("any");
            case "none" -> type("none");
            default -> {
                if (asked.isObject()) {
                    losses.lose("this tool_choice", "tool_choice");
                }
                yield type("auto");
            }
        };
    }

    private static ObjectNode type(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }
}
