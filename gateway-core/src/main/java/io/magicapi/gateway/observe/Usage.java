package io.magicapi.gateway.observe;

import com.fasterxml.jackson.databind.JsonNode;
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
        if (prompt == null && completion == null && total == null) {
            return Optional.empty();
        }
        long read = prompt == null ? 0 : prompt;
        long written = completion == null ? 0 : completion;
        return Optional.of(new Usage(read, written, total == null ? read + written : total));
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
