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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A client's body that passes through while it is received, at the pace of the slower side. What was read of it to find
 * the target is sent first. For one event loop.
 *
 * <p>It can be sent once, or, if it is kept in a {@link Spool} on its way, to one target after the other: each is sent
 * what was kept, and then what is still to come.
 */
public final class Upload {

    private final LoopClock clock;
    private final HttpServerRequest source;
    private final Beginning beginning;
    private final long limit;
    private final @Nullable Spool spool;

    /** At most one of the two runs: whoever is waited for. */
    private final Deadline awaitClient;

    private @Nullable Sending current;
    private @Nullable GatewayException broken;
    private long passed;
    private boolean received;
    private boolean begun;

    /**
     * What was read of the body before its target was known.
     *
     * @param read the bytes that a target is sent instead, which may name another model; may be empty
     * @param whole whether that is all there is
     * @param length the length of the whole body as the client sent it; negative if it is not known
     * @param taken how many bytes were read
     */
    public record Beginning(Function<Target, Buffer> read, boolean whole, long length, int taken) {

        /** Nothing was read. */
        public static Beginning none(long length) {
            return new Beginning(target -> Buffer.buffer(), false, length, 0);
        }
    }

    /**
     * An upload.
     *
     * @param source the client's request, paused
     * @param patience with the client
     * @param limit how long it may be, in bytes
     * @param spool keeps it, so that it can be sent more than once; null: once must do
     */
    Upload(
            LoopClock clock,
            HttpServerRequest source,
            BodyPatience patience,
            Beginning beginning,
            long limit,
            @Nullable Spool spool) {
        this.clock = clock;
        this.source = source;
        this.beginning = beginning;
        this.limit = limit;
        this.spool = spool;
        this.received = beginning.whole();
        this.passed = beginning.taken();
        awaitClient = patience.start(this::breakOff);
        awaitClient.pause();
    }

    /** {@return whether it can be sent, or sent once more} */
    boolean isSendable() {
        return broken == null && (!begun || spool != null);
    }

    /** {@return whether the client has sent all of it} */
    boolean isReceived() {
        return received;
    }

    /**
     * Sends it all.
     *
     * @param provider who gets it; its idle deadline says how long it may take nothing of it. (While it does, nothing is
     *     read from the client either, and so not noticed that it left.)
     * @return completes when the last byte is written; fails with a {@link GatewayException} if it is too long, breaks
     *     off, or is not taken, after which the upstream request must be reset
     */
    Future<Void> sendTo(HttpClientRequest request, ProviderGeneration provider, Target target) {
        if (passed > limit) {
            return Future.failedFuture(tooLarge(limit));
        }
        if (broken != null) {
            return Future.failedFuture(broken);
        }
        Buffer first = beginning.read().apply(target);
        if (beginning.length() >= 0) {
            request.putHeader("content-length", Long.toString(beginning.length() + first.length() - beginning.taken()));
        } else {
            request.setChunked(true);
        }
        Sending sending = new Sending(request, provider);
        current = sending;
        if (beginning.whole()) {
            sending.end(first);
        } else if (spool != null && begun) {
            sending.repeat(first, spool);
        } else {
            begun = true;
            listen();
            sending.goOn();
            if (first.length() > 0) {
                sending.write(first);
            }
        }
        return sending.done.future();
    }

    private void listen() {
        source.handler(this::pass);
        source.exceptionHandler(failure -> breakOff(BodyPatience.brokenOff(failure)));
        source.endHandler(end -> {
            received = true;
            awaitClient.cancel();
            if (current != null) {
                current.end(Buffer.buffer());
            }
        });
    }

    private void pass(Buffer bytes) {
        passed += bytes.length();
        if (passed > limit) {
            breakOff(tooLarge(limit));
            return;
        }
        awaitClient.progress(bytes.length());
        if (spool != null && spool.append(bytes)) {
            awaitSpool(spool);
        }
        if (current != null) {
            current.write(bytes);
        }
    }

    private void awaitSpool(Spool full) {
        halt();
        full.written().onComplete(written -> {
            if (written.failed()) {
                breakOff(new GatewayException(
                        ErrorCode.INTERNAL_ERROR, "the upload cannot be kept, so that it could be sent again"));
            } else if (current != null) {
                current.goOn();
            }
        });
    }

    private void halt() {
        source.pause();
        awaitClient.pause();
    }

    private void breakOff(GatewayException cause) {
        broken = cause;
        if (current != null) {
            current.done.tryFail(cause);
        }
    }

    /** The target is sent no more of it: it has answered, or has failed. */
    void stopSending() {
        Sending stopped = current;
        current = null;
        if (stopped != null) {
            stopped.taken.cancel();
            halt();
        }
    }

    /** Waits for neither side any more, and forgets what was kept. To be called in the end, whether or not it was sent. */
    void close() {
        stopSending();
        awaitClient.cancel();
        if (spool != null) {
            spool.close();
        }
    }

    /** Its way to one target. */
    private final class Sending {

        private final HttpClientRequest request;
        private final Promise<Void> done = Promise.promise();
        private final Deadline taken;
        private boolean repeating;

        Sending(HttpClientRequest request, ProviderGeneration provider) {
            this.request = request;
            Duration patience = provider.deadlines().idle();
            taken = clock.start(patience, () -> done.tryFail(tooSlow(provider.name(), patience)));
            taken.pause();
        }

        /** Lets more come, if the target and the spool can take it. */
        void goOn() {
            if (received || repeating || current != this) {
                return;
            }
            boolean keeps = spool != null && !spool.written().isComplete();
            if (!request.writeQueueFull() && !keeps) {
                taken.pause();
                awaitClient.resume();
                source.resume();
            }
        }

        void write(Buffer bytes) {
            if (done.future().isComplete()) {
                return;
            }
            request.write(bytes);
            if (request.writeQueueFull()) {
                halt();
                taken.resume();
                request.drainHandler(drained -> goOn());
            }
        }

        void repeat(Buffer first, Spool kept) {
            repeating = true;
            taken.resume();
            request.write(first);
            kept.sendTo(request, () -> current == this)
                    .onSuccess(sent -> {
                        repeating = false;
                        if (received && current == this) {
                            end(Buffer.buffer());
                        } else {
                            goOn();
                        }
                    })
                    .onFailure(failure -> done.tryFail(new GatewayException(
                            ErrorCode.INTERNAL_ERROR, "the upload cannot be read, so that it could be sent again")));
        }

        /** Sends the last of it. From here on it is the provider that is waited for. */
        void end(Buffer last) {
            if (repeating || done.future().isComplete()) {
                return; // what was repeated comes first, and then its end
            }
            request.drainHandler(null);
            taken.resume();
            request.end(last).onSuccess(done::tryComplete).onFailure(done::tryFail);
        }
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
