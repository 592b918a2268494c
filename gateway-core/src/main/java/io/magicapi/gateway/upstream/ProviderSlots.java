package io.magicapi.gateway.upstream;

import io.magicapi.gateway.config.GatewayConfig.ProviderLimits;
import io.magicapi.gateway.plugins.ProviderCatalog;
import java.util.Map;
import java.util.TreeMap;
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

    /**
     * How a provider's slots are used.
     *
     * @param taken requests that it is being sent
     * @param waiting requests that wait for their turn
     * @param most how many it may be sent at once
     */
    public record Use(int taken, int waiting, int most) {}

    /** {@return how the slots of each provider that was sent anything are used now} */
    public Map<String, Use> use() {
        Map<String, Use> use = new TreeMap<>();
        byProvider.forEach(
                (name, slots) -> use.put(name, new Use(slots.most() - slots.free(), slots.waiting(), slots.most())));
        return use;
    }

    Slots of(String provider) {
        ProviderLimits limits = catalog.config().provider(provider).limits();
        Slots slots = byProvider.computeIfAbsent(provider, name -> new Slots(name, limits));
        slots.follow(limits);
        return slots;
    }
}
