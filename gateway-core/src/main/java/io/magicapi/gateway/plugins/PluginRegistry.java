package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;

/** INTERIM. Loads nothing. */
public final class PluginRegistry {

    private PluginRegistry() {}

    /** {@return the plugins of the folder, loaded} */
    public static Future<PluginRegistry> load(Vertx vertx, GatewayConfig config, Map<String, String> environment) {
        return Future.succeededFuture(new PluginRegistry());
    }

    /** {@return every jar's state} */
    public List<PluginStatus> status() {
        return List.of();
    }

    /** {@return the providers that are ready} */
    public ProviderSnapshot snapshot() {
        return ProviderSnapshot.EMPTY;
    }

    /** Unloads all. */
    public Future<Void> close() {
        return Future.succeededFuture();
    }
}
