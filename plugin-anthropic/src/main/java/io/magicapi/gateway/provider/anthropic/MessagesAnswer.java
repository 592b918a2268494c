package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.ProviderException;
import java.time.Instant;

/**
 * Makes a chat completion of a message. All text is the content. Thinking is {@code reasoning_content}, as most clients
 * know it, and once more in {@code thinking_blocks}, with the signatures that Anthropic wants to see again when the
 * conversation goes on.
 */
final class MessagesAnswer {

    private MessagesAnswer() {}

    /**
     * {@return the completion}
     *
     * @param now the time to put on it, which messages do not have
     * @throws ProviderException of kind {@link ProviderException.Kind#BAD_ANSWER} if this is no whole message
     */
    static Body translate(Body received, Instant now) {
        JsonNode message = received.json();
        if (!message.path("type").asText().equals("message")
                || !message.path("content").isArray()) {
            throw bad("the answer is not a message");
        }
        ObjectNode completion = JsonNodeFactory.instance.objectNode();
        completion.set("id", message.path("id"));
        completion.put("object", "chat.completion").put("created", now.getEpochSecond());
        completion.set("model", message.path("model"));
        ObjectNode choice = completion.putArray("choices").addObject().put("index", 0);
        choice.set("message", spoken(message.path("content")));
        choice.putNull("logprobs").put("finish_reason", StopReason.finishReason(message.path("stop_reason")));
        UsageCount usage = new UsageCount();
        usage.note(message.path("usage"));
        completion.set("usage", usage.toOpenAi());
        return Body.of(completion);
    }

    /** {@return the failure of an upstream that does not keep to its own API} */
    static ProviderException bad(String message) {
        return new ProviderException(
                ProviderException.Kind.BAD_ANSWER, "Anthropic sent what cannot be right: " + message);
    }

    private static ObjectNode spoken(JsonNode content) {
        StringBuilder text = new StringBuilder();
        StringBuilder reasoning = new StringBuilder();
        ArrayNode thoughts = JsonNodeFactory.instance.arrayNode();
        ArrayNode calls = JsonNodeFactory.instance.arrayNode();
        boolean speaks = false;
        for (JsonNode block : content) {
            switch (block.path("type").asText()) {
                case "text" -> {
                    speaks = true;
                    text.append(block.path("text").asText());
                }
                case "thinking" -> {
                    reasoning.append(block.path("thinking").asText());
                    thoughts.add(block);
                }
                case "redacted_thinking" -> thoughts.add(block);
                case "tool_use" -> calls.add(call(block));
                default -> {} // what Anthropic's own tools did
            }
        }
        ObjectNode message = JsonNodeFactory.instance.objectNode().put("role", "assistant");
        message.put("content", speaks || calls.isEmpty() ? text.toString() : null)
                .putNull("refusal");
        if (!reasoning.isEmpty()) {
            message.put("reasoning_content", reasoning.toString());
        }
        if (!thoughts.isEmpty()) {
            message.set("thinking_blocks", thoughts);
        }
        if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
        }
        return message;
    }

    private static ObjectNode call(JsonNode block) {
        ObjectNode call = JsonNodeFactory.instance.objectNode();
        call.set("id", block.path("id"));
        ObjectNode function = call.put("type", "function").putObject("function");
        function.set("name", block.path("name"));
        function.put(
                "arguments", block.path("input").isObject() ? block.get("input").toString() : "{}");
        return call;
    }
}
