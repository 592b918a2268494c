package io.magicapi.gateway.upstream;

import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.loop.LoopClock;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one client is answered, whichever attempt the answer is from. Lives on one event loop.
 *
 * <p>{@code over} is set before the response is ended. When the client does not keep up, the attempt is held, and a
 * client that takes nothing for too long is given up.
 */
final class ClientResponse {

    /** How long a client hears nothing of a stream that is kept back. */
    private static final Duration QUIET = Duration.ofSeconds(3);

    private static final Buffer COMMENT = Buffer.buffer(": keep-alive\n\n");

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final boolean isHead;
    private final String requestId;
    private final LoopClock clock;
    private final Duration slowReader;
    private final Runnable clientLeft;
    private final Consumer<Throwable> unanswered;
    private @Nullable Deadline reader;
    private @Nullable ClientSide waiting;
    private @Nullable Deadline quiet;
    private boolean headSet;
    private boolean over;

    /**
     * A response of which nothing has been written.
     *
     * @param slowReader how long a client may take nothing of an answer that waits for it
     * @param clientLeft called once, when the client has left before the end or is given up
     * @param unanswered told what is left to others to tell the client, at most once
     */
    ClientResponse(
            HttpServerRequest request,
            String requestId,
            LoopClock clock,
            Duration slowReader,
            Runnable clientLeft,
            Consumer<Throwable> unanswered) {
        this.request = request;
        this.response = request.response();
        this.isHead = request.method().equals(HttpMethod.HEAD);
        this.requestId = requestId;
        this.clock = clock;
        this.slowReader = slowReader;
        this.clientLeft = clientLeft;
        this.unanswered = unanswered;
    }

    /**
     * Begins to watch the client.
     *
     * @param uploads whether its body is still to come: what is wrong with that is noticed by who reads it
     */
    void watch(boolean uploads) {
        response.closeHandler(closed -> left());
        response.exceptionHandler(failure -> {
            if (!uploads || Connections.isLoss(failure)) {
                left(); // otherwise the upload is malformed, and will say so
            }
        });
        if (response.closed()) {
            left();
        }
    }

    private void left() {
        if (!over) {
            finish();
            clientLeft.run();
        }
    }

    boolean isOver() {
        return over;
    }

    /** {@return whether something has been written, so that a failure can only be told in the stream} */
    boolean hasBegun() {
        return response.headWritten();
    }

    boolean isHead() {
        return isHead;
    }

    /** {@return whether a response without length can be told from one that is cut} */
    boolean isChunked() {
        return response.isChunked();
    }

    /** {@return whether the client said that it can read a body in this coding} */
    boolean accepts(String coding) {
        return Codings.accepted(request.headers().getAll("accept-encoding"), coding);
    }

    /**
     * Sets the head, of which nothing goes out before the first byte of the body. Once that is out, a head of a later
     * attempt says nothing any more, and the same is true of the methods that follow.
     */
    void head(int status, Iterable<Map.Entry<String, String>> upstream, boolean eventStream) {
        if (hasBegun()) {
            return;
        }
        if (headSet) {
            HeaderPolicy.forgetAnswer(response.headers()); // of an attempt that came to nothing
            response.setChunked(false);
        }
        headSet = true;
        response.setStatusCode(status);
        HeaderPolicy.toClient(upstream, response.headers());
        if (eventStream) {
            response.putHeader("cache-control", "no-cache").putHeader("x-accel-buffering", "no");
        }
        if (!response.headers().contains("x-request-id")) {
            response.putHeader("x-request-id", requestId);
        }
    }

    void header(String name, String value) {
        if (!hasBegun()) {
            response.putHeader(name, value);
        }
    }

    void warn(Optional<String> text) {
        if (!hasBegun()) {
            text.ifPresent(known -> response.headers().add("x-gateway-warning", known));
        }
    }

    /** Sets the length, or says that there will be none. */
    void length(long length) {
        if (hasBegun()) {
            return;
        }
        response.setChunked(length < 0);
        if (length >= 0) {
            response.putHeader("content-length", Long.toString(length));
        }
    }

    /**
     * Writes a part of the body.
     *
     * @param source is held while the client does not keep up
     */
    void write(Buffer bytes, ClientSide source) {
        stopKeepingAlive();
        response.write(bytes);
        if (over || waiting == source || !response.writeQueueFull()) {
            return;
        }
        source.hold();
        waiting = source; // in place of an earlier attempt, if the client has not kept up since then
        if (reader == null) {
            reader = clock.start(slowReader, this::giveUp);
            response.drainHandler(drained -> {
                ClientSide held = waiting;
                stopAwaitingReader();
                if (held != null) {
                    held.release();
                }
            });
        }
    }

    /**
     * Has the client hear a comment now and then, the head before the first one, until something is written. The head
     * must be set, and say that a stream follows.
     */
    void keepAlive() {
        if (quiet == null && !over) {
            quiet = clock.start(QUIET, this::comment);
        }
    }

    private void comment() {
        quiet = null;
        if (!response.writeQueueFull()) {
            response.write(COMMENT.copy());
        }
        keepAlive();
    }

    private void stopKeepingAlive() {
        if (quiet != null) {
            quiet.cancel();
            quiet = null;
        }
    }

    private void giveUp() {
        left();
        if (request.version() == HttpVersion.HTTP_2) {
            response.reset();
        } else {
            Connections.closeNow(request.connection());
        }
    }

    private void stopAwaitingReader() {
        waiting = null;
        if (reader != null) {
            reader.cancel();
            reader = null;
        }
    }

    /** Writes the last of the body, and ends the response as a whole one. */
    void end(Buffer last) {
        finish();
        response.end(last);
    }

    /** Writes an error that is known whole. */
    void endWithError(Buffer body) {
        response.putHeader("content-type", "application/json")
                .putHeader("content-length", Integer.toString(body.length()));
        response.headers().remove("content-encoding");
        end(isHead() ? Buffer.buffer() : body);
    }

    /** Ends the response visibly incomplete, after some last words. */
    void breakOff(Buffer words) {
        finish();
        Future<Void> flushed = words.length() == 0 ? Future.succeededFuture() : response.write(words);
        flushed.onComplete(written -> response.reset());
    }

    /** Leaves it to others to tell the client, unless the response is over. */
    void fail(Throwable failure) {
        if (over) {
            return;
        }
        finish();
        if (!hasBegun()) {
            response.setChunked(false); // as an attempt that came to nothing would have had it
        }
        unanswered.accept(failure);
    }

    /** Lets the client send the rest of its upload, so that it gets to read the answer. */
    void discardUpload() {
        request.handler(rest -> {}).endHandler(end -> {}).resume();
    }

    private void finish() {
        over = true;
        stopKeepingAlive();
        stopAwaitingReader();
    }
}
