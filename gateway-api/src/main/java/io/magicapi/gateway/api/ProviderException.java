package io.magicapi.gateway.api;

import java.util.Objects;
import java.util.Optional;

/**
 * Refuses one call. The client gets the message in an OpenAI-shaped error, so it must be fit for the client's eyes: no
 * key, no internals.
 */
public final class ProviderException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why a call is refused, and with which status. */
    public enum Kind {
        /** The request cannot be sent as it is: 400. */
        INVALID_REQUEST,
        /** There is no usable credential: 401. */
        UNAUTHENTICATED,
        /** This provider does not do what is asked: 404. */
        UNSUPPORTED,
        /** Nothing is wrong with the request, but it cannot be served now: 503. */
        UNAVAILABLE,
        /** The upstream's answer cannot be understood: 502. */
        BAD_ANSWER
    }

    private final Kind kind;
    private final transient Optional<String> param;

    /** A refusal that concerns no single parameter. */
    public ProviderException(Kind kind, String message) {
        this(kind, message, Optional.empty());
    }

    /** A refusal because of one parameter of the request, such as {@code logprobs}. */
    public ProviderException(Kind kind, String message, String param) {
        this(kind, message, Optional.of(param));
    }

    private ProviderException(Kind kind, String message, Optional<String> param) {
        super(Objects.requireNonNull(message, "message"));
        this.kind = Objects.requireNonNull(kind, "kind");
        this.param = param;
    }

    /**
     * {@return the refusal of a call without key, telling how to supply one}
     *
     * @param provider the provider's name
     * @param keyVariable the environment variable that would hold the key, if there is such a custom
     */
    public static ProviderException missingKey(String provider, Optional<String> keyVariable) {
        String configured = keyVariable
                .map(variable -> "set " + variable + " where the gateway runs")
                .orElse("configure providers." + provider + ".keys");
        return new ProviderException(
                Kind.UNAUTHENTICATED,
                "no key for provider " + provider + ": send Authorization: Bearer <key>, or " + configured);
    }

    /** {@return why the call is refused} */
    public Kind kind() {
        return kind;
    }

    /** {@return the parameter at fault, if it is one} */
    public Optional<String> param() {
        return param;
    }
}
