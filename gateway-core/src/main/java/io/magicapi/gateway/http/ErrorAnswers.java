package io.magicapi.gateway.http;

import io.magicapi.gateway.error.ErrorBody;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.loop.LoopClock;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.magicapi.gateway.upstream.HeaderPolicy;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one way in which a request is told that it failed: OpenAI's error object, and a connection left in order. */
final class ErrorAnswers {

    private static final Logger log = LoggerFactory.getLogger(ErrorAnswers.class);

    /** How long the rest of a refused body is read and thrown away, so that its sender gets to read the answer. */
    private static final Duration LINGER = Duration.ofSeconds(2);

    /** HTTP/2's code for a stream that is ended without anybody being at fault. */
    private static final long NO_ERROR = 0;

    private final LoopClock clock;
    private final ConnectionGuard guard;

    ErrorAnswers(LoopClock clock, ConnectionGuard guard) {
        this.clock = clock;
        this.guard = guard;
    }

    /**
     * Answers with {@code failure}, if there still is a client to answer, and closes the record.
     *
     * @param failure a {@link GatewayException}; anything else is a bug of ours, logged, and shown without details
     */
    void send(HttpServerRequest request, RequestRecord record, Throwable failure) {
        GatewayException told = failure instanceof GatewayException known ? known : bug(record, failure);
        record.failed(told.code());
        HttpServerResponse response = request.response();
        if (response.closed()) {
            record.close(Outcome.ABORTED);
            return;
        }
        if (response.headWritten()) {
            record.close(Outcome.FAILED);
            response.reset();
            return;
        }
        record.answered(told.code().status());
        write(request, record.id(), told, !request.isEnded());
        record.close(Outcome.COMPLETED);
    }

    /** Refuses a request so malformed that its connection must not be used any more. */
    void refuse(HttpServerRequest request, String requestId, GatewayException failure) {
        guard.poison(request);
        write(request, requestId, failure, true);
        guard.requestOver(request);
    }

    private void write(HttpServerRequest request, String requestId, GatewayException failure, boolean thenClose) {
        byte[] body = ErrorBody.of(failure);
        HttpServerResponse response = request.response();
        HeaderPolicy.forgetAnswer(response.headers());
        response.setStatusCode(failure.code().status())
                .putHeader("content-type", "application/json")
                .putHeader("content-length", Integer.toString(body.length))
                .putHeader("x-request-id", requestId);
        if (failure.code().status() == 503) {
            response.putHeader("retry-after", Long.toString(Math.max(1, seconds(failure.retryAfter()))));
        }
        if (failure.code() == ErrorCode.METHOD_NOT_ALLOWED) {
            response.putHeader("allow", "GET, HEAD, OPTIONS");
        }
        boolean http1 = request.version() != HttpVersion.HTTP_2;
        if (thenClose && http1) {
            guard.poison(request);
            response.putHeader("connection", "close");
            discardThenClose(request);
        }
        Future<Void> sent =
                request.method().equals(HttpMethod.HEAD) ? response.end() : response.end(Buffer.buffer(body));
        if (thenClose && http1) {
            Connections.flush(request.connection()); // Vert.x closes at once when a body is malformed
        } else if (thenClose) {
            sent.onComplete(answered -> response.reset(NO_ERROR)); // the rest of the request is not wanted
        }
    }

    private static long seconds(Duration duration) {
        return duration.plusNanos(999_999_999).toSeconds();
    }

    /** To close with bytes unread would reset the connection, and the answer might be lost with it. */
    private void discardThenClose(HttpServerRequest request) {
        clock.start(LINGER, () -> Connections.closeNow(request.connection()));
        if (request.isEnded()) {
            request.response().endHandler(sent -> request.connection().close());
            return;
        }
        request.exceptionHandler(left -> {});
        request.handler(discarded -> {});
        request.endHandler(end -> request.connection().close());
        request.resume();
    }

    private static GatewayException bug(RequestRecord record, Throwable failure) {
        log.atError().addKeyValue("id", record.id()).setCause(failure).log("request failed for a reason not foreseen");
        return new GatewayException(
                ErrorCode.INTERNAL_ERROR, "the gateway failed; its log tells more under request id " + record.id());
    }
}
