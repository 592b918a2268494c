package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a model thought before it answered. OpenAI's API has no field for it; {@code reasoning_content} is what others
 * use, and {@code reasoning_signature} carries the token by which the model knows its thoughts again. A client that
 * sends both back in its next request, as some models demand with tools, is understood.
 */
final class Reasoning {

    static final String CONTENT = "reasoning_content";
    static final String SIGNATURE = "reasoning_signature";

    private Reasoning() {}

    /** Appends the thoughts of an assistant's message, if they are signed: models take no others back. */
    static void appendTo(ArrayNode blocks, JsonNode message) {
        if (message.hasNonNull(CONTENT) && message.hasNonNull(SIGNATURE)) {
            ObjectNode text = blocks.addObject().putObject("reasoningContent").putObject("reasoningText");
            text.put("text", message.get(CONTENT).asText());
            text.put("signature", message.get(SIGNATURE).asText());
        }
    }
}
