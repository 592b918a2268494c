package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Optional;

/**
 * What a chat chunk says, if that is text of the first choice and nothing else.
 *
 * @param text may be empty
 * @param last whether it has a finish reason
 */
record ChunkText(String text, boolean last) {

    private static final ChunkText NOTHING = new ChunkText("", false);

    /** {@return what a chunk says; empty if it is none, or says something else: calls a tool, thinks, refuses, …} */
    static Optional<ChunkText> of(JsonNode chunk) {
        JsonNode choices = chunk.path("choices");
        if (!choices.isArray() || choices.size() > 1) {
            return Optional.empty();
        }
        if (choices.isEmpty()) {
            return Optional.of(NOTHING); // usage, or what a filter thinks of the prompt
        }
        JsonNode choice = choices.path(0);
        JsonNode delta = choice.path("delta");
        if (choice.path("index").asInt() != 0
                || says(choice.path("logprobs"))
                || !(delta.isObject() || delta.isMissingNode())) {
            return Optional.empty();
        }
        for (Map.Entry<String, JsonNode> field : delta.properties()) {
            boolean text = field.getKey().equals("content") && field.getValue().isTextual();
            if (!text && !field.getKey().equals("role") && says(field.getValue())) {
                return Optional.empty();
            }
        }
        JsonNode content = delta.path("content");
        return Optional.of(new ChunkText(
                content.isTextual() ? content.textValue() : "",
                choice.path("finish_reason").isTextual()));
    }

    private static boolean says(JsonNode value) {
        boolean empty = value.isTextual() ? value.textValue().isEmpty() : value.isContainerNode() && value.isEmpty();
        return !empty && !value.isNull() && !value.isMissingNode();
    }
}
