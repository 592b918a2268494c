package io.magicapi.gateway.upstream;

import java.util.Optional;

/**
 * Where a request can be sent: a model of a provider. Which version of the provider serves is decided anew for each
 * attempt.
 *
 * @param provider the provider's name
 * @param model the model as the provider knows it; empty if the request names none
 * @param modelChanged whether {@code model} differs from what the request says, so that the body must be changed
 */
public record Target(String provider, Optional<String> model, boolean modelChanged) {

    @Override
    public String toString() {
        return model.map(name -> provider + "/" + name).orElse(provider);
    }
}
