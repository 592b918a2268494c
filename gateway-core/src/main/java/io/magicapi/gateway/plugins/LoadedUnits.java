package io.magicapi.gateway.plugins;

import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.Durations;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Canary;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.Audit.Action;
import io.magicapi.gateway.plugins.PluginRegistry.Timing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import java.util.stream.Stream;
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
 * copy removed. Requests that take longer than {@code plugins.drain} are ended, visibly.
 *
 * <p>Of each plugin the version before the present one is kept as a file, to go back to.
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

        /** When its requests were told to end, by {@link System#nanoTime}; 0 if they were not. */
        private long endedAt;

        Draining(PluginUnit unit) {
            this.unit = unit;
        }
    }

    /** What served before, and could again. */
    private record Former(PluginDescriptor descriptor, Path copy) {}

    /** Not more: what a plugin throws is for the operator. */
    private static final String NOT_STARTED =
            "it did not start with its configuration; the operator finds the reason in the log (GW-P08)";

    /** A plugin that was taken out of service: its providers, and what their clients are told. */
    private record Absent(List<String> providers, String reason) {}

    private GatewayConfig config;
    private final KeyFinder keys;
    private final ProviderCatalog catalog;
    private final String apiVersion;
    private final Timing timing;
    private final Executor worker;
    private final Runnable changed;
    private final LoaderWatch loaders;
    private final Audit audit;

    private volatile Leftovers leftovers = (generations, cause) -> {};
    private List<ProviderGeneration> builtIns = List.of();
    private final Map<String, PluginUnit> serving = new TreeMap<>();
    private final Map<String, Trial> trials = new TreeMap<>();
    private final Map<String, Former> formers = new HashMap<>();
    private final Map<String, Absent> absent = new HashMap<>();
    private final List<Draining> draining = new ArrayList<>();

    LoadedUnits(
            GatewayConfig config,
            KeyFinder keys,
            ProviderCatalog catalog,
            String apiVersion,
            Timing timing,
            Executor worker,
            Audit audit,
            Runnable changed) {
        this.config = config;
        this.keys = keys;
        this.catalog = catalog;
        this.apiVersion = apiVersion;
        this.timing = timing;
        this.worker = worker;
        this.audit = audit;
        this.changed = changed;
        this.loaders = new LoaderWatch(timing.collect());
    }

    void endLeftoversWith(Leftovers by) {
        leftovers = by;
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
            starter.start(
                            "the gateway",
                            PluginRegistry.BUILT_IN,
                            ProviderStarter.ownName("the gateway", provider),
                            provider,
                            ready,
                            KeyRing.EMPTY,
                            () -> {})
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
        PluginUnit old = serving.get(descriptor.id());
        try {
            unit.start(
                    new ProviderStarter(config, keys, takenNames(descriptor.id(), former)),
                    name -> isOptional(name, old),
                    timing.start());
        } catch (Refusal e) {
            unload(unit);
            throw e;
        }
        unit.missing()
                .values()
                .forEach(why -> warn(unit).addKeyValue("code", why.code()).log("{}", why));
        return unit;
    }

    /** What the operator has configured, perhaps wrongly, costs only itself; but what serves goes on serving. */
    private boolean isOptional(String name, @Nullable PluginUnit old) {
        return config.providers().containsKey(name) && (old == null || !old.serves(name));
    }

    /** The names a newcomer cannot have, each with who has it; what the newcomer replaces does not count. */
    private Map<String, String> takenNames(String id, @Nullable PluginUnit former) {
        Map<String, String> taken = new HashMap<>();
        builtIns.forEach(generation -> taken.put(generation.name(), "the gateway itself"));
        List<PluginUnit> others = new ArrayList<>(serving.values());
        trials.values().forEach(trial -> others.add(trial.newcomer()));
        for (PluginUnit unit : others) {
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
        String id = unit.descriptor().id();
        stopTrial(id);
        PluginUnit old = serving.put(id, unit);
        if (former != null) {
            serving.remove(former.descriptor().id());
        }
        absent.remove(id);
        unit.promoted();
        publish();
        if (old == null) {
            info(unit).log("{} ready in {} ms: {}", unit.label(), took.toMillis(), providers(unit));
            audit.ok(Action.LOAD, unit, "");
        } else {
            info(unit)
                    .log(
                            "{} replaced {} in {} ms; {}",
                            unit.label(),
                            difference(old, unit),
                            took.toMillis(),
                            old.finishing("the old one"));
            audit.ok(Action.SWAP, unit, "replaces " + difference(old, unit));
            keep(old);
            retire(old);
        }
        if (former != null) {
            retireRemoved(former);
        }
    }

    /** Keeps a copy of what is replaced, to which one can go back. */
    private void keep(PluginUnit old) {
        forgetFormer(old.descriptor().id());
        try {
            formers.put(old.descriptor().id(), new Former(old.descriptor(), PrivateCopies.spare(old.copy())));
        } catch (IOException e) {
            warn(old).log("{} cannot be kept ({}), so there is no way back to it", old.label(), e.getMessage());
        }
    }

    private void forgetFormer(String id) {
        Former former = formers.remove(id);
        if (former != null) {
            PrivateCopies.discard(former.copy());
        }
    }

    // ---- following the configuration

    /** {@return the configuration in use} */
    GatewayConfig config() {
        return config;
    }

    /**
     * Has all that is loaded follow another configuration. Requests under way finish on what they have begun with.
     *
     * @return the names of the providers that have come, gone or changed, sorted
     * @throws Refusal if a provider does not start with it; then nothing has changed
     */
    List<String> follow(GatewayConfig next) throws Refusal {
        List<PluginUnit> units = new ArrayList<>(serving.values());
        trials.values().forEach(trial -> units.add(trial.newcomer()));
        Map<PluginUnit, List<ProviderGeneration>> prepared = new LinkedHashMap<>();
        try {
            for (PluginUnit unit : units) {
                ProviderStarter starter = new ProviderStarter(next, keys, namesTakenFrom(unit, units, prepared, next));
                prepared.put(unit, unit.prepare(config, starter, timing.start()));
            }
        } catch (Refusal e) {
            units.forEach(unit -> unit.tidy(timing.stop()));
            throw e;
        }
        Set<ProviderGeneration> before = generations();
        ProviderStarter own = new ProviderStarter(next, keys, Map.of());
        List<ProviderGeneration> ownNext = builtIns.stream().map(own::follow).toList();
        config = next;
        List<ProviderGeneration> leaving = new ArrayList<>(builtIns);
        leaving.removeAll(ownNext);
        builtIns = ownNext;
        prepared.forEach((unit, generations) -> unit.adopt(generations, next).forEach(generation -> {
            tidyWhenDrained(unit, generation);
            leaving.add(generation);
        }));
        trials.values().forEach(Trial::count);
        publish();
        leaving.forEach(ProviderGeneration::retire);
        Set<ProviderGeneration> after = generations();
        return Stream.concat(
                        before.stream().filter(generation -> !after.contains(generation)),
                        after.stream().filter(generation -> !before.contains(generation)))
                .map(ProviderGeneration::name)
                .distinct()
                .sorted()
                .toList();
    }

    private Set<ProviderGeneration> generations() {
        Set<ProviderGeneration> all = new HashSet<>(builtIns);
        serving.values().forEach(unit -> all.addAll(unit.generations()));
        return all;
    }

    /** The names that a unit cannot have, each with who has it: of the others, those they have or are going to have. */
    private Map<String, String> namesTakenFrom(
            PluginUnit unit,
            List<PluginUnit> units,
            Map<PluginUnit, List<ProviderGeneration>> prepared,
            GatewayConfig next) {
        Map<String, String> taken = new HashMap<>();
        builtIns.forEach(generation -> taken.put(generation.name(), "the gateway itself"));
        ProviderStarter starter = new ProviderStarter(next, keys, Map.of());
        for (PluginUnit other : units) {
            if (!other.descriptor().id().equals(unit.descriptor().id())) {
                Set<String> kept = other.names(starter);
                prepared.getOrDefault(other, other.generations()).stream()
                        .map(ProviderGeneration::name)
                        .filter(kept::contains)
                        .forEach(name -> taken.put(name, other.descriptor().label()));
            }
        }
        return taken;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // tidying reports its own failures
    private void tidyWhenDrained(PluginUnit unit, ProviderGeneration generation) {
        generation.drained().whenComplete((done, failure) -> {
            try {
                worker.execute(() -> unit.tidy(timing.stop()));
            } catch (RejectedExecutionException e) {
                LOG.atTrace().log("{} was unloaded when the registry closed", unit.label());
            }
        });
    }

    /** Shows requests what is ready. */
    void publish() {
        changed.run(); // first, so that whoever meets a provider finds its status
        List<ProviderGeneration> all = new ArrayList<>(builtIns);
        serving.values().forEach(unit -> all.addAll(unit.generations()));
        ProviderSnapshot snapshot = ProviderSnapshot.of(config, all);
        Map<String, String> reasons = new HashMap<>();
        absent.values()
                .forEach(plugin -> plugin.providers().stream()
                        .filter(name -> snapshot.find(name).isEmpty())
                        .forEach(name -> reasons.put(name, plugin.reason())));
        serving.values().forEach(unit -> unit.missing().forEach((name, why) -> reasons.put(name, NOT_STARTED)));
        catalog.publish(trials.isEmpty() && reasons.isEmpty() ? snapshot : snapshot.with(trials.values(), reasons));
    }

    // ---- trials, and ways back

    /** Lets a started unit have its share of the requests of its plugin, which serves in another version. */
    void tryOut(PluginUnit unit, PluginUnit old, Canary rules) {
        stopTrial(unit.descriptor().id());
        Trial trial = new Trial(unit, old, rules);
        trials.put(unit.descriptor().id(), trial);
        publish();
        info(unit).log("{} {}", unit.label(), trial.progress());
        audit.ok(Action.CANARY, unit, trial.progress());
    }

    /** Ends a trial in favour of the newcomer. */
    void promote(Trial trial) {
        PluginUnit unit = trial.newcomer();
        trials.remove(unit.descriptor().id());
        trial.end();
        swapIn(unit, null, Duration.between(unit.since(), Instant.now()));
    }

    /** Ends the trial of a plugin, if there is one, in favour of what serves. */
    void stopTrial(String id) {
        Trial trial = trials.remove(id);
        if (trial != null) {
            trial.end();
            publish();
            retire(trial.newcomer());
        }
    }

    /** {@return the trials, in the order of their plugins' ids} */
    List<Trial> trials() {
        return List.copyOf(trials.values());
    }

    /** {@return the trial of this plugin, if there is one} */
    @Nullable
    Trial trial(String id) {
        return trials.get(id);
    }

    /** {@return what served before this plugin's present version, if it is kept} */
    Optional<PluginDescriptor> former(String id) {
        return Optional.ofNullable(formers.get(id)).map(Former::descriptor);
    }

    /**
     * Lets the version before serve again. What it replaces is not kept.
     *
     * @param file where it counts as dropped
     * @throws Refusal if there is none, or it cannot be loaded any more; then nothing has changed
     */
    PluginUnit restore(String id, Path file) throws Refusal {
        long begun = System.nanoTime();
        Former former = formers.remove(id);
        if (former == null) {
            throw new Refusal("GW-P35", "of plugin " + id + " no earlier version is kept, so there is no way back.");
        }
        PluginUnit unit = load(former.descriptor(), file, former.copy(), null);
        swapIn(unit, null, Duration.ofNanos(System.nanoTime() - begun));
        forgetFormer(id);
        audit.ok(Action.ROLLBACK, unit, "");
        return unit;
    }

    /**
     * Takes a unit out of service, and remembers its providers.
     *
     * @param reason what clients are told
     */
    void takeOut(PluginUnit unit, String reason) {
        String id = unit.descriptor().id();
        serving.remove(id);
        absent.put(
                id,
                new Absent(
                        unit.generations().stream()
                                .map(ProviderGeneration::name)
                                .toList(),
                        reason));
        stopTrial(id);
        publish();
        retire(unit);
    }

    /** Forgets a plugin that has been taken out of service. {@return whether there was one} */
    boolean forget(String id) {
        boolean was = absent.remove(id) != null;
        if (was) {
            publish();
        }
        return was;
    }

    void audit(Action action, PluginUnit unit, String reason) {
        audit.ok(action, unit, reason);
    }

    // ---- going

    /** Takes a unit out of service because it is not in the drop folder any more, or must not be used. */
    void remove(PluginUnit unit) {
        String id = unit.descriptor().id();
        serving.remove(id);
        stopTrial(id);
        publish();
        forgetFormer(id);
        retireRemoved(unit);
    }

    private void retireRemoved(PluginUnit unit) {
        info(unit).log("{} removed; {}", unit.label(), unit.finishing("it"));
        audit.ok(Action.REMOVE, unit, "");
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
            audit.ok(Action.UNLOAD, old.unit, "");
        }
    }

    private void unload(PluginUnit unit) {
        unit.unload(loaders, timing.stop());
        PrivateCopies.discard(unit.copy());
    }

    /**
     * Ends the requests of units that have drained for too long, unloads those whose requests did not end even so, and
     * warns of class loaders that stay. Called regularly.
     */
    void endOverdue() {
        loaders.check();
        long now = System.nanoTime();
        for (Draining old : List.copyOf(draining)) {
            if (old.endedAt == 0 && now - old.since > config.plugins().drain().toNanos()) {
                old.endedAt = now;
                endLeftovers(old.unit);
            } else if (old.endedAt != 0
                    && now - old.endedAt > timing.lastWords().toNanos()) {
                warn(old.unit)
                        .log(
                                "{} is unloaded although {}: its code does not return",
                                old.unit.label(),
                                old.unit.finishing("it"));
                unloadDrained(old);
            }
        }
    }

    private void endLeftovers(PluginUnit unit) {
        String bound = Durations.format(config.plugins().drain());
        warn(unit)
                .addKeyValue("requests", unit.inFlight())
                .log("{} was retired {} ago (plugins.drain): {} ended", unit.label(), bound, unit.requests());
        audit.ok(Action.END_LEFTOVERS, unit, unit.requests() + " ended after " + bound);
        leftovers.end(
                Set.copyOf(unit.allGenerations()),
                new GatewayException(
                        ErrorCode.PROVIDER_UNAVAILABLE,
                        unit.descriptor().label() + " was replaced or removed " + bound
                                + " ago, and requests may not use it any longer; try again"));
    }

    /** Takes everything out of service. {@return completes, on any thread, when nothing is in use any more} */
    CompletableFuture<Void> retireAll() {
        catalog.publish(ProviderSnapshot.of(config, List.of()));
        trials.values().forEach(trial -> draining.add(new Draining(trial.newcomer())));
        trials.clear();
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

    /** {@return how many class loaders stay although their plugin is unloaded, and were warned of; from any thread} */
    int leaked() {
        return loaders.leaked();
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
        return facts(LOG.atInfo(), unit);
    }

    private static LoggingEventBuilder warn(PluginUnit unit) {
        return facts(LOG.atWarn(), unit);
    }

    private static LoggingEventBuilder facts(LoggingEventBuilder line, PluginUnit unit) {
        return line.addKeyValue("plugin", unit.descriptor().id())
                .addKeyValue("version", unit.descriptor().version())
                .addKeyValue("sha256", unit.descriptor().sha256());
    }
}
