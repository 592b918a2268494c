package io.magicapi.gateway.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One key with its value.
 *
 * @param key its full name: {@code server.limits.body}
 * @param type what it takes, in the words of {@code docs/configuration.md}
 * @param value its value, as one would write it; null if it has none
 * @param origin where it was set; empty if it was not, so that {@code value} is the default
 */
public record Setting(String key, String type, JsonNode value, Optional<Place> origin) {

    private static final Pattern SECRET = Pattern.compile("(?i).*(key|secret|token|password|credential).*");

    /**
     * {@return whether an environment variable can set it}
     *
     * <p>Items of lists have no names, and models and plugins have names that variables cannot have.
     */
    public boolean hasVariable() {
        return !key.contains("[]")
                && !key.equals("version")
                && !key.startsWith("models.")
                && !key.startsWith("plugins.<");
    }

    /** {@return the value, with what may be a secret masked: options are free form, so someone may have put one there} */
    public JsonNode masked() {
        return value.isObject() && key.endsWith(".options") ? mask(value.deepCopy()) : value;
    }

    private static JsonNode mask(JsonNode value) {
        if (value instanceof ObjectNode object) {
            object.properties().forEach(entry -> {
                boolean secret = SECRET.matcher(entry.getKey()).matches()
                        && entry.getValue().isTextual();
                entry.setValue(secret ? TextNode.valueOf("***") : mask(entry.getValue()));
            });
        } else if (value.isArray()) {
            value.forEach(Setting::mask);
        }
        return value;
    }

    /** {@return the environment variable that sets a key: {@code GATEWAY_SERVER_LIMITS_BODY}} */
    public static String variable(String key) {
        return "GATEWAY_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }
}
