package io.magicapi.gateway.routing;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;

/** A body is read or refused with 400; and with the model exchanged, it is the same body with another model. */
public final class RequestPeekFuzz {

    private RequestPeekFuzz() {}

    /** The input is the body. */
    public static void fuzzerTestOneInput(byte[] input) {
        Buffer body = Buffer.buffer(input);
        RequestPeek peek;
        try {
            peek = RequestPeek.of(body);
        } catch (GatewayException refusal) {
            if (refusal.code() != ErrorCode.INVALID_JSON) {
                throw new AssertionError("refused as " + refusal.code());
            }
            return;
        }
        if (peek.model().isPresent()) {
            RequestPeek changed = RequestPeek.of(peek.withModel(body, "a/\"b\"\n\u20ac"));
            if (!changed.requireModel().equals("a/\"b\"\n\u20ac") || changed.stream() != peek.stream()) {
                throw new AssertionError("another model changed more than the model");
            }
        }
    }
}
