package io.magicapi.gateway.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** What a provider gets to know when it starts. Implemented by the gateway. */
public interface ProviderContext {

    /**
     * The provider's name as callers choose it: {@link Provider#name()}, or the one that the configuration gives this
     * instance ({@code providers.<name>.plugin}).
     */
    String name();

    /**
     * {@return the base URL that is really used: the configured one, or else the provider's own}
     *
     * <p>The latter is asked for here, so it must be known by then.
     */
    String baseUrl();

    /** {@return {@code providers.<name>.options} of the configuration; an empty object if there are none} */
    JsonNode options();

    /**
     * {@return the value of an environment variable; empty if it is not set, or blank}
     *
     * <p>For credentials that are not one key, which {@link Provider#keyVariable} is for.
     */
    Optional<Secret> environment(String variable);
}
