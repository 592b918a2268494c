package io.magicapi.gateway.http;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.upstream.BodyPatience;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** Reads a request's body into memory, up to a limit. For one event loop; used once. */
final class BodyReader {

    private final HttpServerRequest request;
    private final long limit;
    private final Deadline deadline;
    private final Promise<Buffer> whole = Promise.promise();
    private Buffer body = Buffer.buffer();
    private boolean owned;

    private BodyReader(HttpServerRequest request, long limit, BodyPatience patience) {
        this.request = request;
        this.limit = limit;
        this.deadline = patience.start(whole::tryFail);
    }

    /**
     * Reads the body of a paused request.
     *
     * @return the body; fails with {@link ErrorCode#BODY_TOO_LARGE} as soon as that is certain, if it comes too slowly, is
     *     malformed, or if the client leaves
     */
    static Future<Buffer> read(HttpServerRequest request, long limit, BodyPatience patience) {
        return new BodyReader(request, limit, patience).read();
    }

    private Future<Buffer> read() {
        request.exceptionHandler(failure -> whole.tryFail(BodyPatience.brokenOff(failure)));
        request.handler(this::append);
        request.endHandler(end -> whole.tryComplete(body));
        request.resume();
        return whole.future().onComplete(read -> deadline.cancel());
    }

    private void append(Buffer chunk) {
        if (whole.future().isComplete()) {
            return;
        }
        deadline.progress(chunk.length());
        if (body.length() + (long) chunk.length() > limit) {
            whole.tryFail(tooLarge(limit));
        } else if (body.length() == 0) {
            body = chunk; // most bodies come in one piece, which need not be copied
        } else {
            if (!owned) {
                body = Buffer.buffer(Math.max(2 * body.length(), 64 * 1024)).appendBuffer(body);
                owned = true;
            }
            body.appendBuffer(chunk);
        }
    }

    static GatewayException tooLarge(long limit) {
        return new GatewayException(
                ErrorCode.BODY_TOO_LARGE, "the body is larger than " + limit + " bytes (server.limits.body)");
    }
}
