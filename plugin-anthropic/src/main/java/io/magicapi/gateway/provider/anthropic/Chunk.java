package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.FrameSink;
import java.time.Instant;

/** The one chunk that is sent again and again, each time with another delta: sinks do not keep what they are given. */
final class Chunk {

    private final ObjectNode chunk = JsonNodeFactory.instance.objectNode();
    private final ObjectNode choice;

    /** The chunk of a message that has just begun. */
    Chunk(JsonNode message, Instant now) {
        chunk.set("id", message.path("id"));
        chunk.put("object", "chat.completion.chunk").put("created", now.getEpochSecond());
        chunk.set("model", message.path("model"));
        choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.putObject("delta");
        choice.putNull("finish_reason");
    }

    void send(ObjectNode delta, FrameSink sink) {
        choice.set("delta", delta);
        sink.event(chunk);
    }

    /** Sends a piece of text, unless it is empty. */
    void sendText(String field, String text, FrameSink sink) {
        if (!text.isEmpty()) {
            send(JsonNodeFactory.instance.objectNode().put(field, text), sink);
        }
    }

    void finish(String reason, FrameSink sink) {
        choice.put("finish_reason", reason);
        send(JsonNodeFactory.instance.objectNode(), sink);
    }

    /** Sends the last chunk, which has no choices. */
    void sendUsage(ObjectNode usage, FrameSink sink) {
        chunk.putArray("choices");
        chunk.set("usage", usage);
        sink.event(chunk);
    }
}
