package io.magicapi.gateway.upstream;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import java.util.function.BooleanSupplier;

/**
 * Sends a long body that is held in memory part by part, at the pace of who takes it. What is written is copied to memory
 * that the system reads, of which there is little: twenty bodies of 20 MB, written whole to a provider that is slow, would
 * use it up.
 */
final class BodyParts {

    /** The length of a part, in bytes; a body that is no longer is as well sent whole. */
    static final int LENGTH = 128 * 1024;

    private final HttpClientRequest request;
    private final Buffer body;
    private final BooleanSupplier wanted;
    private final Promise<Void> sent = Promise.promise();
    private int next;

    private BodyParts(HttpClientRequest request, Buffer body, BooleanSupplier wanted) {
        this.request = request;
        this.body = body;
        this.wanted = wanted;
    }

    /**
     * Sends a body. On the request's event loop.
     *
     * @param wanted asked before each part: whether it is still to be sent
     * @return completes when all of it has been handed over; never if it is wanted no longer, or the connection is lost,
     *     of which the response tells
     */
    static Future<Void> send(HttpClientRequest request, Buffer body, BooleanSupplier wanted) {
        request.putHeader("content-length", Integer.toString(body.length()));
        BodyParts parts = new BodyParts(request, body, wanted);
        parts.goOn();
        return parts.sent.future();
    }

    private void goOn() {
        while (wanted.getAsBoolean()) {
            int from = next;
            next = Math.min(from + LENGTH, body.length());
            Buffer part = body.slice(from, next);
            if (next == body.length()) {
                request.drainHandler(null);
                request.end(part);
                sent.complete();
                return;
            }
            request.write(part);
            if (request.writeQueueFull()) {
                request.drainHandler(drained -> goOn());
                return;
            }
        }
    }
}
