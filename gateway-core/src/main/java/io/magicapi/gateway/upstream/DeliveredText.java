package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a client has been told of an answer so far, as long as that is text and nothing else: another target can be made
 * to say a text once more, but not to make the same tool calls or to think the same. One per request, on its event loop.
 */
final class DeliveredText {

    /** What is longer is not remembered, so that memory has a bound. */
    private static final int MAX_CHARACTERS = 1024 * 1024;

    private final StringBuilder text = new StringBuilder();
    private boolean onlyText = true;
    private @Nullable JsonNode id;
    private @Nullable JsonNode created;

    /** Notes some whole events that are delivered. */
    void note(Buffer events) {
        if (onlyText) {
            EventLines.split(events).forEach(this::note);
        }
    }

    private void note(EventLines event) {
        if (event.data().length == 0) {
            return; // comments
        }
        JsonNode chunk = Json.parse(event.data());
        Optional<ChunkText> said = ChunkText.of(chunk);
        said.ifPresent(known -> text.append(known.text()));
        onlyText &= said.filter(known -> !known.last()).isPresent() && text.length() <= MAX_CHARACTERS;
        if (id == null) {
            id = chunk.get("id");
            created = chunk.get("created");
        }
    }

    /** {@return whether all that was delivered is a text, and not yet the end of it} */
    boolean isUnfinishedText() {
        return onlyText;
    }

    /** {@return the text; may be empty} */
    String text() {
        return text.toString();
    }

    /** Makes a chunk of another answer one of this: OpenAI promises that all chunks have the same id and time. */
    void adopt(ObjectNode chunk) {
        if (id != null) {
            chunk.set("id", id);
        }
        if (created != null) {
            chunk.set("created", created);
        }
    }
}
