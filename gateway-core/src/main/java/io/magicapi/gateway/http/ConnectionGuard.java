package io.magicapi.gateway.http;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Refuses requests whose shape two servers could read differently (request smuggling) or that no API client sends.
 * Netty's own decoder refuses the rest.
 *
 * <p>A refused connection is poisoned: what was pipelined behind the refused request may be the smuggled one, and must
 * not run, though Vert.x would still deliver it. For one event loop.
 */
final class ConnectionGuard {

    private static final Pattern METHOD = Pattern.compile("[A-Z]{1,20}");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._~%:\\[\\]-]{1,255}");

    private final Set<HttpConnection> poisoned = Collections.newSetFromMap(new IdentityHashMap<>());

    /** {@return whether nothing on this request's connection may run any more} */
    boolean isPoisoned(HttpServerRequest request) {
        return !poisoned.isEmpty() && poisoned.contains(request.connection());
    }

    /** Lets nothing run any more on this request's connection; streams of HTTP/2 cannot run into each other. */
    void poison(HttpServerRequest request) {
        if (request.version() == HttpVersion.HTTP_2) {
            return;
        }
        HttpConnection connection = request.connection();
        if (poisoned.add(connection)) {
            connection.closeHandler(closed -> poisoned.remove(connection));
        }
    }

    /** @throws GatewayException if the request must be refused and its connection closed */
    void check(HttpServerRequest request) {
        HttpMethod method = request.method();
        if (method.equals(HttpMethod.CONNECT)
                || method.equals(HttpMethod.TRACE)
                || !METHOD.matcher(method.name()).matches()) {
            throw new GatewayException(ErrorCode.METHOD_NOT_ALLOWED, "this method is not served here");
        }
        if (!request.uri().startsWith("/")) {
            throw new GatewayException(
                    ErrorCode.INVALID_PATH, "the request target must be a path; this is no proxy for other hosts");
        }
        if (request.version() != HttpVersion.HTTP_2) {
            checkHost(request);
            checkFraming(request);
        }
    }

    private static void checkHost(HttpServerRequest request) {
        List<String> hosts = request.headers().getAll("host");
        boolean missing = hosts.isEmpty() && request.version() == HttpVersion.HTTP_1_0;
        if (!missing && (hosts.size() != 1 || !HOST.matcher(hosts.get(0)).matches())) {
            throw new GatewayException(ErrorCode.INVALID_REQUEST, "the request needs one valid Host header");
        }
    }

    private static void checkFraming(HttpServerRequest request) {
        if (request.headers().contains("")) {
            throw new GatewayException(ErrorCode.INVALID_REQUEST, "a header has no name");
        }
        List<String> codings = request.headers().getAll("transfer-encoding");
        if (!codings.isEmpty() && (codings.size() > 1 || !codings.get(0).equalsIgnoreCase("chunked"))) {
            throw new GatewayException(
                    ErrorCode.NOT_IMPLEMENTED, "the only transfer coding that is understood is chunked");
        }
        for (String connection : request.headers().getAll("connection")) {
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
        String expect = request.getHeader("expect");
        if (expect != null && !expect.equalsIgnoreCase("100-continue")) {
            throw new GatewayException(
                    ErrorCode.EXPECTATION_FAILED, "the only expectation that is met is 100-continue");
        }
    }
}
