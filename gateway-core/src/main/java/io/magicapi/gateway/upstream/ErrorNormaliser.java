package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.error.ErrorBody;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/**
 * Gives error answers the shape that OpenAI's SDKs understand. One that has it already, {@code
 * {"error":{"message":…,"type":…}}}, is left alone to the byte. Of other JSON {@link ErrorShape} makes one; a line of
 * plain text is the message; a web page is not shown, since it is some proxy's and not the provider's.
 */
final class ErrorNormaliser {

    /** Longer text is no message. */
    private static final int MAX_LINE = 500;

    private ErrorNormaliser() {}

    /**
     * {@return the body to answer with; the very same object if it needs no change}
     *
     * @param status the upstream's status, 400 or above
     * @param body what it sent; may be empty
     */
    static Buffer normalise(int status, Buffer body) {
        byte[] bytes = body.getBytes();
        JsonNode document = Json.parse(bytes);
        if (isOpenAi(document)) {
            return body;
        }
        JsonNode error = document.isArray() ? document.path(0) : document;
        if (error.isObject() && !error.isEmpty()) {
            return Buffer.buffer(ErrorShape.body(error, bytes));
        }
        String type = status == 401 ? "authentication_error" : status < 500 ? "invalid_request_error" : "server_error";
        return Buffer.buffer(ErrorBody.of(message(status, bytes), type, null, "upstream_error"));
    }

    private static boolean isOpenAi(JsonNode document) {
        return ErrorShape.isOpenAi(document)
                && document.path("error").path("type").isTextual()
                && !document.has("type");
    }

    private static String message(int status, byte[] bytes) {
        String text = bytes.length > MAX_LINE ? "" : new String(bytes, StandardCharsets.UTF_8).strip();
        boolean plain = !text.isEmpty() && !text.startsWith("<") && text.chars().noneMatch(c -> c < ' ' || c == 0xfffd);
        return plain ? text : "the provider answered " + status + " and did not say why";
    }
}
