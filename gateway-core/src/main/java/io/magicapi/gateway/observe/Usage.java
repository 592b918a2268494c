package io.magicapi.gateway.observe;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an answer cost, in tokens.
 *
 * @param promptTokens tokens read, those of the cache included
 * @param cachedTokens tokens of the prompt that came from the provider's cache
 * @param cacheWrittenTokens tokens of the prompt that were put into it
 * @param completionTokens tokens written, thoughts included; 0 where nothing is generated, as with embeddings
 * @param reasoningTokens tokens of the completion that are thoughts
 * @param totalTokens the upstream's own sum, which may count more than the other two
 * @param estimated whether the gateway has estimated this, as the upstream did not count
 */
public record Usage(
        long promptTokens,
        long cachedTokens,
        long cacheWrittenTokens,
        long completionTokens,
        long reasoningTokens,
        long totalTokens,
        boolean estimated) {

    public Usage {
        if (promptTokens < 0 || completionTokens < 0 || totalTokens < 0) {
            throw new IllegalArgumentException("token counts are not negative, but were: " + promptTokens + ", "
                    + completionTokens + ", " + totalTokens);
        }
        // Parts of more than the whole are somebody's mistake, and would make the rest negative.
        cachedTokens = Math.min(Math.max(cachedTokens, 0), promptTokens);
        cacheWrittenTokens = Math.min(Math.max(cacheWrittenTokens, 0), promptTokens - cachedTokens);
        reasoningTokens = Math.min(Math.max(reasoningTokens, 0), completionTokens);
    }

    /** A usage that the upstream counted, without cache and thoughts. */
    public Usage(long promptTokens, long completionTokens, long totalTokens) {
        this(promptTokens, 0, 0, completionTokens, 0, totalTokens, false);
    }

    /** {@return a usage of which nothing is known but how long prompt and completion were, in tokens} */
    static Usage estimate(long promptTokens, long completionTokens) {
        return new Usage(promptTokens, 0, 0, completionTokens, 0, promptTokens + completionTokens, true);
    }

    /** {@return the sum of two} */
    Usage plus(Usage other) {
        return new Usage(
                promptTokens + other.promptTokens,
                cachedTokens + other.cachedTokens,
                cacheWrittenTokens + other.cacheWrittenTokens,
                completionTokens + other.completionTokens,
                reasoningTokens + other.reasoningTokens,
                totalTokens + other.totalTokens,
                estimated || other.estimated);
    }

    /**
     * Reads a usage object: {@code prompt_tokens} and {@code completion_tokens}, or {@code input_tokens} and {@code
     * output_tokens} as the Responses API calls them, and {@code total_tokens}; what the cache and thoughts had of these
     * in {@code …_tokens_details}, or under the names of Anthropic and DeepSeek.
     *
     * @param usage any JSON
     * @return empty if it is not an object with at least one of the first five
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
        return Optional.of(new Usage(
                read,
                first(
                        count(details(usage, "prompt_tokens_details", "input_tokens_details"), "cached_tokens"),
                        count(usage, "cache_read_input_tokens", "prompt_cache_hit_tokens")),
                first(count(usage, "cache_creation_input_tokens")),
                written,
                first(count(details(usage, "completion_tokens_details", "output_tokens_details"), "reasoning_tokens")),
                total == null ? read + written : total,
                false));
    }

    private static JsonNode details(JsonNode usage, String name, String otherName) {
        JsonNode details = usage.path(name);
        return details.isObject() ? details : usage.path(otherName);
    }

    private static long first(@Nullable Long... counts) {
        for (Long count : counts) {
            if (count != null) {
                return count;
            }
        }
        return 0;
    }

    private static @Nullable Long count(JsonNode usage, String name, String otherName) {
        Long count = count(usage, name);
        return count == null ? count(usage, otherName) : count;
    }

    /** A count of more than an int can hold is no count of tokens, and could overflow the sum. */
    private static @Nullable Long count(JsonNode usage, String name) {
        JsonNode count = usage.path(name);
        return count.canConvertToInt() && count.intValue() >= 0 ? count.longValue() : null;
    }
}
