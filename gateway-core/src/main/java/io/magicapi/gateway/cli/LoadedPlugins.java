package io.magicapi.gateway.cli;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.echo.EchoProvider;
import io.magicapi.gateway.plugins.AbsentNames;
import io.magicapi.gateway.plugins.PluginRegistry;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * The plugins of the drop folder, loaded for as long as a command looks at them, without a gateway.
 *
 * @param status how each plugin stands
 * @param providers those that are ready
 * @param warnings of names in the configuration that nothing stands for
 */
record LoadedPlugins(List<PluginStatus> status, ProviderSnapshot providers, List<String> warnings) {

    /**
     * {@return what {@code look} sees}
     *
     * @param before the flags given before the command's name
     */
    static <T> T use(
            Surroundings surroundings, ConfigOptions options, ConfigOptions before, Function<LoadedPlugins, T> look) {
        return use(surroundings, options.load(surroundings, before).config(), look);
    }

    /** {@return what {@code look} sees} */
    static <T> T use(Surroundings surroundings, GatewayConfig config, Function<LoadedPlugins, T> look) {
        ProviderCatalog catalog = new ProviderCatalog();
        PluginRegistry registry = new PluginRegistry(config, catalog, List.of(), surroundings.environment());
        try {
            Work.await(registry.start());
            ProviderSnapshot providers = catalog.snapshot();
            Set<String> names = providers.present();
            names.add(EchoProvider.NAME);
            return look.apply(
                    new LoadedPlugins(registry.status(), providers, AbsentNames.warnings(config, names, registry)));
        } finally {
            Work.await(registry.close());
        }
    }
}
