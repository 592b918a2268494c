package io.magicapi.gateway.observe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

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

    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

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
        try (JsonParser parser = usage.traverse()) {
            return read(parser);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /**
     * Reads the text of a usage object, as {@link #from} reads a tree, without making one.
     *
     * @param json holds the object; read, not kept
     * @return empty also if it is not valid JSON
     */
    public static Optional<Usage> parse(byte[] json, int offset, int length) {
        try (JsonParser parser = JSON.createParser(json, offset, length)) {
            return read(parser);
        } catch (IOException malformed) {
            return Optional.empty();
        }
    }

    private static Optional<Usage> read(JsonParser parser) throws IOException {
        return parser.nextToken() == JsonToken.START_OBJECT ? new Counts().read(parser) : Optional.empty();
    }

    /** What is found in one usage object; -1 stands for nothing. */
    private static final class Counts {

        private long prompt = -1;
        private long input = -1;
        private long completion = -1;
        private long output = -1;
        private long total = -1;
        private long cached = -1;
        private long cacheRead = -1;
        private long cacheHit = -1;
        private long cacheWritten = -1;
        private long reasoning = -1;

        Optional<Usage> read(JsonParser parser) throws IOException {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "prompt_tokens" -> prompt = count(parser, value);
                    case "input_tokens" -> input = count(parser, value);
                    case "completion_tokens" -> completion = count(parser, value);
                    case "output_tokens" -> output = count(parser, value);
                    case "total_tokens" -> total = count(parser, value);
                    case "cache_read_input_tokens" -> cacheRead = count(parser, value);
                    case "prompt_cache_hit_tokens" -> cacheHit = count(parser, value);
                    case "cache_creation_input_tokens" -> cacheWritten = count(parser, value);
                    case "prompt_tokens_details", "input_tokens_details" ->
                        cached = first(detail(parser, value, "cached_tokens"), cached);
                    case "completion_tokens_details", "output_tokens_details" ->
                        reasoning = first(detail(parser, value, "reasoning_tokens"), reasoning);
                    default -> parser.skipChildren();
                }
            }
            long read = first(prompt, input);
            long written = first(completion, output);
            if (read < 0 && written < 0 && total < 0) {
                return Optional.empty();
            }
            return Optional.of(new Usage(
                    Math.max(read, 0),
                    first(cached, first(cacheRead, cacheHit)),
                    cacheWritten,
                    Math.max(written, 0),
                    reasoning,
                    total < 0 ? Math.max(read, 0) + Math.max(written, 0) : total,
                    false));
        }

        private static long detail(JsonParser parser, JsonToken value, String wanted) throws IOException {
            long found = -1;
            if (value == JsonToken.START_OBJECT) {
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    boolean isWanted = parser.currentName().equals(wanted);
                    JsonToken inner = parser.nextToken();
                    if (isWanted) {
                        found = count(parser, inner);
                    } else {
                        parser.skipChildren();
                    }
                }
            } else {
                parser.skipChildren();
            }
            return found;
        }

        private static long first(long one, long other) {
            return one >= 0 ? one : other;
        }

        /** A count of more than an int can hold is no count of tokens, and could overflow the sum. */
        private static long count(JsonParser parser, JsonToken value) throws IOException {
            if (value != JsonToken.VALUE_NUMBER_INT || parser.getNumberType() != JsonParser.NumberType.INT) {
                parser.skipChildren();
                return -1;
            }
            return Math.max(-1, parser.getIntValue());
        }
    }
}
