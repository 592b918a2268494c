package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.magicapi.gateway.observe.Usage;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One client request on its way to a provider and back. Lives on one event loop, from the choice of provider to the last
 * byte, and holds the provider's lease all the while.
 *
 * <p>The rules it keeps, each learnt from a proxy that did not:
 *
 * <ol>
 *   <li>When the client leaves, at whatever moment, the upstream request is reset at once.
 *   <li>{@code over} is set before the response is ended, and a request whose answer has come whole is never reset: the
 *       reset would hit the next user of its pooled connection.
 *   <li>An upstream that breaks off never becomes a clean end.
 *   <li>When the client does not keep up, the upstream is paused, and is not blamed for being silent.
 *   <li>Silence has deadlines of our own; the HTTP client's end with the response's head.
 *   <li>Redirects are not followed.
 *   <li>The framing of each side is that side's own business.
 * </ol>
 */
public final class Relay implements ClientSide {

    /** Answers whose token usage is worth looking for. */
    private static final Set<Operation> METERED =
            Set.of(Operation.CHAT_COMPLETIONS, Operation.COMPLETIONS, Operation.EMBEDDINGS, Operation.RESPONSES);

    /** An event that is longer than this is no event. */
    private static final int MAX_EVENT = 16 * 1024 * 1024;

    /** How long an upstream may take to end its response after its last word, before its connection is given up. */
    private static final long LINGER_MILLIS = 1000;

    private final Vertx vertx;
    private final UpstreamClient upstreams;
    private final PluginBoundary boundary;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final GatewayCall call;
    private final Lease lease;
    private final RequestRecord record;
    private final Optional<String> warning;
    private final Promise<Void> answered = Promise.promise();

    private @Nullable Upload upload;
    private @Nullable HttpClientRequest upstream;
    private @Nullable HttpClientResponse incoming;
    private @Nullable Deadline deadline;
    private boolean upstreamEnded;
    private boolean replayed;
    private boolean over;

    /**
     * A relay that has not begun.
     *
     * @param lease on the provider; closed by this relay when it is over
     * @param warning what the client should know although the request is served
     */
    public Relay(
            Vertx vertx,
            UpstreamClient upstreams,
            PluginBoundary boundary,
            HttpServerRequest request,
            GatewayCall call,
            Lease lease,
            RequestRecord record,
            Optional<String> warning) {
        this.vertx = vertx;
        this.upstreams = upstreams;
        this.boundary = boundary;
        this.request = request;
        this.response = request.response();
        this.call = call;
        this.lease = lease;
        this.record = record;
        this.warning = warning;
    }

    /**
     * Serves the request.
     *
     * @param streamedBody the client's body, if it is not held in memory
     * @return completes when a response has been written or the client has left; fails with a {@link GatewayException}
     *     if nothing was written and the client must be told
     */
    public Future<Void> run(@Nullable Upload streamedBody) {
        upload = streamedBody;
        response.closeHandler(closed -> clientLeft());
        response.exceptionHandler(failure -> clientLeft());
        if (response.closed()) {
            clientLeft();
            return answered.future();
        }
        boundary.open(generation(), call).onComplete(opened -> {
            if (opened.succeeded()) {
                connect(opened.result(), false);
            } else {
                fail((GatewayException) opened.cause());
            }
        });
        return answered.future();
    }

    private ProviderGeneration generation() {
        return lease.generation();
    }

    // --- towards the provider

    private void connect(UpstreamRequest wanted, boolean onFreshConnection) {
        if (over) {
            return;
        }
        record.attempted();
        upstreams.connect(generation(), wanted, onFreshConnection).onComplete(connected -> {
            if (connected.failed()) {
                fail(unreachable(connected.cause()));
            } else if (over) {
                connected.result().reset();
            } else {
                send(connected.result(), wanted);
            }
        });
    }

    private void send(HttpClientRequest outgoing, UpstreamRequest wanted) {
        upstream = outgoing;
        boolean reused = upstreams.isReused(outgoing);
        outgoing.exceptionHandler(failure -> {}); // the response future fails too
        Body body = wanted.body();
        Future<HttpClientResponse> head;
        if (body.isStreamed()) {
            head = outgoing.response();
            if (upload == null) {
                fail(new GatewayException(ErrorCode.PROVIDER_FAILED, "the provider sent a body that does not exist"));
                return;
            }
            upload.sendTo(outgoing).onSuccess(sent -> awaitHead()).onFailure(failure -> {
                if (failure instanceof GatewayException refusal) {
                    fail(refusal);
                }
            });
        } else {
            Buffer bytes = body instanceof ClientBody client ? client.buffer() : copy(body);
            boolean bodiless = bytes.length() == 0 && !wanted.method().startsWith("P");
            head = bodiless ? outgoing.send() : outgoing.send(bytes);
            awaitHead();
        }
        head.onComplete(arrived -> {
            if (over) {
                return;
            }
            stopWaiting();
            if (arrived.succeeded()) {
                receive(arrived.result());
            } else if (reused && !replayed && !body.isStreamed() && isConnectionLoss(arrived.cause())) {
                // The server closed an idle connection just as this request was sent on it. Nothing of an answer has
                // come, so the request is sent once more, on a connection that cannot be stale.
                replayed = true;
                upstream = null;
                connect(wanted, true);
            } else {
                fail(broken(arrived.cause()));
            }
        });
    }

    private static Buffer copy(Body body) {
        byte[] bytes = new byte[body.bytes().remaining()];
        body.bytes().get(bytes);
        return Buffer.buffer(bytes);
    }

    private void awaitHead() {
        if (!over && incoming == null) {
            deadline = Deadline.start(
                    vertx,
                    generation().deadlines().firstByte(),
                    () -> fail(new GatewayException(
                            ErrorCode.UPSTREAM_TIMEOUT,
                            "provider " + generation().name() + " did not begin to answer within "
                                    + generation().deadlines().firstByte().toSeconds() + " s")));
        }
    }

    private void stopWaiting() {
        if (deadline != null) {
            deadline.cancel();
            deadline = null;
        }
    }

    // --- back to the client

    private void receive(HttpClientResponse head) {
        incoming = head;
        Answer answer;
        try {
            answer = answer(head);
        } catch (GatewayException unusable) {
            fail(unusable);
            return;
        }
        deadline = Deadline.start(
                vertx,
                generation().deadlines().idle(),
                () -> cut(
                        answer,
                        new GatewayException(
                                ErrorCode.UPSTREAM_TIMEOUT,
                                "provider " + generation().name() + " fell silent for "
                                        + generation().deadlines().idle().toSeconds()
                                        + " s in the middle of its answer")));
        head.handler(bytes -> {
            if (!over && deadline != null) {
                deadline.touch();
                answer.chunk(bytes);
            }
        });
        head.endHandler(end -> {
            upstreamEnded = true;
            if (!over) {
                answer.end();
            }
        });
        head.exceptionHandler(failure -> {
            upstreamEnded = true;
            cut(
                    answer,
                    new GatewayException(
                            ErrorCode.UPSTREAM_CUT,
                            "provider " + generation().name() + " broke off in the middle of its answer"));
        });
    }

    private void cut(Answer answer, GatewayException cause) {
        if (!over) {
            answer.cut(cause);
        }
    }

    private Answer answer(HttpClientResponse head) {
        int status = head.statusCode();
        if (status < 200 || status > 599 || (status >= 300 && status < 400)) {
            throw new GatewayException(
                    ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                    "provider " + generation().name() + " answered with status " + status
                            + ", which is no answer to an API request");
        }
        refuseUnwantedCoding(head);
        if (status >= 400) {
            return new ErrorAnswer(status, body -> sendError(head, body));
        }
        if (call.isChatStream()) {
            return new ChatStreamAnswer(
                    this,
                    new ChatStreamScanner(generation().usagePointers(), MAX_EVENT),
                    call.includeUsage(),
                    MAX_EVENT);
        }
        return raw(head, status);
    }

    /** Identity was asked for: what is coded all the same, the client may not be able to read. */
    private void refuseUnwantedCoding(HttpClientResponse head) {
        String coding = head.getHeader("content-encoding");
        if (coding == null || coding.equalsIgnoreCase("identity")) {
            return;
        }
        String accepted =
                Optional.ofNullable(request.getHeader("accept-encoding")).orElse("");
        boolean readable = accepted.toLowerCase(Locale.ROOT).contains(coding.toLowerCase(Locale.ROOT));
        if (!readable || call.isChatStream() || head.statusCode() >= 400) {
            throw new GatewayException(
                    ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                    "provider " + generation().name() + " coded its answer although it was asked not to");
        }
    }

    private Answer raw(HttpClientResponse head, int status) {
        String contentType =
                Optional.ofNullable(head.getHeader("content-type")).orElse("").toLowerCase(Locale.ROOT);
        boolean eventStream = contentType.startsWith("text/event-stream");
        long length = contentLength(head);
        writeHead(head, status, eventStream);
        boolean bodiless = request.method().equals(HttpMethod.HEAD) || status == 204;
        if (length >= 0 && status != 204) {
            response.putHeader("content-length", Long.toString(length));
        } else if (!bodiless) {
            response.setChunked(true);
        }
        boolean metered = METERED.contains(call.operation())
                && contentType.contains("json")
                && head.getHeader("content-encoding") == null;
        return new RawAnswer(
                this,
                bodiless || length == 0 ? -1 : length,
                eventStream,
                metered ? new UsageReader(generation().usagePointers()) : null);
    }

    private static long contentLength(HttpClientResponse head) {
        String length = head.getHeader("content-length");
        try {
            return length == null ? -1 : Long.parseLong(length.strip());
        } catch (NumberFormatException malformed) {
            return -1;
        }
    }

    private void writeHead(HttpClientResponse head, int status, boolean eventStream) {
        response.setStatusCode(status);
        HeaderPolicy.toClient(head.headers(), response.headers());
        if (eventStream) {
            response.putHeader("cache-control", "no-cache").putHeader("x-accel-buffering", "no");
        }
        own(status);
    }

    private void own(int status) {
        if (!response.headers().contains("x-request-id")) {
            response.putHeader("x-request-id", call.requestId());
        }
        response.putHeader("x-gateway-provider", generation().name());
        warning.ifPresent(text -> response.putHeader("x-gateway-warning", text));
        record.answered(status);
    }

    private void sendError(HttpClientResponse head, Buffer body) {
        int status = head.statusCode();
        writeHead(head, status, false);
        response.putHeader("content-type", "application/json");
        if (!knownRetryable(status)
                && !response.headers().contains("x-should-retry")
                && boundary.retryable(generation(), status, headers(head))) {
            response.putHeader("x-should-retry", "true");
        }
        response.putHeader("content-length", Integer.toString(body.length()));
        if (request.method().equals(HttpMethod.HEAD)) {
            end(Buffer.buffer());
        } else {
            end(body);
        }
    }

    /** {@return whether SDKs retry this status without being told} */
    private static boolean knownRetryable(int status) {
        return status == 408 || status == 409 || status == 429 || status >= 500;
    }

    private static Headers headers(HttpClientResponse head) {
        Headers.Builder headers = Headers.builder();
        head.headers().forEach(headers::add);
        return headers.build();
    }

    @Override
    public void beginStream(Optional<String> remark) {
        HttpClientResponse head = incoming;
        if (head != null) {
            writeHead(head, 200, true);
        }
        response.putHeader("content-type", "text/event-stream").setChunked(true);
        remark.ifPresent(text -> response.putHeader("x-gateway-warning", text));
    }

    @Override
    public void refuse(GatewayException failure) {
        fail(failure);
    }

    @Override
    public void refuse(int status, Buffer body) {
        own(status);
        response.setStatusCode(status)
                .putHeader("content-type", "application/json")
                .putHeader("content-length", Integer.toString(body.length()));
        end(body);
    }

    @Override
    public void write(Buffer bytes) {
        record.wrote();
        response.write(bytes);
        HttpClientResponse source = incoming;
        if (response.writeQueueFull() && source != null && deadline != null) {
            source.pause();
            deadline.pause();
            response.drainHandler(drained -> {
                if (!over && deadline != null) {
                    deadline.resume();
                    source.resume();
                }
            });
        }
    }

    @Override
    public void end(Buffer bytes) {
        if (over) {
            return;
        }
        record.wrote();
        close(Outcome.COMPLETED);
        response.end(bytes).onComplete(written -> answered.tryComplete());
        lingerOnUpstream();
    }

    /** The answer is whole for the client; the upstream may still have to say that it is whole for it, too. */
    private void lingerOnUpstream() {
        if (!upstreamEnded) {
            vertx.setTimer(LINGER_MILLIS, late -> resetUpstream());
        }
    }

    @Override
    public void breakOff(GatewayException cause, Buffer words) {
        if (over) {
            return;
        }
        record.failed(cause.code());
        close(Outcome.FAILED);
        resetUpstream();
        Future<Void> flushed = words.length() == 0 ? Future.succeededFuture() : response.write(words);
        flushed.onComplete(written -> {
            response.reset();
            answered.tryComplete();
        });
    }

    @Override
    public void used(Optional<Usage> usage) {
        record.used(usage);
    }

    // --- the end

    /** Nothing has been written: the caller tells the client. */
    private void fail(GatewayException failure) {
        if (over) {
            return;
        }
        over = true;
        stopWaiting();
        resetUpstream();
        lease.close();
        answered.tryFail(failure);
    }

    private void clientLeft() {
        if (over) {
            return;
        }
        close(Outcome.ABORTED);
        resetUpstream();
        answered.tryComplete();
    }

    private void close(Outcome outcome) {
        over = true;
        stopWaiting();
        lease.close();
        record.close(outcome);
    }

    private void resetUpstream() {
        if (upstream != null && !upstreamEnded) {
            upstreamEnded = true;
            UpstreamClient.reset(upstream);
        }
    }

    // --- what went wrong

    private GatewayException unreachable(Throwable cause) {
        if (cause instanceof ConnectionPoolTooBusyException) {
            return new GatewayException(
                    ErrorCode.OVERLOADED,
                    "too many requests wait for provider " + generation().name());
        }
        return new GatewayException(
                ErrorCode.UPSTREAM_UNREACHABLE,
                "provider " + generation().name() + " cannot be reached ("
                        + cause.getClass().getSimpleName() + ")");
    }

    private GatewayException broken(Throwable cause) {
        if (isConnectionLoss(cause)) {
            return new GatewayException(
                    ErrorCode.UPSTREAM_CUT,
                    "provider " + generation().name() + " closed the connection before it answered");
        }
        return new GatewayException(
                ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                "provider " + generation().name() + " did not answer in valid HTTP ("
                        + cause.getClass().getSimpleName() + ")");
    }

    private static boolean isConnectionLoss(Throwable cause) {
        return cause instanceof HttpClosedException || cause instanceof IOException;
    }
}
