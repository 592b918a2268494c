package io.magicapi.gateway.provider.anthropic;

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.testkit.Abilities;
import io.magicapi.gateway.testkit.ProviderContract;

class AnthropicContractTest extends ProviderContract {

    @Override
    protected Provider provider() {
        return new AnthropicProvider();
    }

    @Override
    protected Abilities abilities() {
        return Abilities.translated(new AnthropicWire())
                .streaming()
                .tools()
                .vision()
                .keyHeader("x-api-key", "");
    }
}
