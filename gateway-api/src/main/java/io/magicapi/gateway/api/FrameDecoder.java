package io.magicapi.gateway.api;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Takes an upstream's stream of bytes apart into frames, for framings the gateway does not know. One instance per
 * answer, used by one thread at a time. (Event streams need none: {@link ResponseHandler#events}.)
 */
public interface FrameDecoder {

    /**
     * Takes the next bytes, wherever the network cut them.
     *
     * @param bytes read-only; not to be kept
     * @param frames takes each frame that is complete now
     * @throws ProviderException of kind {@link ProviderException.Kind#BAD_ANSWER} if this is not such a stream
     */
    void feed(ByteBuffer bytes, Consumer<Frame> frames);

    /**
     * The upstream has ended its answer.
     *
     * @param frames takes what frames are left
     * @throws ProviderException of kind {@link ProviderException.Kind#BAD_ANSWER} if bytes are missing
     */
    void end(Consumer<Frame> frames);
}
