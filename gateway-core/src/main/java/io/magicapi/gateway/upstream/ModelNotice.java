package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.plugins.ProviderGeneration;
import java.util.Optional;

/** What clients are told of models that are no longer, or not much longer, in service. */
final class ModelNotice {

    private ModelNotice() {}

    /** {@return the notice; empty for most models} */
    static Optional<String> of(ProviderGeneration provider, Optional<String> asked) {
        return asked.flatMap(provider::model).flatMap(known -> {
            String day = known.shutdown().map(date -> " on " + date).orElse("");
            String instead =
                    known.replacement().map(id -> "; use " + id + " instead").orElse("");
            if (known.status() == Model.Status.SHUT_DOWN) {
                return Optional.of("model " + known.id() + " was shut down by " + provider.name() + day + instead);
            }
            if (known.status() == Model.Status.DEPRECATED) {
                return Optional.of("model " + known.id() + " is deprecated at " + provider.name()
                        + (day.isEmpty() ? "" : " and ends" + day) + instead);
            }
            return Optional.empty();
        });
    }
}
