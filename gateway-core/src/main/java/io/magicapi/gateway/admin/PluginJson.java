package io.magicapi.gateway.admin;

import io.magicapi.gateway.plugins.PluginDescriptor;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.PluginStatus.ProviderStatus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;

/** How plugins stand, as JSON. Of keys it tells nothing. */
final class PluginJson {

    private PluginJson() {}

    static JsonArray of(List<PluginStatus> plugins) {
        JsonArray all = new JsonArray();
        plugins.forEach(plugin -> all.add(of(plugin)));
        return all;
    }

    static JsonObject of(PluginStatus plugin) {
        JsonArray providers = new JsonArray();
        plugin.providers().forEach(provider -> providers.add(of(provider)));
        JsonObject json = new JsonObject()
                .put("id", plugin.id())
                .put("version", plugin.version())
                .put("state", plugin.state().name().toLowerCase(Locale.ROOT))
                .put("since", plugin.since().toString())
                .put("in_flight", plugin.inFlight())
                .put("providers", providers);
        plugin.file().ifPresent(file -> json.put("file", String.valueOf(file.getFileName())));
        plugin.sha256().ifPresent(hash -> json.put("sha256", hash));
        plugin.message().ifPresent(message -> json.put("message", message));
        return json;
    }

    private static JsonObject of(ProviderStatus provider) {
        return new JsonObject()
                .put("name", provider.name())
                .put("base_url", provider.baseUrl())
                .put("in_flight", provider.inFlight());
    }

    /** {@return what inspection finds in a jar that can be loaded} */
    static JsonObject of(PluginDescriptor plugin) {
        return new JsonObject()
                .put("id", plugin.id())
                .put("version", plugin.version())
                .put("requires", plugin.requires())
                .put("description", plugin.description())
                .put("sha256", plugin.sha256())
                .put("extensions", new JsonArray(plugin.extensions()));
    }
}
