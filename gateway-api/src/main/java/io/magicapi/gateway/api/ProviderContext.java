package io.magicapi.gateway.api;

import com.fasterxml.jackson.databind.JsonNode;

/** What a provider gets to know when it starts. Implemented by the gateway. */
public interface ProviderContext {

    /** {@return the base URL that is really used: the configured one, or else the provider's own} */
    String baseUrl();

    /** {@return {@code providers.<name>.options} of the configuration; an empty object if there are none} */
    JsonNode options();
}
