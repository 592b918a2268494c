package io.magicapi.gateway.tests;

import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.GatewayConfig.Breaker;

/**
 * A provider that needs no key, one of several that a route may ask.
 *
 * @param continuing whether it goes on with an answer of which it is given the beginning
 */
record Peer(String name, boolean continuing) implements Provider {

    /** Or the tests that have a provider fail would open its breaker for the others of their class. */
    static final Breaker NO_BREAKER = new Breaker(
            false,
            Breaker.DEFAULT.window(),
            Breaker.DEFAULT.failures(),
            Breaker.DEFAULT.slow(),
            Breaker.DEFAULT.slowShare(),
            Breaker.DEFAULT.open(),
            1);

    Peer(String name) {
        this(name, false);
    }

    @Override
    public String baseUrl() {
        return "http://localhost:1";
    }

    @Override
    public Headers processHeaders(Headers client, Call call) {
        return client;
    }

    @Override
    public boolean continuesAnswers(String model) {
        return continuing;
    }
}
