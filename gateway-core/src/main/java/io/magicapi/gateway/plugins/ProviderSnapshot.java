package io.magicapi.gateway.plugins;

import io.magicapi.gateway.api.Model;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The providers that are ready, at one moment. Immutable; requests read it and nothing else. */
public final class ProviderSnapshot {

    /** No providers. */
    public static final ProviderSnapshot EMPTY = new ProviderSnapshot(Map.of(), Set.of());

    private final Map<String, ProviderGeneration> byName;
    private final Set<String> known;
    private final List<String> names;
    private final Map<String, List<ProviderGeneration>> byModel = new LinkedHashMap<>();

    private ProviderSnapshot(Map<String, ProviderGeneration> byName, Set<String> known) {
        this.byName = Map.copyOf(byName);
        this.known = Set.copyOf(known);
        this.names = byName.keySet().stream().sorted().toList();
        for (ProviderGeneration generation : all()) {
            for (Model model : generation.models()) {
                byModel.computeIfAbsent(model.id(), id -> new ArrayList<>()).add(generation);
            }
        }
    }

    /** {@return a snapshot of these generations, which have different names} */
    public static ProviderSnapshot of(Collection<ProviderGeneration> generations) {
        Map<String, ProviderGeneration> byName = new TreeMap<>();
        generations.forEach(generation -> byName.put(generation.name(), generation));
        return new ProviderSnapshot(byName, byName.keySet());
    }

    /** {@return the same providers, of a gateway that knows these names, too} */
    ProviderSnapshot remembering(Set<String> others) {
        Set<String> all = new HashSet<>(known);
        all.addAll(others);
        return all.equals(known) ? this : new ProviderSnapshot(byName, all);
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
