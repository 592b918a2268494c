package io.magicapi.gateway.http;

import io.magicapi.gateway.config.GatewayConfig.Server;
import io.magicapi.gateway.config.GatewayConfig.Timeouts;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.loop.LoopClock;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a connection may do before anybody looks at what it asks for. For one event loop.
 *
 * <p><b>Shape.</b> Requests are refused whose shape two servers could read differently (request smuggling) or that no API
 * client sends; Netty's own decoder refuses the rest. A refused connection is poisoned: what was pipelined behind the
 * refused request may be the smuggled one, and must not run, though Vert.x would still deliver it.
 *
 * <p><b>Time.</b> A connection has a deadline for the head of its first request, and for that of each further one. (An
 * idle timeout on the socket would not do: it would also end a client that quietly waits for a slow model.)
 *
 * <p><b>Number.</b> Beyond the limit connections are still accepted, but told that the gateway is overloaded.
 * (Not so the questions for its health: a gateway in demand is not to be restarted.)
 */
final class ConnectionGuard {

    private static final Pattern METHOD = Pattern.compile("[A-Z]{1,20}");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._~%:\\[\\]-]{1,255}");

    private final LoopClock clock;
    private final Supplier<Server> server;
    private final AtomicInteger connections;
    private final Map<HttpConnection, Guarded> guarded = new IdentityHashMap<>();

    /** What is known of one connection. */
    private static final class Guarded {
        private final boolean surplus;
        private boolean poisoned;
        private int underWay;

        /** What its last request said, which was found valid; null before the first. */
        private @Nullable String host;

        private @Nullable Deadline deadline;

        private Guarded(boolean surplus) {
            this.surplus = surplus;
        }

        private void stopWaiting() {
            if (deadline != null) {
                deadline.cancel();
                deadline = null;
            }
        }
    }

    /**
     * A guard for one event loop.
     *
     * @param server the limits and timeouts in use
     * @param connections counts the connections of all event loops
     */
    ConnectionGuard(LoopClock clock, Supplier<Server> server, AtomicInteger connections) {
        this.clock = clock;
        this.server = server;
        this.connections = connections;
    }

    private Timeouts timeouts() {
        return server.get().timeouts();
    }

    /** Begins to guard a connection that was just accepted. */
    void accepted(HttpConnection connection) {
        int most = server.get().limits().connections();
        Guarded state = new Guarded(connections.incrementAndGet() > most);
        guarded.put(connection, state);
        Connections.gatherWrites(connection);
        Connections.noticeResets(connection);
        connection.exceptionHandler(reset -> {}); // its request is told, too; without a handler it is an error to log
        state.deadline = clock.start(timeouts().requestHead(), () -> Connections.closeNow(connection));
        connection.closeHandler(closed -> {
            connections.decrementAndGet();
            state.stopWaiting();
            guarded.remove(connection);
        });
    }

    /** Stops waiting for a request: here it is. */
    void requestBegan(HttpServerRequest request) {
        Guarded state = guarded.get(request.connection());
        if (state != null) {
            state.underWay++;
            state.stopWaiting();
        }
    }

    /** Begins to wait for the next request, unless others are under way (HTTP/2). */
    void requestOver(HttpServerRequest request) {
        HttpConnection connection = request.connection();
        Guarded state = guarded.get(connection);
        if (state != null && --state.underWay == 0) {
            state.stopWaiting();
            state.deadline = clock.start(timeouts().keepAlive(), () -> Connections.closeNow(connection));
        }
    }

    /**
     * Serves a request now, or, if the client does not take the answers to those before it, when it has. (Who sends
     * requests and reads no answers would otherwise fill the memory with them.)
     */
    void whenTaken(HttpServerRequest request, Runnable serve) {
        HttpConnection connection = request.connection();
        if (request.version() == HttpVersion.HTTP_2 || !Connections.isStuck(connection)) {
            serve.run();
            return;
        }
        Deadline slow = clock.start(timeouts().slowReader(), () -> Connections.closeNow(connection));
        request.response().exceptionHandler(left -> slow.cancel()).drainHandler(drained -> {
            slow.cancel();
            request.response().exceptionHandler(null).drainHandler(null);
            serve.run();
        });
    }

    /** {@return whether nothing on this request's connection may run any more} */
    boolean isPoisoned(HttpServerRequest request) {
        Guarded state = guarded.get(request.connection());
        return state != null && state.poisoned;
    }

    /** Lets nothing run any more on this request's connection; streams of HTTP/2 cannot run into each other. */
    void poison(HttpServerRequest request) {
        if (request.version() == HttpVersion.HTTP_2) {
            return;
        }
        Guarded state = guarded.get(request.connection());
        if (state != null) {
            state.poisoned = true;
        }
    }

    /** @throws GatewayException if the request must be refused and its connection closed */
    void check(HttpServerRequest request) {
        Guarded state = guarded.get(request.connection());
        if (state != null && state.surplus && !request.uri().startsWith("/health/")) {
            throw new GatewayException(
                    ErrorCode.OVERLOADED, "the gateway has all the connections it takes (server.limits.connections)");
        }
        if (!isServed(request.method())) {
            throw new GatewayException(ErrorCode.METHOD_NOT_ALLOWED, "this method is not served here");
        }
        if (!request.uri().startsWith("/")) {
            throw new GatewayException(
                    ErrorCode.INVALID_PATH, "the request target must be a path; this is no proxy for other hosts");
        }
        if (request.version() != HttpVersion.HTTP_2) {
            checkHost(request, state);
            checkFraming(request);
        }
    }

    private static boolean isServed(HttpMethod method) {
        return method.equals(HttpMethod.POST) // nearly all are
                || (!method.equals(HttpMethod.CONNECT)
                        && !method.equals(HttpMethod.TRACE)
                        && METHOD.matcher(method.name()).matches());
    }

    private static void checkHost(HttpServerRequest request, @Nullable Guarded state) {
        List<String> hosts = request.headers().getAll(HttpHeaders.HOST);
        if (hosts.isEmpty() && request.version() == HttpVersion.HTTP_1_0) {
            return;
        }
        if (state != null && hosts.size() == 1 && hosts.get(0).equals(state.host)) {
            return; // as the request before it said
        }
        if (hosts.size() != 1 || !HOST.matcher(hosts.get(0)).matches()) {
            throw new GatewayException(ErrorCode.INVALID_REQUEST, "the request needs one valid Host header");
        }
        if (state != null) {
            state.host = hosts.get(0);
        }
    }

    private static void checkFraming(HttpServerRequest request) {
        if (request.headers().contains("")) {
            throw new GatewayException(ErrorCode.INVALID_REQUEST, "a header has no name");
        }
        List<String> codings = request.headers().getAll(HttpHeaders.TRANSFER_ENCODING);
        if (!codings.isEmpty() && (codings.size() > 1 || !codings.get(0).equalsIgnoreCase("chunked"))) {
            throw new GatewayException(
                    ErrorCode.NOT_IMPLEMENTED, "the only transfer coding that is understood is chunked");
        }
        for (String connection : request.headers().getAll(HttpHeaders.CONNECTION)) {
            for (String option : connection.split(",", -1)) {
                String name = option.strip();
                if (name.equalsIgnoreCase("content-length")
                        || name.equalsIgnoreCase("transfer-encoding")
                        || name.equalsIgnoreCase("host")) {
                    throw new GatewayException(
                            ErrorCode.INVALID_REQUEST, "the Connection header names a header that frames the message");
                }
            }
        }
        String expect = request.getHeader(HttpHeaders.EXPECT);
        if (expect != null && !expect.equalsIgnoreCase("100-continue")) {
            throw new GatewayException(
                    ErrorCode.EXPECTATION_FAILED, "the only expectation that is met is 100-continue");
        }
    }
}
