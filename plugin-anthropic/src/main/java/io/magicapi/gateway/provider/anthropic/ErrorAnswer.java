package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;

/** Makes an error of OpenAI's shape of one of Anthropic's ("Errors" in its documentation). The status stays. */
final class ErrorAnswer {

    static final String UNKNOWN_TYPE = "api_error";

    private ErrorAnswer() {}

    /** {@return the error; what is none of Anthropic's is left to the gateway, which knows what proxies say} */
    static Body translate(Body received) {
        JsonNode error = received.json().path("error");
        if (!error.path("message").isTextual()) {
            return received;
        }
        String type = error.path("type").asText(UNKNOWN_TYPE);
        ObjectNode made = JsonNodeFactory.instance.objectNode();
        made.putObject("error")
                .put("message", error.path("message").textValue())
                .put("type", type)
                .putNull("param")
                .put("code", type);
        return Body.of(made);
    }
}
