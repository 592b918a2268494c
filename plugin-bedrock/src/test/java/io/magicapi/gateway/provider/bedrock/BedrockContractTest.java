package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.testkit.Abilities;
import io.magicapi.gateway.testkit.ProviderContract;
import java.nio.file.Path;
import java.util.Optional;

/** The contract with an API key, which is sent. What signs instead, and is not sent, {@link SignerTest} checks. */
class BedrockContractTest extends ProviderContract {

    @Override
    protected Provider provider() {
        return new BedrockProvider();
    }

    @Override
    protected Abilities abilities() {
        return Abilities.translated(new BedrockWire()).streaming().tools().vision();
    }

    /** The jar is not whole before AWS's libraries are in it; BedrockJarTest looks at it then. */
    @Override
    protected Optional<Path> jar() {
        return Optional.empty();
    }
}
