package io.magicapi.gateway.upstream;

import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.ProviderLimits;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.plugins.ProviderCatalog;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The slots of all providers. Shared by all event loops; those of a provider outlive its versions, so that an upgrade
 * does not double what it is sent.
 */
public final class ProviderSlots {

    private final ProviderCatalog catalog;
    private final Map<String, Slots> byProvider = new ConcurrentHashMap<>();

    /** No provider has been sent anything yet. */
    public ProviderSlots(ProviderCatalog catalog) {
        this.catalog = catalog;
    }

    Slots of(String provider) {
        ProviderLimits limits = limits(catalog.config().provider(provider));
        Slots slots = byProvider.computeIfAbsent(provider, name -> new Slots(name, limits));
        slots.follow(limits);
        return slots;
    }

    /** Nor is it sent more than its keys may be used for at once: what is beyond that waits, instead of being refused. */
    private static ProviderLimits limits(ProviderSettings settings) {
        ProviderLimits limits = settings.limits();
        long keys = settings.keys().stream().mapToLong(Key::inFlight).sum();
        return settings.keys().isEmpty() || keys >= limits.inFlight()
                ? limits
                : new ProviderLimits((int) keys, limits.waiting());
    }
}
