package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.ProviderException;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** An upstream's whole answer, as plugins see it. */
final class AnswerBody implements Body {

    private final byte[] bytes;
    private @Nullable JsonNode document;

    AnswerBody(Buffer received) {
        this.bytes = received.getBytes();
    }

    @Override
    public boolean isStreamed() {
        return false;
    }

    @Override
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    @Override
    public JsonNode json() {
        JsonNode parsed = document;
        if (parsed == null) {
            parsed = Json.parse(bytes);
            if (parsed.isMissingNode()) {
                throw new ProviderException(ProviderException.Kind.BAD_ANSWER, "the upstream's answer is not JSON");
            }
            document = parsed;
        }
        return parsed;
    }

    @Override
    public String toString() {
        return "Body[" + bytes.length + " bytes]";
    }
}
