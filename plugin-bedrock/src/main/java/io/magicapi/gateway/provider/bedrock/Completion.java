package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.ResponseHead;
import java.time.Clock;

/**
 * What is the same in a whole completion and in all chunks of a streamed one.
 *
 * @param id Bedrock's id of the request, after OpenAI's prefix
 * @param created in seconds since 1970
 * @param model as it was asked for
 */
record Completion(String id, long created, String model) {

    static Completion of(Call call, ResponseHead head, Clock clock) {
        String request = head.headers().get("x-amzn-requestid").orElse(call.requestId());
        return new Completion(
                "chatcmpl-" + request,
                clock.instant().getEpochSecond(),
                call.model().orElse(""));
    }

    /**
     * {@return an answer with no choices}
     *
     * @param object {@code chat.completion} or {@code chat.completion.chunk}
     */
    ObjectNode answer(String object) {
        ObjectNode answer = JsonNodeFactory.instance
                .objectNode()
                .put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", model);
        answer.putArray("choices");
        return answer;
    }

    /**
     * {@return token usage in OpenAI's terms}
     *
     * <p>Converse counts what it reads from and writes to its cache apart from the other input, OpenAI as part of it.
     */
    static ObjectNode usage(JsonNode usage) {
        long read = usage.path("cacheReadInputTokens").asLong();
        long written = usage.path("cacheWriteInputTokens").asLong();
        long prompt = usage.path("inputTokens").asLong() + read + written;
        long completion = usage.path("outputTokens").asLong();
        ObjectNode openAi = JsonNodeFactory.instance
                .objectNode()
                .put("prompt_tokens", prompt)
                .put("completion_tokens", completion)
                .put("total_tokens", prompt + completion);
        openAi.putObject("prompt_tokens_details").put("cached_tokens", read).put("cache_write_tokens", written);
        return openAi;
    }
}
