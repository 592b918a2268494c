package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameSink;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * Translates a small exchange for nobody. Loading the classes takes tens of milliseconds, for which the first client's
 * event loop would have to wait.
 */
final class Rehearsal {

    private static final String CHAT =
            "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}]}";
    private static final String MESSAGE =
            "{\"id\":\"m\",\"type\":\"message\",\"model\":\"m\",\"stop_reason\":\"end_turn\","
                    + "\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"usage\":{}}";
    private static final String[] EVENTS = {
        "{\"type\":\"message_start\",\"message\":" + MESSAGE + "}",
        "{\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
        "{\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}",
        "{\"type\":\"content_block_stop\"}",
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}",
        "{\"type\":\"message_stop\"}"
    };

    private Rehearsal() {}

    static void run(Catalogue catalogue) {
        Body.of(MessagesRequest.of(
                Body.of(bytes(CHAT)).json(), catalogue, Options.DEFAULT, new Losses(Losses.Policy.DROP)));
        MessagesAnswer.translate(Body.of(bytes(MESSAGE)), Instant.EPOCH);
        MessagesStream stream = new MessagesStream(Instant.EPOCH);
        for (String event : EVENTS) {
            stream.onFrame(Frame.of("", bytes(event)), Nobody.LISTENS);
        }
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
