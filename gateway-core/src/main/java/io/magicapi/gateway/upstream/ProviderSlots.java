package io.magicapi.gateway.upstream;

import io.magicapi.gateway.config.GatewayConfig;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The slots of all providers. Shared by all event loops; those of a provider outlive its versions, so that an upgrade
 * does not double what it is sent.
 */
public final class ProviderSlots {

    private final GatewayConfig config;
    private final Map<String, Slots> byProvider = new ConcurrentHashMap<>();

    /** No provider has been sent anything yet. */
    public ProviderSlots(GatewayConfig config) {
        this.config = config;
    }

    Slots of(String provider) {
        return byProvider.computeIfAbsent(
                provider, name -> new Slots(name, config.provider(name).limits()));
    }
}
