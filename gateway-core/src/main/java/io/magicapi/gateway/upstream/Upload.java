package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.loop.LoopClock;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpServerRequest;

/**
 * A client's body that passes through while it is received, at the pace of the slower side. What was read of it to find
 * the provider is sent first. For one event loop; used once.
 */
public final class Upload {

    private final LoopClock clock;
    private final ProviderGeneration provider;
    private final HttpServerRequest source;
    private final BodyPatience patience;
    private final Buffer read;
    private final boolean whole;
    private final long length;
    private final long limit;
    private long sent;

    /**
     * An upload.
     *
     * @param provider who gets it; its idle deadline says how long it may take nothing of it. (While it does, nothing is
     *     read from the client either, and so not noticed that it left.)
     * @param source the client's request, paused
     * @param patience with the client
     * @param read what has been read and is to be sent first; may be empty
     * @param whole whether that is all there is
     * @param length the length to announce upstream; negative if it is not known
     * @param limit how long it may be, in bytes
     */
    public Upload(
            LoopClock clock,
            ProviderGeneration provider,
            HttpServerRequest source,
            BodyPatience patience,
            Buffer read,
            boolean whole,
            long length,
            long limit) {
        this.clock = clock;
        this.provider = provider;
        this.source = source;
        this.patience = patience;
        this.read = read;
        this.whole = whole;
        this.length = length;
        this.limit = limit;
    }

    /**
     * Sends it all.
     *
     * @return completes when the last byte is written; fails with a {@link GatewayException} if it is too long, breaks
     *     off, or is not taken, after which the upstream request must be reset
     */
    Future<Void> sendTo(HttpClientRequest target) {
        if (read.length() > limit) {
            return Future.failedFuture(tooLarge(limit));
        }
        if (length >= 0) {
            target.putHeader("content-length", Long.toString(length));
        } else {
            target.setChunked(true);
        }
        Promise<Void> done = Promise.promise();
        if (whole) {
            return target.end(read);
        }
        Deadline slow = patience.start(done::tryFail);
        if (read.length() > 0) {
            pass(read, target, done, slow);
        }
        source.handler(bytes -> pass(bytes, target, done, slow));
        source.exceptionHandler(
                left -> done.tryFail(new GatewayException(ErrorCode.INVALID_REQUEST, "the upload broke off")));
        source.endHandler(end -> target.end().onComplete(done));
        source.resume();
        return done.future().onComplete(sentAll -> slow.cancel());
    }

    private void pass(Buffer bytes, HttpClientRequest target, Promise<Void> done, Deadline slow) {
        if (done.future().isComplete()) {
            return;
        }
        sent += bytes.length();
        if (sent > limit) {
            done.tryFail(tooLarge(limit));
            return;
        }
        slow.progress(bytes.length());
        target.write(bytes);
        if (target.writeQueueFull()) {
            source.pause();
            slow.pause();
            Deadline stalled = clock.start(provider.deadlines().idle(), () -> done.tryFail(tooSlow()));
            target.drainHandler(drained -> {
                stalled.cancel();
                slow.resume();
                source.resume();
            });
        }
    }

    private GatewayException tooSlow() {
        return new GatewayException(
                ErrorCode.UPSTREAM_TIMEOUT,
                "provider " + provider.name() + " took nothing of the upload for "
                        + provider.deadlines().idle().toSeconds() + " s");
    }

    /** {@return the refusal of an upload that is too long} */
    public static GatewayException tooLarge(long limit) {
        return new GatewayException(
                ErrorCode.BODY_TOO_LARGE, "the upload is larger than " + limit + " bytes (server.limits.upload)");
    }
}
