package io.magicapi.gateway.api;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * One message of an upstream's stream: an event of {@code text/event-stream}, or whatever a {@link FrameDecoder} of the
 * plugin's makes of another framing. Immutable.
 */
public final class Frame {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private final String name;
    private final byte[] data;

    private Frame(String name, byte[] data) {
        this.name = Objects.requireNonNull(name, "the frame's name is null");
        this.data = Objects.requireNonNull(data, "the frame's data are null");
    }

    /**
     * {@return a frame}
     *
     * @param name what kind of message it is, such as {@code content_block_delta}; empty if it does not say
     * @param data not copied, so not to be changed afterwards
     */
    public static Frame of(String name, byte[] data) {
        return new Frame(name, data);
    }

    /** {@return the kind of message: the {@code event} field of an event stream; empty if there is none} */
    public String name() {
        return name;
    }

    /** {@return the message's bytes, read-only; of an event, its data lines joined by LF} */
    public ByteBuffer data() {
        return ByteBuffer.wrap(data).asReadOnlyBuffer();
    }

    /** {@return the message's bytes as text} */
    public String text() {
        return new String(data, StandardCharsets.UTF_8);
    }

    /**
     * {@return the message as a JSON document, parsed anew at each call}
     *
     * @throws ProviderException of kind {@link ProviderException.Kind#BAD_ANSWER} if it is not JSON
     */
    public JsonNode json() {
        try {
            return MAPPER.readTree(data);
        } catch (IOException e) {
            // Jackson's own message may quote the answer, which must not travel into a log.
            throw new ProviderException(
                    ProviderException.Kind.BAD_ANSWER, "the upstream sent a message that is not valid JSON");
        }
    }

    @Override
    public String toString() {
        return "Frame[" + name + ", " + data.length + " bytes]";
    }
}
