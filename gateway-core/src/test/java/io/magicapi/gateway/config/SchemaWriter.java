package io.magicapi.gateway.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes the JSON Schema of the configuration: the keys and types are those that {@link ConfigReader} asks for, what they
 * are for is said by the reference in docs.
 */
final class SchemaWriter {

    private static final String LIST_ITEM = "[]";
    private static final Pattern NUMBER = Pattern.compile("number, (\\d+) to (\\d+)");
    private static final String ONE_OF = "one of: ";

    /** Sections that may be written as the value of one of their keys. */
    private static final Map<String, String> SHORT = Map.of("plugins.<name>.canary", "percentage");

    /** What the names are like that the operator chooses. */
    private static final Map<String, String> NAMES = Map.of(
            "providers", "^[a-z][a-z0-9-]{0,31}$",
            "plugins", "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$");

    private static final Map<String, String> PATTERNS = Map.of(
            "duration", "^\\d{1,9}(ms|s|m|h)$",
            "duration or off", "^(off|\\d{1,9}(ms|s|m|h))$",
            "percentage", "^\\d{1,5}(\\.\\d{1,2})?%$",
            "URL", "^[Hh][Tt][Tt][Pp][Ss]?://[^?#@]+$",
            "variable name", "^[A-Z_][A-Z0-9_]{0,127}$",
            "header name", "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
            "version", "^\\d+\\.\\d+\\.\\d+[A-Za-z0-9.+-]{0,64}$");

    private static final List<String> TEXTS = List.of("text", "path", "address");

    private final JsonNodeFactory json = JsonNodeFactory.instance;
    private final Map<String, String> descriptions;
    private final ObjectNode root = json.objectNode();

    private SchemaWriter(Map<String, String> descriptions) {
        this.descriptions = descriptions;
    }

    /** {@return the schema of these keys, each described in a sentence} */
    static ObjectNode write(List<Setting> settings, Map<String, String> descriptions) {
        SchemaWriter writer = new SchemaWriter(descriptions);
        writer.root.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        writer.root.put("title", "MagicAPI Gateway configuration");
        settings.forEach(writer::add);
        return writer.root;
    }

    private void add(Setting setting) {
        String[] names = setting.key().split("\\.");
        ObjectNode section = object(root);
        String path = "";
        for (int i = 0; i < names.length - 1; i++) {
            path += (i == 0 ? "" : ".") + names[i];
            section = inner(section, names[i], path);
        }
        ObjectNode value = value(setting.type());
        String description = descriptions.get(setting.key());
        if (description == null) {
            throw new IllegalStateException("nothing says what " + setting.key() + " is for");
        }
        value.put("description", description);
        if (!setting.value().isNull() && !setting.value().isContainerNode()) {
            value.set("default", setting.value());
        }
        members(section).set(names[names.length - 1], value);
    }

    private ObjectNode inner(ObjectNode section, String name, String path) {
        if (name.endsWith(LIST_ITEM)) {
            ObjectNode list = (ObjectNode) members(section).get(name.substring(0, name.length() - LIST_ITEM.length()));
            return object(list.withObjectProperty("items"));
        }
        if (name.equals(Section.ANY_NAME)) {
            String pattern = NAMES.get(path.substring(0, path.indexOf('.')));
            if (pattern != null) {
                section.withObjectProperty("propertyNames").put("pattern", pattern);
            }
            return section.get("additionalProperties") instanceof ObjectNode entry
                    ? entry
                    : object(section.putObject("additionalProperties"));
        }
        ObjectNode member = members(section).withObjectProperty(name);
        if (!SHORT.containsKey(path)) {
            return object(member);
        }
        ArrayNode ways = member.withArrayProperty("anyOf");
        if (ways.isEmpty()) {
            ways.add(value(SHORT.get(path)));
            ways.addObject();
        }
        return object((ObjectNode) ways.get(1));
    }

    private static ObjectNode members(ObjectNode section) {
        return section.withObjectProperty("properties");
    }

    /** A mapping without other keys; one without anything in it changes nothing. */
    private ObjectNode object(ObjectNode schema) {
        if (!schema.has("type")) {
            schema.set("type", json.arrayNode().add("object").add("null"));
            schema.put("additionalProperties", false);
        }
        return schema;
    }

    private ObjectNode value(String type) {
        ObjectNode schema = json.objectNode();
        Matcher number = NUMBER.matcher(type);
        if (number.matches()) {
            return schema.put("type", "integer")
                    .put("minimum", Long.parseLong(number.group(1)))
                    .put("maximum", Long.parseLong(number.group(2)));
        }
        if (type.startsWith(ONE_OF)) {
            ArrayNode words = schema.putArray("enum");
            List.of(type.substring(ONE_OF.length()).split(", ")).forEach(words::add);
            return schema;
        }
        if (PATTERNS.containsKey(type)) {
            return schema.put("type", "string").put("pattern", PATTERNS.get(type));
        }
        if (TEXTS.contains(type)) {
            return schema.put("type", "string");
        }
        switch (type) {
            case "true or false" -> schema.put("type", "boolean");
            case "1" -> schema.put("const", 1);
            case "free form" -> schema.put("type", "object");
            case "size" -> {
                schema.set("type", json.arrayNode().add("string").add("integer"));
                schema.put("pattern", "^\\d{1,12}(B|KiB|MiB|GiB)?$").put("minimum", 1024);
            }
            case "list of texts" -> {
                schema.put("type", "array");
                schema.putObject("items")
                        .set("type", json.arrayNode().add("string").add("integer"));
            }
            case "list of keys" -> {
                ObjectNode item = schema.put("type", "array").putObject("items");
                item.put("type", "object").put("additionalProperties", false);
                ArrayNode sources = item.putArray("oneOf");
                List.of("env", "file")
                        .forEach(source ->
                                sources.addObject().putArray("required").add(source));
            }
            case "list of targets, or targets with shares" -> {
                schema.set("type", json.arrayNode().add("array").add("object"));
                schema.putObject("items").put("type", "string");
                schema.putObject("additionalProperties")
                        .put("type", "integer")
                        .put("minimum", 1)
                        .put("maximum", 999_999);
                schema.put("minItems", 1).put("minProperties", 1);
            }
            default -> throw new IllegalStateException("no schema is known for the type \"" + type + "\"");
        }
        return schema;
    }

    /** {@return text of the reference without its markup} */
    static String plain(String markdown) {
        return markdown.replaceAll("\\[([^\\]]+)]\\([^)]+\\)", "$1").strip();
    }

    /** {@return the schema in few lines: sections are opened, values are on one line each} */
    static String text(JsonNode schema) {
        StringBuilder text = new StringBuilder();
        text(schema, 0, text);
        return text.append('\n').toString();
    }

    private static void text(JsonNode node, int depth, StringBuilder text) {
        if (node.findValue("properties") == null || !node.isObject()) {
            text.append(node);
            return;
        }
        String indent = " ".repeat(depth + 1);
        text.append('{');
        String separator = "";
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            text.append(separator)
                    .append('\n')
                    .append(indent)
                    .append('"')
                    .append(member.getKey())
                    .append("\": ");
            text(member.getValue(), depth + 1, text);
            separator = ",";
        }
        text.append('\n').append(" ".repeat(depth)).append('}');
    }
}
