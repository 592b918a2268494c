package io.magicapi.gateway.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;

/**
 * A request body. {@link #of} makes a new one; the one of a {@link Call} is the client's, and handing that very object
 * on means "send these bytes as they are", which costs nothing.
 *
 * <p>A large upload is never held whole: such a body {@link #isStreamed() is streamed}, can be handed on, and cannot be
 * looked into.
 */
public interface Body {

    /** A body of no bytes. */
    Body EMPTY = of(new byte[0]);

    /**
     * {@return a body of these bytes}
     *
     * @param bytes not copied, so not to be changed afterwards
     */
    static Body of(byte[] bytes) {
        return new BytesBody(bytes);
    }

    /** {@return a body of this document, written out as compact JSON} */
    static Body of(JsonNode document) {
        return BytesBody.of(document);
    }

    /** {@return whether the bytes pass through without being held, so that only {@link #isStreamed} may be called} */
    boolean isStreamed();

    /**
     * {@return the bytes, read-only; position 0, limit the length}
     *
     * @throws IllegalStateException if the body is streamed
     */
    ByteBuffer bytes();

    /**
     * The bytes as one JSON document. Parsed at the first call and kept, so ask only when it is needed.
     *
     * @return the document; not to be changed: {@link JsonNode#deepCopy()} first
     * @throws ProviderException of kind {@link ProviderException.Kind#INVALID_REQUEST} if it is not valid JSON
     * @throws IllegalStateException if the body is streamed
     */
    JsonNode json();
}
