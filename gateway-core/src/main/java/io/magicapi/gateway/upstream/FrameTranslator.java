package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.FrameSink;
import io.magicapi.gateway.api.FrameTransform;
import io.magicapi.gateway.buffer.HeapBytes;
import io.magicapi.gateway.error.ErrorBody;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A plugin's view of one stream: bytes of the upstream's in, OpenAI's events out. Enters the plugin's code, so call it
 * through the {@link PluginBoundary}. One thread at a time.
 */
final class FrameTranslator {

    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);

    private final FrameDecoder decoder;
    private final FrameTransform transform;
    private Events events = new Events();

    FrameTranslator(FrameDecoder decoder, FrameTransform transform) {
        this.decoder = decoder;
        this.transform = transform;
    }

    /** Has some bytes translated. */
    void feed(Buffer bytes) {
        HeapBytes heap = HeapBytes.of(bytes);
        ByteBuffer view =
                ByteBuffer.wrap(heap.array(), heap.offset(), heap.length()).asReadOnlyBuffer();
        decoder.feed(view, this::translate);
    }

    /** Has translated what is left now that the upstream has ended. */
    void end() {
        decoder.end(this::translate);
        transform.onEnd(events);
    }

    /** {@return what the client is to get for what was translated since the last time; may be empty} */
    Buffer take() {
        Events made = events;
        events = new Events();
        return made.out;
    }

    private void translate(Frame frame) {
        transform.onFrame(frame, events);
    }

    /** Writes events. Whatever comes after the last one is the scanner's to drop. */
    private static final class Events implements FrameSink {

        private final Buffer out = Buffer.buffer();

        @Override
        public void event(JsonNode chunk) {
            ByteBuffer json = Body.of(chunk).bytes();
            byte[] bytes = new byte[json.remaining()];
            json.get(bytes);
            out.appendBytes(DATA).appendBytes(bytes).appendBytes(END);
        }

        @Override
        public void done() {
            out.appendBytes(EventLines.DONE_EVENT);
        }

        @Override
        public void error(String message, String type) {
            out.appendBytes(EventLines.errorEvent(ErrorBody.of(message, type, null, type)));
        }
    }
}
