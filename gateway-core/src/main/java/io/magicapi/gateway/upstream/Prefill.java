package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.magicapi.gateway.api.Body;
import io.vertx.core.buffer.Buffer;
import java.io.UncheckedIOException;
import java.util.Optional;

/** A chat request that ends with the beginning of its answer, as a message of the assistant. */
final class Prefill {

    /** What is longer would take an event loop too long to write; its answer is asked for anew. */
    private static final int LARGE = 256 * 1024;

    private Prefill() {}

    /**
     * Extends a request.
     *
     * @param body is not changed
     * @param text what has been said of the answer
     * @return empty if that would not mean the same: nothing has been said, several answers are asked for, or the request
     *     itself ends with words of the assistant; or if it is too large
     */
    static Optional<Buffer> of(Body body, String text) {
        if (text.isEmpty() || !(body instanceof ClientBody client) || client.isStreamed()) {
            return Optional.empty();
        }
        Buffer bytes = client.buffer();
        if (bytes.length() + text.length() > LARGE) {
            return Optional.empty();
        }
        JsonNode request = Json.parse(bytes.getBytes());
        if (request.path("n").asInt(1) != 1 || !(request.get("messages") instanceof ArrayNode messages)) {
            return Optional.empty();
        }
        JsonNode last = messages.path(messages.size() - 1);
        if (last.path("role").asText().equals("assistant")) {
            return Optional.empty();
        }
        messages.addObject().put("role", "assistant").put("content", text);
        try {
            return Optional.of(Buffer.buffer(Json.MAPPER.writeValueAsBytes(request)));
        } catch (JsonProcessingException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
