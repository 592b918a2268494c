package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * Finds the place in the stream of one target from which on it goes on with what was delivered of another's, and has it
 * pass from there. Texts are compared, not chunks, which nobody cuts alike.
 *
 * <p>A target that was asked the same once more has to say all that was delivered, to the letter, and that is kept back.
 * One that was given the beginning says what comes after it, so that all passes; unless it begins by saying the beginning
 * once more, which shows by the first letter, and then it has to say all of it, too. If it says something that can be
 * read either way, it is not used: a text is never guessed.
 *
 * <p>What passes is written anew, as chunks of the answer that was begun: with its id, and without another role. One
 * instance per attempt, one thread.
 */
final class Continuation {

    /** A model that goes on may happen to use the same few letters with which it has begun; it hardly uses these many. */
    private static final int NO_COINCIDENCE = 16;

    private static final Buffer DATA = Buffer.buffer("data: ");
    private static final Buffer END = Buffer.buffer("\n\n");

    private final DeliveredText delivered;
    private final String text;
    private final boolean prefilled;
    private int repeated;
    private boolean joined;
    private boolean unusable;

    /**
     * A stream of which nothing has come.
     *
     * @param delivered what it is to go on with
     * @param prefilled whether the target was given that as the beginning of its answer
     */
    Continuation(DeliveredText delivered, boolean prefilled) {
        this.delivered = delivered;
        this.text = delivered.text();
        this.prefilled = prefilled;
    }

    /** {@return what is to be delivered of some whole events; may be empty} */
    Buffer take(Buffer events) {
        Buffer out = Buffer.buffer();
        for (EventLines event : EventLines.split(events)) {
            if (joined) {
                pass(event, out);
            } else if (!unusable) {
                compare(event, out);
            }
        }
        return out;
    }

    /** {@return whether the place was found, so that all passes from now on} */
    boolean isJoined() {
        return joined;
    }

    /** {@return whether there can be no such place} */
    boolean isUnusable() {
        return unusable;
    }

    private void compare(EventLines event, Buffer out) {
        byte[] data = event.data();
        if (data.length == 0) {
            return;
        }
        if (Arrays.equals(data, EventLines.DONE)) {
            joined = repeated == text.length();
            unusable = !joined;
            out.appendBuffer(joined ? event.whole() : Buffer.buffer());
            return;
        }
        JsonNode json = Json.parse(data);
        Optional<ChunkText> said = ChunkText.of(json);
        if (said.isEmpty()) {
            unusable = true;
        } else {
            compare((ObjectNode) json, said.get(), out);
        }
    }

    private void compare(ObjectNode chunk, ChunkText said, Buffer out) {
        if (goesOnAtOnce(said)) {
            joined = true;
            write(chunk, out);
            return;
        }
        int same = Math.min(said.text().length(), text.length() - repeated);
        unusable = !text.regionMatches(repeated, said.text(), 0, same);
        repeated += same;
        boolean all = repeated == text.length();
        unusable |= all ? prefilled && text.length() < NO_COINCIDENCE : said.last();
        String rest = said.text().substring(same);
        if (all && !unusable && (said.last() || !rest.isEmpty())) {
            joined = true;
            keep(rest, chunk);
            write(chunk, out);
        }
    }

    private boolean goesOnAtOnce(ChunkText said) {
        return prefilled
                && repeated == 0
                && (said.text().isEmpty() ? said.last() : said.text().charAt(0) != text.charAt(0));
    }

    private static void keep(String rest, ObjectNode chunk) {
        if (chunk.path("choices").path(0).path("delta") instanceof ObjectNode delta && delta.has("content")) {
            delta.put("content", rest);
        }
    }

    private void pass(EventLines event, Buffer out) {
        if (Json.parse(event.data()) instanceof ObjectNode chunk && chunk.has("choices")) {
            write(chunk, out);
        } else {
            out.appendBuffer(event.whole());
        }
    }

    private void write(ObjectNode chunk, Buffer out) {
        delivered.adopt(chunk);
        for (JsonNode choice : chunk.path("choices")) {
            if (choice.path("index").asInt() == 0 && choice.path("delta") instanceof ObjectNode delta) {
                delta.remove("role");
            }
        }
        try {
            out.appendBuffer(DATA)
                    .appendBytes(Json.MAPPER.writeValueAsBytes(chunk))
                    .appendBuffer(END);
        } catch (JsonProcessingException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
