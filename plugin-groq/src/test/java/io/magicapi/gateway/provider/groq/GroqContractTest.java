package io.magicapi.gateway.provider.groq;

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.testkit.ProviderContract;

class GroqContractTest extends ProviderContract {

    @Override
    protected Provider provider() {
        return new GroqProvider();
    }
}
