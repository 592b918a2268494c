package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.ProviderException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;
import software.amazon.eventstream.MessageDecoder;

/**
 * Takes AWS's event stream ({@code application/vnd.amazon.eventstream}) apart: messages with headers, a payload and two
 * checksums, which AWS's own decoder checks. Of a message this keeps its kind, as the frame's name, and its payload.
 *
 * <p>An event is named by its {@code :event-type}, such as {@code contentBlockDelta}. A failure is named {@code
 * exception/} and its {@code :exception-type} or {@code :error-code}; its payload is a document with a {@code message}.
 */
final class EventStreamDecoder implements FrameDecoder {

    static final String CONTENT_TYPE = "application/vnd.amazon.eventstream";

    /** What the names of failures begin with. */
    static final String EXCEPTION = "exception/";

    /** Two lengths and their checksum in front of a message, the whole message's checksum behind it. */
    private static final long OVERHEAD = 16;

    private final List<Message> decoded = new ArrayList<>();
    private final MessageDecoder decoder = new MessageDecoder(decoded::add);

    /** Bytes that belong to no message yet. */
    private long pending;

    @Override
    public void feed(ByteBuffer bytes, Consumer<Frame> frames) {
        pending += bytes.remaining();
        boolean sound = decode(bytes);
        for (Message message : decoded) {
            pending -= length(message);
            frames.accept(frame(message));
        }
        decoded.clear();
        if (!sound) {
            throw new ProviderException(
                    ProviderException.Kind.BAD_ANSWER, "Bedrock's event stream is damaged, or is none");
        }
    }

    /** {@return whether the bytes are an event stream; what came before the damage is decoded all the same} */
    private boolean decode(ByteBuffer bytes) {
        try {
            decoder.feed(bytes);
            return true;
        } catch (RuntimeException damaged) { // of several kinds, for checksums, lengths and headers
            return false;
        }
    }

    private static long length(Message message) {
        return OVERHEAD + Message.encodeHeaders(message.getHeaders().entrySet()).length + message.getPayload().length;
    }

    private static Frame frame(Message message) {
        Map<String, HeaderValue> headers = message.getHeaders();
        String kind = text(headers, ":message-type", "event");
        if (kind.equals("event")) {
            return Frame.of(text(headers, ":event-type", ""), message.getPayload());
        }
        if (kind.equals("exception")) {
            return Frame.of(EXCEPTION + text(headers, ":exception-type", kind), message.getPayload());
        }
        String words = JsonNodeFactory.instance
                .objectNode()
                .put("message", text(headers, ":error-message", ""))
                .toString();
        return Frame.of(EXCEPTION + text(headers, ":error-code", kind), words.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(Map<String, HeaderValue> headers, String name, String otherwise) {
        @Nullable HeaderValue value = headers.get(name);
        try {
            return value == null ? otherwise : value.getString();
        } catch (IllegalStateException notText) { // it does not say its type to others
            return otherwise;
        }
    }

    @Override
    public void end(Consumer<Frame> frames) {
        if (pending != 0) {
            throw new ProviderException(
                    ProviderException.Kind.BAD_ANSWER, "Bedrock's event stream ended in the middle of a message");
        }
    }
}
