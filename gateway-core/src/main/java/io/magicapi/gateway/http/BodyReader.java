package io.magicapi.gateway.http;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.upstream.BodyPatience;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.Consumer;

/** Reads a request's body into memory, up to a limit. For one event loop; used once. */
final class BodyReader {

    private static final int ROOM = 64 * 1024;

    private final HttpServerRequest request;
    private final long most;
    private final long limit;
    private final Consumer<Buffer> whole;
    private final Consumer<GatewayException> failed;
    private final Deadline deadline;
    private Buffer body = Buffer.buffer();

    /** How long the body may become before it must be copied to a larger one; 0 if it is not ours to append to. */
    private int room;

    private boolean over;

    /**
     * A reader of the body of a paused request.
     *
     * @param announced how long the client says that it is, in bytes; negative if it does not say
     * @param whole gets the body
     * @param failed gets, in its place, {@link ErrorCode#BODY_TOO_LARGE} as soon as that is certain, or what else is
     *     wrong: it comes too slowly, is malformed, or the client leaves
     */
    BodyReader(
            HttpServerRequest request,
            long announced,
            long limit,
            BodyPatience patience,
            Consumer<Buffer> whole,
            Consumer<GatewayException> failed) {
        this.request = request;
        this.most = announced < 0 ? limit : announced;
        this.limit = limit;
        this.whole = whole;
        this.failed = failed;
        this.deadline = patience.start(this::fail);
    }

    /** Reads it. */
    void read() {
        request.exceptionHandler(failure -> fail(BodyPatience.brokenOff(failure)));
        request.handler(this::append);
        request.endHandler(end -> {
            if (isFirst()) {
                whole.accept(body);
            }
        });
        request.resume();
    }

    private void fail(GatewayException failure) {
        if (isFirst()) {
            failed.accept(failure);
        }
    }

    /** {@return whether this is the end, and not something that happens after it} */
    private boolean isFirst() {
        if (over) {
            return false;
        }
        over = true;
        deadline.cancel();
        return true;
    }

    private void append(Buffer chunk) {
        if (over) {
            return;
        }
        deadline.progress(chunk.length());
        long length = body.length() + (long) chunk.length();
        if (length > limit) {
            fail(tooLarge(limit));
        } else if (body.length() == 0) {
            body = chunk; // most bodies come in one piece, which need not be copied
        } else {
            if (length > room) {
                makeRoom((int) length);
            }
            body.appendBuffer(chunk);
        }
    }

    /** Doubles the room, which is as much as is announced at last; who announces much and sends little gets little. */
    private void makeRoom(int length) {
        room = (int) Math.max(length, Math.min(most, Math.max(2L * length, ROOM)));
        body = Buffer.buffer(room).appendBuffer(body);
    }

    static GatewayException tooLarge(long limit) {
        return new GatewayException(
                ErrorCode.BODY_TOO_LARGE, "the body is larger than " + limit + " bytes (server.limits.body)");
    }
}
