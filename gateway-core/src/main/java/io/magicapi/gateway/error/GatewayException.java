package io.magicapi.gateway.error;

import java.util.Optional;

/**
 * A failure the client is told about. The message goes to the client as it is: it names the value, the rule and the
 * way out, and never a key or any part of a body.
 */
public final class GatewayException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final transient Optional<String> param;

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
        // Answers to clients are ordinary control flow here: a stack trace would cost much and tell nothing.
        super(message, null, false, false);
        this.code = code;
        this.param = param;
    }

    /** {@return what kind of failure it is} */
    public ErrorCode code() {
        return code;
    }

    /** {@return the request parameter or header at fault, if it is one} */
    public Optional<String> param() {
        return param;
    }
}
