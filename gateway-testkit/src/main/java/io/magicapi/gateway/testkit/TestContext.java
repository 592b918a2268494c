package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderContext;
import io.magicapi.gateway.api.Secret;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A {@link ProviderContext} for unit tests of a provider, without a gateway.
 *
 * @param name the provider's name
 * @param baseUrl the base URL that is used
 * @param options the provider's options
 * @param variables the environment variables that are set
 */
public record TestContext(String name, String baseUrl, JsonNode options, Map<String, String> variables)
        implements ProviderContext {

    public TestContext {
        variables = Map.copyOf(variables);
    }

    /**
     * {@return the context of a provider under its own name, at its own base URL, with no environment}
     *
     * @param options a JSON object
     */
    public static TestContext of(Provider provider, String options) {
        return new TestContext(
                provider.name(),
                provider.baseUrl(),
                Body.of(options.getBytes(StandardCharsets.UTF_8)).json(),
                Map.of());
    }

    /** {@return the same with one environment variable more} */
    public TestContext withEnvironment(String variable, String value) {
        Map<String, String> all = new HashMap<>(variables);
        all.put(variable, value);
        return new TestContext(name, baseUrl, options, all);
    }

    @Override
    public Optional<Secret> environment(String variable) {
        return Optional.ofNullable(variables.get(variable)).map(Secret::of);
    }

    @Override
    public String toString() {
        return "context of " + name;
    }
}
