package io.magicapi.gateway.plugins;

import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.config.GatewayConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The providers that are ready, and the configuration they are ready with, at one moment. Immutable; requests read it and
 * nothing else. The two are one, so that no request meets routes of one configuration and providers of another.
 */
public final class ProviderSnapshot {

    private final GatewayConfig config;
    private final Map<String, ProviderGeneration> byName;
    private final Set<String> known;
    private final Map<String, Newcomer> newcomers;
    private final Map<String, String> outOfService;
    private final List<String> names;
    private final Map<String, List<ProviderGeneration>> byModel = new LinkedHashMap<>();

    /** A version that is tried beside the one that serves. */
    private record Newcomer(Trial trial, ProviderGeneration generation) {}

    private ProviderSnapshot(
            GatewayConfig config,
            Map<String, ProviderGeneration> byName,
            Set<String> known,
            Map<String, Newcomer> newcomers,
            Map<String, String> outOfService) {
        this.config = config;
        this.byName = Map.copyOf(byName);
        this.known = Set.copyOf(known);
        this.newcomers = Map.copyOf(newcomers);
        this.outOfService = Map.copyOf(outOfService);
        this.names = byName.keySet().stream().sorted().toList();
        for (ProviderGeneration generation : all()) {
            for (Model model : generation.models()) {
                byModel.computeIfAbsent(model.id(), id -> new ArrayList<>()).add(generation);
            }
        }
    }

    /** {@return a snapshot of these generations, which have different names; their configuration's names are known} */
    public static ProviderSnapshot of(GatewayConfig config, Collection<ProviderGeneration> generations) {
        Map<String, ProviderGeneration> byName = new TreeMap<>();
        generations.forEach(generation -> byName.put(generation.name(), generation));
        Set<String> known = new HashSet<>(config.providers().keySet());
        known.addAll(byName.keySet());
        return new ProviderSnapshot(config, byName, known, Map.of(), Map.of());
    }

    /**
     * {@return the same providers, and others}
     *
     * @param trials versions that are tried; of these, only providers that serve in another version take part
     * @param unusable names of providers that are out of service, each with the reason that clients are told
     */
    ProviderSnapshot with(Collection<Trial> trials, Map<String, String> unusable) {
        Map<String, Newcomer> tried = new HashMap<>();
        for (Trial trial : trials) {
            for (ProviderGeneration generation : trial.newcomer().generations()) {
                if (byName.containsKey(generation.name())) {
                    tried.put(generation.name(), new Newcomer(trial, generation));
                }
            }
        }
        Set<String> all = new HashSet<>(known);
        all.addAll(unusable.keySet());
        return new ProviderSnapshot(config, byName, all, tried, unusable);
    }

    /** {@return the same providers, of a gateway that knows these names, too} */
    ProviderSnapshot remembering(Set<String> others) {
        Set<String> all = new HashSet<>(known);
        all.addAll(others);
        return all.equals(known) ? this : new ProviderSnapshot(config, byName, all, newcomers, outOfService);
    }

    /** {@return the configuration in use} */
    public GatewayConfig config() {
        return config;
    }

    /** {@return the names that are loaded, were loaded before, or are configured} */
    Set<String> known() {
        return known;
    }

    /**
     * {@return whether a name is that of a provider, even if none of that name is loaded now}
     *
     * <p>A request for such a one must not go to another, which would be shown a key that is not meant for it.
     */
    public boolean isKnown(String name) {
        return known.contains(name);
    }

    /**
     * {@return the version that the next request for a provider goes to: the one that serves, or, each time when it is
     * its turn, the one that is tried}
     */
    public ProviderGeneration next(ProviderGeneration serving) {
        Newcomer tried = newcomers.get(serving.name());
        return tried != null && tried.trial().takesNext() ? tried.generation() : serving;
    }

    /** {@return the version of a provider that is tried; the one that serves if none is} */
    public ProviderGeneration newest(ProviderGeneration serving) {
        Newcomer tried = newcomers.get(serving.name());
        return tried == null ? serving : tried.generation();
    }

    /** {@return why a provider is not there for now, if the gateway has taken it out of service} */
    public Optional<String> outOfService(String name) {
        return Optional.ofNullable(outOfService.get(name));
    }

    /** {@return the names of the providers that are there, in service or out of it; a set of the caller's own} */
    public Set<String> present() {
        Set<String> present = new TreeSet<>(names);
        present.addAll(outOfService.keySet());
        return present;
    }

    /** {@return the names of the providers that are out of service} */
    public Set<String> outOfService() {
        return outOfService.keySet();
    }

    /** {@return the provider of this name, given in lower case} */
    public Optional<ProviderGeneration> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** {@return the providers whose catalogue lists this model id; empty if there is none} */
    public List<ProviderGeneration> listing(String model) {
        return byModel.getOrDefault(model, List.of());
    }

    /** {@return the names of all providers, sorted} */
    public List<String> names() {
        return names;
    }

    /** {@return all providers, sorted by name} */
    public List<ProviderGeneration> all() {
        return names.stream().flatMap(name -> find(name).stream()).toList();
    }
}
