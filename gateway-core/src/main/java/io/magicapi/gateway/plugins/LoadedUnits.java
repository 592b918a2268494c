package io.magicapi.gateway.plugins;

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.plugins.PluginRegistry.Timing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * All that is loaded: the gateway's own providers, of each plugin the unit that serves, and the units that are retired
 * and not drained yet.
 *
 * <p>A newcomer is loaded and started beside the unit it replaces, with all names free to it but those of others; if it
 * is refused, nothing has changed. Once it is up, one publication swaps the two. A unit that is replaced or removed is
 * retired: it grants no further lease, and when the last one is given back it is stopped and unloaded, and its private
 * copy removed. It is never torn from requests that take long, only reported; closing alone does that.
 *
 * <p>Belongs to the plugin thread. Requests give back leases on other threads, so what follows is handed to {@code
 * worker}. Every change of what serves or drains is followed by {@code changed}.
 */
final class LoadedUnits {

    private static final Logger LOG = LoggerFactory.getLogger(LoadedUnits.class);

    /** A retired unit, and since when. */
    private static final class Draining {

        private final PluginUnit unit;
        private final long since = System.nanoTime();
        private boolean reported;

        Draining(PluginUnit unit) {
            this.unit = unit;
        }
    }

    private final GatewayConfig config;
    private final KeyFinder keys;
    private final ProviderCatalog catalog;
    private final String apiVersion;
    private final Timing timing;
    private final Executor worker;
    private final Runnable changed;
    private final LoaderWatch loaders;

    private List<ProviderGeneration> builtIns = List.of();
    private final Map<String, PluginUnit> serving = new TreeMap<>();
    private final List<Draining> draining = new ArrayList<>();

    LoadedUnits(
            GatewayConfig config,
            KeyFinder keys,
            ProviderCatalog catalog,
            String apiVersion,
            Timing timing,
            Executor worker,
            Runnable changed) {
        this.config = config;
        this.keys = keys;
        this.catalog = catalog;
        this.apiVersion = apiVersion;
        this.timing = timing;
        this.worker = worker;
        this.changed = changed;
        this.loaders = new LoaderWatch(timing.collect());
    }

    // ---- coming

    /**
     * Starts the gateway's own providers.
     *
     * @throws Refusal if one is not as a provider must be
     * @throws Exception whatever a provider throws
     */
    void startBuiltIns(List<Provider> providers) throws Exception {
        ProviderStarter starter = new ProviderStarter(config, keys, Map.of());
        List<ProviderGeneration> ready = new ArrayList<>();
        for (Provider provider : providers) {
            starter.start("the gateway", PluginRegistry.BUILT_IN, provider.name(), provider, ready, () -> {})
                    .ifPresent(ready::add);
        }
        builtIns = List.copyOf(ready);
    }

    /**
     * Loads and starts a jar that passed inspection; it does not serve yet.
     *
     * @param file where it was dropped
     * @param copy the private copy of it; becomes this class's to remove
     * @param former the unit of another plugin that it takes the place of, too
     * @throws Refusal if it cannot be used; nothing stays loaded
     */
    PluginUnit load(PluginDescriptor descriptor, Path file, Path copy, @Nullable PluginUnit former) throws Refusal {
        Path kept;
        try {
            kept = PrivateCopies.keep(copy, descriptor.sha256());
        } catch (IOException e) {
            throw new Refusal(
                    "GW-P22",
                    descriptor.label() + " cannot be copied to "
                            + config.plugins().data() + ": " + e.getMessage() + ".");
        }
        PluginUnit unit = PluginUnit.load(descriptor, file, kept, apiVersion, loaders);
        try {
            unit.start(new ProviderStarter(config, keys, takenNames(descriptor.id(), former)), timing.start());
        } catch (Refusal e) {
            unload(unit);
            throw e;
        }
        return unit;
    }

    /** The names a newcomer cannot have, each with who has it; what the newcomer replaces does not count. */
    private Map<String, String> takenNames(String id, @Nullable PluginUnit former) {
        Map<String, String> taken = new HashMap<>();
        builtIns.forEach(generation -> taken.put(generation.name(), "the gateway itself"));
        for (PluginUnit unit : serving.values()) {
            if (unit != former && !unit.descriptor().id().equals(id)) {
                unit.generations()
                        .forEach(generation ->
                                taken.put(generation.name(), unit.descriptor().label()));
            }
        }
        return taken;
    }

    /**
     * Lets a started unit serve, and retires what it replaces: its plugin's unit so far, and the former one.
     *
     * @param former the unit of another plugin that it takes the place of, too
     * @param took how long it has taken until now
     */
    void swapIn(PluginUnit unit, @Nullable PluginUnit former, Duration took) {
        PluginUnit old = serving.put(unit.descriptor().id(), unit);
        if (former != null) {
            serving.remove(former.descriptor().id());
        }
        publish();
        if (old == null) {
            info(unit).log("{} ready in {} ms: {}", unit.label(), took.toMillis(), providers(unit));
        } else {
            info(unit)
                    .log(
                            "{} replaced {} in {} ms; {}",
                            unit.label(),
                            difference(old, unit),
                            took.toMillis(),
                            old.finishing("the old one"));
            retire(old);
        }
        if (former != null) {
            retireRemoved(former);
        }
    }

    /**
     * Shows requests what is ready.
     *
     */
    void publish() {
        changed.run(); // first, so that whoever meets a provider finds its status
        List<ProviderGeneration> all = new ArrayList<>(builtIns);
        serving.values().forEach(unit -> all.addAll(unit.generations()));
        catalog.publish(ProviderSnapshot.of(all));
    }

    // ---- going

    /**
     * Takes a unit out of service.
     *
     */
    void remove(PluginUnit unit) {
        serving.remove(unit.descriptor().id());
        publish();
        retireRemoved(unit);
    }

    private void retireRemoved(PluginUnit unit) {
        info(unit).log("{} removed; {}", unit.label(), unit.finishing("it"));
        retire(unit);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // unloading reports its own failures
    private void retire(PluginUnit unit) {
        Draining old = new Draining(unit);
        draining.add(old);
        changed.run();
        unit.retire().whenComplete((done, failure) -> {
            try {
                worker.execute(() -> unloadDrained(old));
            } catch (RejectedExecutionException e) {
                LOG.atTrace().log("{} was unloaded when the registry closed", unit.label());
            }
        });
    }

    private void unloadDrained(Draining old) {
        if (draining.remove(old)) {
            unload(old.unit);
            changed.run();
            info(old.unit).log("{} unloaded", old.unit.label());
        }
    }

    private void unload(PluginUnit unit) {
        unit.unload(loaders, timing.stop());
        PrivateCopies.discard(unit.copy());
    }

    /** Warns once of each unit that drains for too long, and of each class loader that stays. Called regularly. */
    void reportOverdue() {
        loaders.check();
        for (Draining old : draining) {
            if (!old.reported && System.nanoTime() - old.since > timing.drain().toNanos()) {
                old.reported = true;
                LOG.atWarn()
                        .addKeyValue("plugin", old.unit.descriptor().id())
                        .addKeyValue("version", old.unit.descriptor().version())
                        .log(
                                "{} was retired more than {} s ago; {}",
                                old.unit.label(),
                                timing.drain().toSeconds(),
                                old.unit.finishing("it"));
            }
        }
    }

    /** Takes everything out of service. {@return completes, on any thread, when nothing is in use any more} */
    CompletableFuture<Void> retireAll() {
        catalog.publish(ProviderSnapshot.EMPTY);
        serving.values().forEach(unit -> draining.add(new Draining(unit)));
        serving.clear();
        builtIns.forEach(ProviderGeneration::retire);
        changed.run();
        List<CompletableFuture<Void>> waits = new ArrayList<>();
        draining.forEach(old -> waits.add(old.unit.retire()));
        builtIns.forEach(generation -> waits.add(generation.drained().toCompletableFuture()));
        return CompletableFuture.allOf(waits.toArray(CompletableFuture<?>[]::new));
    }

    /** Stops and unloads everything, drained or not; after {@link #retireAll}. */
    void unloadAll() {
        List.copyOf(draining).forEach(this::unloadDrained);
        builtIns.forEach(generation -> stopBuiltIn(generation.provider()));
        builtIns = List.of();
        changed.run();
    }

    private static void stopBuiltIn(Provider provider) {
        try {
            provider.stop();
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("built-in provider {} failed to stop", provider.name());
        }
    }

    // ---- telling

    List<ProviderGeneration> builtIns() {
        return builtIns;
    }

    /** {@return the units that serve, in the order of their ids} */
    List<PluginUnit> serving() {
        return List.copyOf(serving.values());
    }

    /** {@return the unit of this plugin that serves, if one does} */
    @Nullable
    PluginUnit serving(String id) {
        return serving.get(id);
    }

    /** {@return the first unit that serves and is so, in the order of ids} */
    @Nullable
    PluginUnit serving(Predicate<PluginUnit> such) {
        return serving.values().stream().filter(such).findFirst().orElse(null);
    }

    List<PluginUnit> draining() {
        return draining.stream().map(old -> old.unit).toList();
    }

    /** {@return how many class loaders of plugins exist; from any thread} */
    int loadersAlive() {
        return loaders.alive();
    }

    private static String difference(PluginUnit old, PluginUnit unit) {
        String hash = "(" + old.descriptor().shortHash() + ")";
        String version = old.descriptor().version();
        return version.equals(unit.descriptor().version()) ? hash : version + " " + hash;
    }

    private static String providers(PluginUnit unit) {
        List<String> names =
                unit.generations().stream().map(ProviderGeneration::name).toList();
        return (names.size() == 1 ? "provider " : "providers ") + String.join(", ", names);
    }

    private static LoggingEventBuilder info(PluginUnit unit) {
        return LOG.atInfo()
                .addKeyValue("plugin", unit.descriptor().id())
                .addKeyValue("version", unit.descriptor().version())
                .addKeyValue("sha256", unit.descriptor().sha256());
    }
}
