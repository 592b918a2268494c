package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The client's body, as plugins see it: in memory, or on its way through. */
final class ClientBody implements Body {

    private final @Nullable Buffer buffer;
    private final boolean asksUsage;
    private volatile @Nullable Body readable;

    private ClientBody(@Nullable Buffer buffer, boolean asksUsage) {
        this.buffer = buffer;
        this.asksUsage = asksUsage;
    }

    static ClientBody held(Buffer buffer, boolean asksUsage) {
        return new ClientBody(buffer, asksUsage);
    }

    static ClientBody streamed() {
        return new ClientBody(null, false);
    }

    /** {@return whether it asks for the usage of a stream although the client did not} */
    boolean asksUsage() {
        return asksUsage;
    }

    @Override
    public boolean isStreamed() {
        return buffer == null;
    }

    /** {@return the bytes, as they are sent when nobody changed them} */
    Buffer buffer() {
        if (buffer == null) {
            throw new IllegalStateException("the body is streamed; it can only be handed on");
        }
        return buffer;
    }

    @Override
    public ByteBuffer bytes() {
        return readable().bytes();
    }

    @Override
    public JsonNode json() {
        return readable().json();
    }

    private Body readable() {
        Body current = readable;
        if (current == null) {
            current = Body.of(buffer().getBytes());
            readable = current;
        }
        return current;
    }

    @Override
    public String toString() {
        return "Body[" + (buffer == null ? "streamed" : buffer.length() + " bytes") + "]";
    }
}
