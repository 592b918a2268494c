package io.magicapi.gateway.http;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Optional;

/** Reads the caller's key: {@code Authorization: Bearer …} (RFC 6750), the scheme in any case. */
final class Bearer {

    private static final String SCHEME = "bearer ";

    private Bearer() {}

    /**
     * {@return the key; empty if there is none}
     *
     * @throws GatewayException if there is more than one Authorization header, or one of another scheme
     */
    static Optional<Secret> of(HttpServerRequest request) {
        List<String> values = request.headers().getAll(HttpHeaders.AUTHORIZATION);
        if (values.isEmpty()) {
            return Optional.empty();
        }
        if (values.size() > 1) {
            throw new GatewayException(
                    ErrorCode.INVALID_REQUEST,
                    "header Authorization is sent more than once",
                    Optional.of("authorization"));
        }
        String value = values.get(0);
        // No other key takes the place of one that was meant and is malformed.
        if (!(value + " ").regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            throw new GatewayException(
                    ErrorCode.MISSING_API_KEY,
                    "header Authorization must have the form: Bearer <key>",
                    Optional.of("authorization"));
        }
        String token =
                value.substring(Math.min(value.length(), SCHEME.length())).strip();
        return token.isEmpty() ? Optional.empty() : Optional.of(Secret.of(token));
    }
}
