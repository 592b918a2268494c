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
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A client's body that passes through while it is received, at the pace of the slower side. What was read of it to find
 * the provider is sent first. For one event loop; used once.
 */
public final class Upload {

    private final LoopClock clock;
    private final HttpServerRequest source;
    private final Buffer read;
    private final boolean whole;
    private final long length;
    private final long limit;
    private final Promise<Void> done = Promise.promise();

    /** At most one of the two runs: whoever is waited for. */
    private final Deadline awaitClient;

    private @Nullable Deadline awaitProvider;
    private long sent;

    /**
     * An upload.
     *
     * @param source the client's request, paused
     * @param patience with the client
     * @param read what has been read and is to be sent first; may be empty
     * @param whole whether that is all there is
     * @param length the length to announce upstream; negative if it is not known
     * @param limit how long it may be, in bytes
     */
    public Upload(
            LoopClock clock,
            HttpServerRequest source,
            BodyPatience patience,
            Buffer read,
            boolean whole,
            long length,
            long limit) {
        this.clock = clock;
        this.source = source;
        this.read = read;
        this.whole = whole;
        this.length = length;
        this.limit = limit;
        awaitClient = patience.start(done::tryFail);
        awaitClient.pause();
    }

    /**
     * Sends it all.
     *
     * @param provider who gets it; its idle deadline says how long it may take nothing of it. (While it does, nothing is
     *     read from the client either, and so not noticed that it left.)
     * @return completes when the last byte is written; fails with a {@link GatewayException} if it is too long, breaks
     *     off, or is not taken, after which the upstream request must be reset
     */
    Future<Void> sendTo(HttpClientRequest target, ProviderGeneration provider) {
        if (read.length() > limit) {
            return Future.failedFuture(tooLarge(limit));
        }
        Duration patience = provider.deadlines().idle();
        Deadline taken = clock.start(patience, () -> done.tryFail(tooSlow(provider.name(), patience)));
        taken.pause();
        awaitProvider = taken;
        if (length >= 0) {
            target.putHeader("content-length", Long.toString(length));
        } else {
            target.setChunked(true);
        }
        if (whole) {
            end(target, read, taken);
            return done.future();
        }
        source.handler(bytes -> pass(bytes, target, taken));
        source.exceptionHandler(failure -> done.tryFail(BodyPatience.brokenOff(failure)));
        source.endHandler(end -> end(target, Buffer.buffer(), taken));
        awaitClient.resume();
        source.resume();
        if (read.length() > 0) {
            pass(read, target, taken);
        }
        return done.future();
    }

    /** Stops waiting for either side. To be called in the end, whether or not it was sent. */
    void stop() {
        awaitClient.cancel();
        if (awaitProvider != null) {
            awaitProvider.cancel();
        }
    }

    private void pass(Buffer bytes, HttpClientRequest target, Deadline taken) {
        if (done.future().isComplete()) {
            return;
        }
        sent += bytes.length();
        if (sent > limit) {
            done.tryFail(tooLarge(limit));
            return;
        }
        target.write(bytes);
        awaitClient.progress(bytes.length());
        if (target.writeQueueFull()) {
            source.pause();
            awaitClient.pause();
            taken.resume();
            target.drainHandler(drained -> {
                taken.pause();
                awaitClient.resume();
                source.resume();
            });
        }
    }

    /** Sends the last of it. From here on it is the provider that is waited for. */
    private void end(HttpClientRequest target, Buffer last, Deadline taken) {
        target.drainHandler(null);
        awaitClient.cancel();
        taken.resume();
        target.end(last).onSuccess(done::tryComplete).onFailure(done::tryFail);
    }

    private static GatewayException tooSlow(String provider, Duration patience) {
        return new GatewayException(
                ErrorCode.UPSTREAM_TIMEOUT,
                "provider " + provider + " took nothing of the upload for " + patience.toSeconds() + " s");
    }

    /** {@return the refusal of an upload that is too long} */
    public static GatewayException tooLarge(long limit) {
        return new GatewayException(
                ErrorCode.BODY_TOO_LARGE, "the upload is larger than " + limit + " bytes (server.limits.upload)");
    }
}
