package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.FrameSink;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

/**
 * Maps a small exchange for nobody. Loading the classes takes tens of milliseconds, for which the first client's event
 * loop would have to wait.
 */
final class Rehearsal {

    private static final String CHAT =
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}],\"seed\":1,"
                    + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}";
    private static final String ANSWER =
            "{\"output\":{\"message\":{\"content\":[{\"text\":\"a\"}]}},\"stopReason\":\"end_turn\",\"usage\":{}}";
    private static final String[][] EVENTS = {
        {"messageStart", "{\"role\":\"assistant\"}"},
        {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\"}}"},
        {"contentBlockStop", "{\"contentBlockIndex\":0}"},
        {"messageStop", "{\"stopReason\":\"end_turn\"}"},
        {"metadata", "{\"usage\":{}}"}
    };

    private Rehearsal() {}

    static void run() {
        Body.of(ConverseRequest.of(Body.of(bytes(CHAT)).json(), "m", UnmappedFields.DROP)
                .document());
        Completion completion = new Completion("c", 0, "m");
        new ConverseAnswer(completion).apply(Body.of(bytes(ANSWER)));
        EventStreamDecoder decoder = new EventStreamDecoder();
        ConverseStream stream = new ConverseStream(completion);
        for (String[] event : EVENTS) {
            decoder.feed(encoded(event[0], event[1]), frame -> stream.onFrame(frame, Nobody.LISTENS));
        }
    }

    private static ByteBuffer encoded(String type, String payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Message(Map.of(":event-type", HeaderValue.fromString(type)), bytes(payload)).encode(out);
        return ByteBuffer.wrap(out.toByteArray());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private enum Nobody implements FrameSink {
        LISTENS;

        @Override
        public void event(JsonNode chunk) {}

        @Override
        public void done() {}

        @Override
        public void error(String message, String type) {}
    }
}
