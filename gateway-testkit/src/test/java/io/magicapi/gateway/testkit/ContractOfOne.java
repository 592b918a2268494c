package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.Provider;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The contract of whichever provider is under test just now; run by {@link ContractResults}, one at a time. */
class ContractOfOne extends ProviderContract {

    static @Nullable Subject subject;

    /** A provider, what is declared of it, and its jar, if it has one. */
    record Subject(Class<? extends Provider> type, Abilities abilities, Optional<Path> jar) {}

    private static Subject subject() {
        if (subject == null) {
            throw new IllegalStateException("no provider is under test");
        }
        return subject;
    }

    @Override
    protected Provider provider() {
        try {
            return subject().type().getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected Abilities abilities() {
        return subject().abilities();
    }

    @Override
    protected Optional<Path> jar() {
        return subject().jar();
    }
}
