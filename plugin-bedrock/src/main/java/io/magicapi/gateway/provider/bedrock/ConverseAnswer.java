package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.BodyTransform;
import io.magicapi.gateway.api.ProviderException;

/** Turns a whole answer of Converse's into a chat completion. */
final class ConverseAnswer implements BodyTransform {

    private final Completion completion;

    ConverseAnswer(Completion completion) {
        this.completion = completion;
    }

    @Override
    public Body apply(Body received) {
        JsonNode converse = received.json();
        JsonNode message = converse.path("output").path("message");
        if (!message.isObject()) {
            throw new ProviderException(ProviderException.Kind.BAD_ANSWER, "Bedrock's answer has no message");
        }
        ObjectNode answer = completion.answer("chat.completion");
        ObjectNode choice = answer.withArray("choices").addObject().put("index", 0);
        choice.set("message", message(message.path("content"), choice.objectNode()));
        choice.putNull("logprobs");
        choice.put(
                "finish_reason",
                StopReason.finishReason(converse.path("stopReason").asText("")));
        answer.set("usage", Completion.usage(converse.path("usage")));
        return Body.of(answer);
    }

    private static ObjectNode message(JsonNode blocks, ObjectNode message) {
        StringBuilder text = new StringBuilder();
        StringBuilder thoughts = new StringBuilder();
        StringBuilder signature = new StringBuilder();
        ArrayNode calls = message.arrayNode();
        for (JsonNode block : blocks) {
            text.append(block.path("text").asText(""));
            JsonNode reasoning = block.path("reasoningContent").path("reasoningText");
            thoughts.append(reasoning.path("text").asText(""));
            signature.append(reasoning.path("signature").asText(""));
            if (block.has("toolUse")) {
                appendCall(block.get("toolUse"), calls);
            }
        }
        message.put("role", "assistant");
        message.put("content", text.isEmpty() && !calls.isEmpty() ? null : text.toString());
        message.putNull("refusal");
        if (!thoughts.isEmpty()) {
            message.put(Reasoning.CONTENT, thoughts.toString());
        }
        if (!signature.isEmpty()) {
            message.put(Reasoning.SIGNATURE, signature.toString());
        }
        if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
        }
        return message;
    }

    private static void appendCall(JsonNode use, ArrayNode calls) {
        ObjectNode function = calls.addObject()
                .put("id", use.path("toolUseId").asText())
                .put("type", "function")
                .putObject("function");
        JsonNode input = use.path("input");
        function.put("name", use.path("name").asText());
        function.put("arguments", input.isObject() ? input.toString() : "{}");
    }
}
