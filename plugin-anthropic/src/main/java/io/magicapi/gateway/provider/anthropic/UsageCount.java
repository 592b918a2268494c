package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The tokens of one answer. Anthropic counts what it reads from its cache, and what it writes there, beside the input;
 * OpenAI counts all of that as prompt.
 */
final class UsageCount {

    private static final String CACHE_WRITTEN = "cache_creation_input_tokens";
    private static final String CACHE_READ = "cache_read_input_tokens";

    private long input;
    private long cacheWritten;
    private long cacheRead;
    private long output;
    private long thinking;

    /** Takes note of a {@code usage} object. Its numbers are totals so far, and those it does not have stay. */
    void note(JsonNode usage) {
        input = usage.path("input_tokens").asLong(input);
        cacheWritten = usage.path(CACHE_WRITTEN).asLong(cacheWritten);
        cacheRead = usage.path(CACHE_READ).asLong(cacheRead);
        output = usage.path("output_tokens").asLong(output);
        thinking = usage.path("output_tokens_details").path("thinking_tokens").asLong(thinking);
    }

    /** {@return the same as OpenAI's {@code usage}; what the cache did also under the names of Anthropic} */
    ObjectNode toOpenAi() {
        long prompt = input + cacheWritten + cacheRead;
        ObjectNode usage = JsonNodeFactory.instance.objectNode();
        usage.put("prompt_tokens", prompt);
        usage.put("completion_tokens", output);
        usage.put("total_tokens", prompt + output);
        usage.putObject("prompt_tokens_details").put("cached_tokens", cacheRead);
        usage.putObject("completion_tokens_details").put("reasoning_tokens", thinking);
        if (cacheWritten > 0 || cacheRead > 0) {
            usage.put(CACHE_WRITTEN, cacheWritten);
            usage.put(CACHE_READ, cacheRead);
        }
        return usage;
    }
}
