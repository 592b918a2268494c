package io.magicapi.gateway.echo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Iterator;
import java.util.Map;

/**
 * Makes one value that fits a JSON schema, always the same: first choice of an {@code enum}, smallest number, a string
 * named after its property. It knows the keywords that tools and structured outputs use, not all of JSON Schema.
 */
final class SchemaSample {

    private static final int DEEPEST = 12;

    private final JsonNode root;

    private SchemaSample(JsonNode root) {
        this.root = root;
    }

    /**
     * {@return a value that fits {@code schema}}
     *
     * @param name what the value is called, for want of a better string
     */
    static JsonNode of(JsonNode schema, String name) {
        return new SchemaSample(schema).value(schema, name, 0);
    }

    private JsonNode value(JsonNode schema, String name, int depth) {
        if (depth > DEEPEST) {
            return NullNode.getInstance();
        }
        for (String given : new String[] {"const", "default"}) {
            if (schema.has(given)) {
                return schema.get(given);
            }
        }
        for (String choices : new String[] {"enum", "examples"}) {
            if (!schema.path(choices).isEmpty()) {
                return schema.get(choices).get(0);
            }
        }
        for (String alternatives : new String[] {"anyOf", "oneOf", "allOf"}) {
            if (!schema.path(alternatives).isEmpty()) {
                return value(schema.get(alternatives).get(0), name, depth + 1);
            }
        }
        String reference = schema.path("$ref").asText("");
        if (reference.startsWith("#")) {
            JsonNode target = reference.startsWith("#/") ? root.at(reference.substring(1)) : root;
            return value(target, name, depth + 1);
        }
        return switch (type(schema)) {
            case "object" -> object(schema, depth);
            case "array" -> array(schema, name, depth);
            case "integer", "number" -> schema.has("minimum") ? schema.get("minimum") : IntNode.valueOf(1);
            case "boolean" -> BooleanNode.TRUE;
            case "null" -> NullNode.getInstance();
            default -> string(schema, name);
        };
    }

    private static String type(JsonNode schema) {
        JsonNode type = schema.path("type").isArray() ? schema.path("type").path(0) : schema.path("type");
        if (type.isTextual()) {
            return type.asText();
        }
        return schema.has("properties") ? "object" : schema.has("items") ? "array" : "string";
    }

    /** The required properties; or all of them, if none is. */
    private ObjectNode object(JsonNode schema, int depth) {
        ObjectNode object = EchoJson.object();
        JsonNode required = schema.path("required");
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            if (required.isEmpty() || contains(required, property.getKey())) {
                object.set(property.getKey(), value(property.getValue(), property.getKey(), depth + 1));
            }
        }
        return object;
    }

    private static boolean contains(JsonNode names, String name) {
        for (Iterator<JsonNode> each = names.elements(); each.hasNext(); ) {
            if (each.next().asText().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private ArrayNode array(JsonNode schema, String name, int depth) {
        ArrayNode array = EchoJson.MAPPER.createArrayNode();
        int items = Math.min(Math.max(1, schema.path("minItems").asInt(1)), 16);
        for (int i = 0; i < items; i++) {
            array.add(value(schema.path("items"), name, depth + 1));
        }
        return array;
    }

    private static TextNode string(JsonNode schema, String name) {
        String sample = switch (schema.path("format").asText("")) {
            case "date" -> "2024-01-02";
            case "date-time" -> "2024-01-02T03:04:05Z";
            case "time" -> "03:04:05Z";
            case "email" -> "someone@example.com";
            case "uri" -> "https://example.com/";
            case "uuid" -> "00000000-0000-4000-8000-000000000000";
            default -> name;
        };
        int longest = schema.path("maxLength").asInt(Integer.MAX_VALUE);
        int shortest = Math.min(schema.path("minLength").asInt(0), 1024);
        if (sample.length() < shortest) {
            sample = sample + "x".repeat(shortest - sample.length());
        }
        return TextNode.valueOf(sample.length() > longest ? sample.substring(0, Math.max(0, longest)) : sample);
    }
}
