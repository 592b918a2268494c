package io.magicapi.gateway.observe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an answer cost, in tokens, as the upstream counted it.
 *
 * @param promptTokens tokens read
 * @param completionTokens tokens written; 0 where nothing is generated, as with embeddings
 * @param totalTokens the upstream's own sum, which may count more than the other two
 */
public record Usage(long promptTokens, long completionTokens, long totalTokens) {

    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    public Usage {
        if (promptTokens < 0 || completionTokens < 0 || totalTokens < 0) {
            throw new IllegalArgumentException("token counts are not negative, but were: " + promptTokens + ", "
                    + completionTokens + ", " + totalTokens);
        }
    }

    /**
     * Reads a usage object: {@code prompt_tokens} and {@code completion_tokens}, or {@code input_tokens} and {@code
     * output_tokens} as the Responses API calls them, and {@code total_tokens}.
     *
     * @param usage any JSON
     * @return empty if it is not an object with at least one of these counts
     */
    public static Optional<Usage> from(JsonNode usage) {
        Long prompt = count(usage, "prompt_tokens", "input_tokens");
        Long completion = count(usage, "completion_tokens", "output_tokens");
        Long total = count(usage, "total_tokens", "total_tokens");
        return of(prompt, completion, total);
    }

    private static Optional<Usage> of(@Nullable Long prompt, @Nullable Long completion, @Nullable Long total) {
        if (prompt == null && completion == null && total == null) {
            return Optional.empty();
        }
        long read = prompt == null ? 0 : prompt;
        long written = completion == null ? 0 : completion;
        return Optional.of(new Usage(read, written, total == null ? read + written : total));
    }

    /**
     * Reads the text of a usage object, as {@link #from} reads a tree, without making one.
     *
     * @param json holds the object; read, not kept
     * @return empty also if it is not valid JSON
     */
    public static Optional<Usage> parse(byte[] json, int offset, int length) {
        Long prompt = null;
        Long input = null;
        Long completion = null;
        Long output = null;
        Long total = null;
        try (JsonParser parser = JSON.createParser(json, offset, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "prompt_tokens" -> prompt = count(parser, value);
                    case "input_tokens" -> input = count(parser, value);
                    case "completion_tokens" -> completion = count(parser, value);
                    case "output_tokens" -> output = count(parser, value);
                    case "total_tokens" -> total = count(parser, value);
                    default -> parser.skipChildren();
                }
            }
        } catch (IOException malformed) {
            return Optional.empty();
        }
        return of(prompt == null ? input : prompt, completion == null ? output : completion, total);
    }

    private static @Nullable Long count(JsonParser parser, @Nullable JsonToken value) throws IOException {
        if (value != JsonToken.VALUE_NUMBER_INT || parser.getNumberType() != JsonParser.NumberType.INT) {
            parser.skipChildren();
            return null;
        }
        int count = parser.getIntValue();
        return count < 0 ? null : Long.valueOf(count);
    }

    private static @Nullable Long count(JsonNode usage, String name, String otherName) {
        Long count = count(usage.path(name));
        return count == null ? count(usage.path(otherName)) : count;
    }

    /** A count of more than an int can hold is no count of tokens, and could overflow the sum. */
    private static @Nullable Long count(JsonNode count) {
        return count.canConvertToInt() && count.intValue() >= 0 ? count.longValue() : null;
    }
}
