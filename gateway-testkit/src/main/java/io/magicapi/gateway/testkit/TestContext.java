package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderContext;
import java.nio.charset.StandardCharsets;

/**
 * A {@link ProviderContext} for unit tests of a provider, without a gateway.
 *
 * @param baseUrl the base URL that is used
 * @param options the provider's options
 */
public record TestContext(String baseUrl, JsonNode options) implements ProviderContext {

    /**
     * {@return the context of a provider at its own base URL}
     *
     * @param options a JSON object
     */
    public static TestContext of(Provider provider, String options) {
        return new TestContext(
                provider.baseUrl(),
                Body.of(options.getBytes(StandardCharsets.UTF_8)).json());
    }
}
