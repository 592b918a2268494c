package io.magicapi.gateway.http;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Optional;

/** Reads the caller's key: {@code Authorization: Bearer …} (RFC 6750), the scheme in any case. */
final class Bearer {

    private static final String SCHEME = "bearer ";

    private Bearer() {}

    /**
     * {@return the key; empty if there is none, or another scheme}
     *
     * @throws GatewayException if there is more than one Authorization header
     */
    static Optional<Secret> of(HttpServerRequest request) {
        List<String> values = request.headers().getAll("authorization");
        if (values.size() > 1) {
            throw new GatewayException(
                    ErrorCode.INVALID_REQUEST,
                    "header Authorization is sent more than once",
                    Optional.of("authorization"));
        }
        return values.stream()
                .filter(value -> value.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
                .map(value -> value.substring(SCHEME.length()).strip())
                .filter(token -> !token.isEmpty())
                .map(Secret::of)
                .findFirst();
    }
}
