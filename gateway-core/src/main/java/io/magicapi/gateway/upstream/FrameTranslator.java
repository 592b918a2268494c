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
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ERROR = "event: error\n".getBytes(StandardCharsets.US_ASCII);

    private final FrameDecoder decoder;
    private final FrameTransform transform;

    FrameTranslator(FrameDecoder decoder, FrameTransform transform) {
        this.decoder = decoder;
        this.transform = transform;
    }

    /** {@return what the client is to get for some bytes; may be empty} */
    Buffer feed(Buffer bytes) {
        HeapBytes heap = HeapBytes.of(bytes);
        Events events = new Events();
        ByteBuffer view =
                ByteBuffer.wrap(heap.array(), heap.offset(), heap.length()).asReadOnlyBuffer();
        decoder.feed(view, frame -> translate(frame, events));
        return events.out;
    }

    /** {@return what the client is to get now that the upstream has ended; may be empty} */
    Buffer end() {
        Events events = new Events();
        decoder.end(frame -> translate(frame, events));
        transform.onEnd(events);
        return events.out;
    }

    private void translate(Frame frame, Events events) {
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
            write(bytes);
        }

        @Override
        public void done() {
            out.appendBytes(DONE);
        }

        @Override
        public void error(String message, String type) {
            out.appendBytes(ERROR);
            write(ErrorBody.of(message, type, null, type));
        }

        private void write(byte[] json) {
            out.appendBytes(DATA).appendBytes(json).appendBytes(END);
        }
    }
}
