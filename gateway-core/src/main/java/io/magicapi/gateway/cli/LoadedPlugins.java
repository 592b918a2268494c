package io.magicapi.gateway.cli;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.LoadedConfig;
import io.magicapi.gateway.plugins.PluginRegistry;
import io.vertx.core.Future;
import java.util.function.Function;

/** The plugins of the drop folder, loaded for as long as a command looks at them, without a gateway. */
final class LoadedPlugins {

    private LoadedPlugins() {}

    /**
     * {@return what {@code look} sees}
     *
     * @param before the flags given before the command's name
     */
    static <T> T use(
            Surroundings surroundings, ConfigOptions options, ConfigOptions before, Function<PluginRegistry, T> look) {
        LoadedConfig loaded = options.load(surroundings, before);
        return use(surroundings, loaded.config(), look);
    }

    /** {@return what {@code look} sees} */
    static <T> T use(Surroundings surroundings, GatewayConfig config, Function<PluginRegistry, T> look) {
        return Work.with(vertx -> PluginRegistry.load(vertx, config, surroundings.environment())
                .compose(registry -> Future.succeededFuture(registry).map(look).eventually(registry::close)));
    }
}
