package io.magicapi.gateway.observe;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.pricing.Price;
import io.magicapi.gateway.pricing.PriceTable;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the models of the configured providers cost: by the provider's name, or else by that of the provider that it is an
 * instance of. Follows the configuration. Safe for all threads.
 */
public final class Prices {

    private final PriceTable bundled = PriceTable.bundled();
    private final Supplier<GatewayConfig> configuration;
    private volatile Current current;

    /** The prices of one configuration. */
    private record Current(GatewayConfig config, PriceTable table) {

        static Current of(GatewayConfig config, PriceTable bundled) {
            return new Current(
                    config,
                    config.pricing()
                            .file()
                            .map(file -> file.table().over(bundled))
                            .orElse(bundled));
        }

        Optional<Price> find(String provider, String model) {
            return table.find(provider, model)
                    .or(() -> config.provider(provider).plugin().flatMap(plugin -> table.find(plugin, model)));
        }
    }

    /**
     * The prices that come with the gateway, and over them those of the configured file.
     *
     * @param configuration gives the current one
     */
    public Prices(Supplier<GatewayConfig> configuration) {
        this.configuration = configuration;
        this.current = Current.of(configuration.get(), bundled);
    }

    private Current current() {
        Current known = current;
        GatewayConfig config = configuration.get();
        if (known.config() != config) {
            known = Current.of(config, bundled);
            current = known;
        }
        return known;
    }

    /** {@return whether a model has a price} */
    public boolean knows(String provider, String model) {
        return current().find(provider, model).isPresent();
    }

    /** {@return the cost in nanodollars; negative if it is not known} */
    long cost(String provider, @Nullable String model, Usage usage) {
        Optional<Price> price = model == null ? Optional.empty() : current().find(provider, model);
        return price.map(known -> known.cost(
                        usage.promptTokens() - usage.cachedTokens() - usage.cacheWrittenTokens(),
                        usage.cachedTokens(),
                        usage.cacheWrittenTokens(),
                        usage.completionTokens()))
                .orElse(-1L);
    }

    /** {@return which prices these are} */
    public String version() {
        return current().table().version();
    }
}
