package io.magicapi.gateway.observe;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.pricing.Price;
import io.magicapi.gateway.pricing.PriceTable;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the models of the configured providers cost: by the provider's name, or else by that of the provider that it is an
 * instance of. Immutable.
 */
public final class Prices {

    private final PriceTable table;
    private final Map<String, String> instances = new HashMap<>();

    /** The prices that come with the gateway, and over them those of the configured file. */
    public Prices(GatewayConfig config) {
        PriceTable bundled = PriceTable.bundled();
        this.table =
                config.pricing().file().map(file -> file.table().over(bundled)).orElse(bundled);
        config.providers()
                .forEach((name, settings) -> settings.plugin().ifPresent(plugin -> instances.put(name, plugin)));
    }

    /** {@return whether a model has a price} */
    public boolean knows(String provider, String model) {
        return find(provider, model).isPresent();
    }

    private Optional<Price> find(String provider, String model) {
        return table.find(provider, model)
                .or(() -> Optional.ofNullable(instances.get(provider)).flatMap(plugin -> table.find(plugin, model)));
    }

    /** {@return the cost in nanodollars; negative if it is not known} */
    long cost(String provider, @Nullable String model, Usage usage) {
        Optional<Price> price = model == null ? Optional.empty() : find(provider, model);
        return price.map(known -> known.cost(
                        usage.promptTokens() - usage.cachedTokens() - usage.cacheWrittenTokens(),
                        usage.cachedTokens(),
                        usage.cacheWrittenTokens(),
                        usage.completionTokens()))
                .orElse(-1L);
    }

    /** {@return which prices these are} */
    public String version() {
        return table.version();
    }
}
