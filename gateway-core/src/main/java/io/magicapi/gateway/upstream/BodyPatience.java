package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.loop.LoopClock;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * How long a client may take to send its body: a while, and a second more for each KiB. Whoever reads the body starts
 * it, reports what comes, and stops it; while the reader itself does not read, it is paused. For one event loop.
 */
public final class BodyPatience {

    private final LoopClock clock;
    private final HttpServerRequest request;
    private final Duration limit;

    /** The patience with one request's body. */
    public BodyPatience(LoopClock clock, HttpServerRequest request, Duration limit) {
        this.clock = clock;
        this.request = request;
        this.limit = limit;
    }

    /**
     * Starts waiting.
     *
     * @param onExpiry gets the failure to tell the client: {@link ErrorCode#REQUEST_TIMEOUT}
     */
    public Deadline start(Consumer<GatewayException> onExpiry) {
        return clock.start(
                limit,
                () -> onExpiry.accept(new GatewayException(
                        ErrorCode.REQUEST_TIMEOUT,
                        "the body of " + request.method().name() + " " + request.path()
                                + " came too slowly (server.timeouts.request-body)")));
    }

    /** {@return what to tell a client whose body ended before its end, if it is still there} */
    public static GatewayException brokenOff(Throwable failure) {
        return new GatewayException(
                ErrorCode.INVALID_REQUEST,
                Connections.isLoss(failure) ? "the request broke off" : "the body is not validly framed in chunks");
    }
}
