package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.error.ErrorBody;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Errors as upstreams tell them, in the shapes they have: OpenAI's {@code {"error":{"message":…}}}, which may have a
 * chunk around it; {@code {"error":"…"}}; vLLM's {@code {"object":"error","message":…}}; {@code {"detail":…}}, with
 * FastAPI's list of complaints, too; plain text. All but the first are turned into the first.
 */
final class ErrorShape {

    private static final String DEFAULT_TYPE = "upstream_error";
    private static final String NO_MESSAGE = "the upstream reported an error without saying which";

    private ErrorShape() {}

    /** {@return whether the data of an event that is not named an error is one nevertheless} */
    static boolean isError(JsonNode json) {
        JsonNode error = json.path("error");
        return error.isObject()
                || hasText(error)
                || (json.path("object").asText().equals("error") && hasText(json.path("message")));
    }

    /** {@return whether clients of OpenAI's API can read this error as it is} */
    static boolean isOpenAi(JsonNode json) {
        return json.path("error").path("message").isTextual();
    }

    /**
     * {@return an error body in OpenAI's shape, with all four fields}
     *
     * @param json what the upstream sent, or {@link Json#ABSENT} if that is not JSON
     * @param text the same as it came
     */
    static byte[] body(JsonNode json, byte[] text) {
        JsonNode error = json.path("error").isObject() ? json.path("error") : json;
        String param = text(error.path("param"));
        String type = text(error.path("type").isMissingNode() ? error.path("status") : error.path("type"));
        return ErrorBody.of(
                message(json, error, text),
                type == null || type.equals("error") ? DEFAULT_TYPE : type,
                param == null ? Complaints.param(complaints(error)) : param,
                text(error.path("code")));
    }

    /** {@return the same as an event of a stream} */
    static byte[] event(JsonNode json, byte[] text) {
        return EventLines.errorEvent(body(json, text));
    }

    private static String message(JsonNode json, JsonNode error, byte[] text) {
        if (hasText(json.path("error"))) {
            return json.path("error").asText();
        }
        for (String field : new String[] {"message", "detail"}) {
            JsonNode message = error.path(field);
            if (hasText(message)) {
                return message.asText();
            }
            if (message.isContainerNode() && !message.isEmpty()) {
                String complaints = Complaints.message(complaints(error));
                return complaints == null ? message.toString() : complaints;
            }
        }
        if (error.isObject()) {
            return NO_MESSAGE;
        }
        String plain = hasText(json) ? json.asText() : new String(text, StandardCharsets.UTF_8);
        return plain.isBlank() ? NO_MESSAGE : plain.strip();
    }

    /** {@return where a list of complaints is, if there is one; Mistral has them one level further down} */
    private static JsonNode complaints(JsonNode error) {
        JsonNode detail = error.path("detail");
        return detail.isMissingNode() ? error.path("message").path("detail") : detail;
    }

    private static boolean hasText(JsonNode node) {
        return node.isTextual() && !node.asText().isBlank();
    }

    private static @Nullable String text(JsonNode node) {
        return node.isTextual() || node.isNumber() ? node.asText() : null;
    }
}
