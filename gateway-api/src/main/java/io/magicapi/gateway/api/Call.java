package io.magicapi.gateway.api;

import java.util.Optional;

/**
 * One client request on its way to a provider. Implemented by the gateway; immutable, and valid until the attempt it
 * was given to has ended.
 */
public interface Call {

    /** {@return the id under which the gateway logs this request and answers it ({@code x-request-id})} */
    String requestId();

    /**
     * The provider's name, as the caller chose it. That of the {@link Provider}, unless the configuration gives the same
     * provider several names, with a base URL, keys and options for each.
     */
    String provider();

    /** {@return what is asked for} */
    Operation operation();

    /** {@return the HTTP method, in upper case} */
    String method();

    /**
     * The path and query the client asked for, starting with {@code /v1/} whichever alias it used.
     *
     * @return the raw bytes: {@code %2F} stays {@code %2F}
     */
    String path();

    /** {@return the model as the upstream knows it, without provider prefix; empty if the request names none} */
    Optional<String> model();

    /** {@return whether the request asks for a stream ({@code "stream": true}); the Accept header plays no part} */
    boolean stream();

    /** {@return the client's headers after the gateway's policy, see {@link Provider#processHeaders}} */
    Headers headers();

    /** {@return the key for this attempt: the client's own or a configured one; empty if there is neither} */
    Optional<Secret> credential();

    /**
     * {@return the key for this attempt}
     *
     * @throws ProviderException of kind {@link ProviderException.Kind#UNAUTHENTICATED} if there is none; the client is
     *     told how to supply one
     */
    Secret requireCredential();

    /** {@return the body as the upstream should get it; empty for requests that have none} */
    Body body();
}
