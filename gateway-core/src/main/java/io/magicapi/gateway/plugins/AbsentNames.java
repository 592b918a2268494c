package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.RouteTarget;
import io.magicapi.gateway.config.NearestName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Names in the configuration that nothing stands for. A mistyped one would go unnoticed until a request needs it; one
 * whose plugin comes later is no mistake. So these are warnings.
 */
public final class AbsentNames {

    /** Of each of these warnings. */
    public static final String CODE = "GW-C11";

    private final GatewayConfig config;
    private final Set<String> loaded;
    private final Set<String> offered;
    private final Set<String> plugins = new TreeSet<>();
    private final List<String> warnings = new ArrayList<>();

    private AbsentNames(GatewayConfig config, Collection<String> loaded, PluginRegistry registry) {
        this.config = config;
        this.loaded = new TreeSet<>(loaded);
        this.offered = new TreeSet<>(registry.offered());
        registry.status().forEach(plugin -> plugins.add(plugin.id()));
    }

    /**
     * {@return a warning for each name that neither a plugin nor the configuration has, each with its code}
     *
     * @param loaded the names of the providers that serve, or are out of service
     * @param registry has loaded the plugins
     */
    public static List<String> warnings(GatewayConfig config, Collection<String> loaded, PluginRegistry registry) {
        return new AbsentNames(config, loaded, registry).all();
    }

    private List<String> all() {
        new TreeMap<>(config.providers()).forEach(this::provider);
        config.routing()
                .defaultProvider()
                .filter(name -> !loaded.contains(name))
                .ifPresent(name -> warn("routing.default-provider is " + name, name, loaded));
        targets();
        config.plugins().each().keySet().stream()
                .filter(id -> !plugins.contains(id))
                .sorted()
                .forEach(id -> warnings.add(CODE + " plugins." + id
                        + " is configured, but there is no plugin of that id" + remedy(id, plugins)));
        return warnings;
    }

    private void provider(String name, ProviderSettings settings) {
        Optional<String> plugin = settings.plugin();
        boolean withoutUrl = settings.baseUrl().isEmpty() && offered.contains(plugin.orElse(name));
        if (loaded.contains(name) || withoutUrl) { // which is warned of as GW-C13
            return;
        }
        if (plugin.isPresent()) {
            warn("providers." + name + ".plugin is " + plugin.get(), plugin.get(), offered);
        } else if (settings.baseUrl().isPresent()
                && NearestName.of(name, offered).isEmpty()) {
            warnings.add(
                    CODE + " providers." + name + " is configured, but no plugin brings a provider of that name. If it"
                            + " speaks OpenAI's API, add plugin: openai-compatible");
        } else {
            warn("providers." + name + " is configured", name, offered);
        }
    }

    /** Each provider once, by the first of the targets that need it. */
    private void targets() {
        Set<String> told = new TreeSet<>(config.providers().keySet());
        new TreeMap<>(config.models())
                .forEach((route, settings) -> settings.route().stream()
                        .map(RouteTarget::name)
                        .filter(target ->
                                target.contains("/") && !config.models().containsKey(target))
                        .forEach(target -> {
                            String provider = target.substring(0, target.indexOf('/'));
                            if (!loaded.contains(provider) && told.add(provider)) {
                                warn("models." + route + ".route has " + target, provider, loaded);
                            }
                        }));
    }

    private void warn(String what, String name, Set<String> candidates) {
        warnings.add(CODE + " " + what + ", but no plugin brings a provider of that name" + remedy(name, candidates));
    }

    private static String remedy(String name, Set<String> candidates) {
        return NearestName.of(name, candidates)
                .map(nearest -> ". Did you mean \"" + nearest + "\"?")
                .orElseGet(() -> "; loaded: " + (candidates.isEmpty() ? "none" : String.join(", ", candidates)));
    }
}
