package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;

/**
 * The provider's options.
 *
 * @param unmapped what becomes of fields that cannot be translated
 * @param maxTokens how long an answer may be, in tokens, where the request does not say it
 */
record Options(Losses.Policy unmapped, OptionalInt maxTokens) {

    static final Options DEFAULT = new Options(Losses.Policy.DROP, OptionalInt.empty());

    private static final String UNMAPPED_FIELDS = "unmapped-fields";
    private static final String MAX_TOKENS = "max-tokens";
    private static final List<String> NAMES = List.of(UNMAPPED_FIELDS, MAX_TOKENS);

    /**
     * Reads the options.
     *
     * @param provider the provider's name in the configuration
     * @throws IllegalArgumentException if an option is unknown, or has a value that is
     */
    static Options of(String provider, JsonNode options) {
        String place = "providers." + provider + ".options";
        for (Iterator<String> names = options.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException(
                        place + " has no \"" + name + "\"; it may have: " + String.join(", ", NAMES));
            }
        }
        return new Options(unmapped(place, options), maxTokens(place, options));
    }

    private static Losses.Policy unmapped(String place, JsonNode options) {
        String word = options.path(UNMAPPED_FIELDS).asText("drop");
        return switch (word) {
            case "drop" -> Losses.Policy.DROP;
            case "reject" -> Losses.Policy.REJECT;
            default ->
                throw new IllegalArgumentException(
                        place + "." + UNMAPPED_FIELDS + " must be drop or reject, but was: " + word);
        };
    }

    private static OptionalInt maxTokens(String place, JsonNode options) {
        JsonNode value = options.path(MAX_TOKENS);
        if (value.isMissingNode()) {
            return OptionalInt.empty();
        }
        if (!value.canConvertToInt() || value.intValue() < 1) {
            throw new IllegalArgumentException(
                    place + "." + MAX_TOKENS + " must be a positive number, but was: " + value);
        }
        return OptionalInt.of(value.intValue());
    }
}
