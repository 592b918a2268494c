package io.magicapi.gateway.error;

import java.time.Duration;
import java.util.Optional;

/**
 * A failure the client is told about. The message goes to the client as it is: it names the value, the rule and the
 * way out, and never a key or any part of a body.
 */
public final class GatewayException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final transient Optional<String> param;
    private final Duration retryAfter;

    /** A failure that concerns no single parameter. */
    public GatewayException(ErrorCode code, String message) {
        this(code, message, Optional.empty());
    }

    /**
     * A failure.
     *
     * @param param the request parameter or header at fault, if it is one
     */
    public GatewayException(ErrorCode code, String message, Optional<String> param) {
        this(code, message, param, Duration.ZERO);
    }

    /**
     * A failure that is over after a while.
     *
     * @param param the request parameter or header at fault, if it is one
     * @param retryAfter when the client should try again; zero if nothing is known of that
     */
    public GatewayException(ErrorCode code, String message, Optional<String> param, Duration retryAfter) {
        // Answers to clients are ordinary control flow here: a stack trace would cost much and tell nothing.
        super(message, null, false, false);
        this.code = code;
        this.param = param;
        this.retryAfter = retryAfter;
    }

    /** {@return what kind of failure it is} */
    public ErrorCode code() {
        return code;
    }

    /** {@return when the client should try again; zero if nothing is known of that} */
    public Duration retryAfter() {
        return retryAfter;
    }

    /** {@return the request parameter or header at fault, if it is one} */
    public Optional<String> param() {
        return param;
    }
}
