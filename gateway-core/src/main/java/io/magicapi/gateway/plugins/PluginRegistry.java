package io.magicapi.gateway.plugins;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.plugins.DropFolder.Fingerprint;
import io.magicapi.gateway.plugins.PluginStatus.ProviderStatus;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the {@link ProviderCatalog} in step with the drop folder: what is in the folder serves, and nothing else but
 * the gateway's own providers does.
 *
 * <p>All work is done by one thread named {@code plugins}: it lists the folder when events say so and once a second,
 * and takes each changed jar through <em>copy, inspect, load, start, publish, retire the old, drain, stop, unload</em>.
 * A step that fails ends the affair for that jar with one log line and leaves everything else, the running version of
 * the same plugin included, as it was. Requests only ever see a finished snapshot.
 *
 * <p>A file is acted on when two listings in a row agree on it, so that half-written ones wait; a deleted one likewise,
 * so that a copy made by deleting first does not interrupt service. A jar that was refused is looked at again when it
 * changes, or when the plugin that stood in its way has gone.
 */
public final class PluginRegistry {

    private static final Logger LOG = LoggerFactory.getLogger(PluginRegistry.class);

    /** The version that status and snapshot give for the gateway's own providers. */
    public static final String BUILT_IN = "built in";

    private static final String TWO_FILES = "GW-P11";
    private static final String NAME_TAKEN = "GW-P19";

    /**
     * How long things may take.
     *
     * @param tick how often to look for events; also how long a file must stay as it is to count as complete
     * @param poll how often to list the folder without events
     * @param start for a plugin to start
     * @param stop for each provider of it to stop
     * @param drain for requests to finish on a retired version, before a warning
     * @param incomplete for an incomplete jar to become complete, before a warning
     * @param collect for an unloaded class loader to be collected, before a warning
     */
    record Timing(
            Duration tick,
            Duration poll,
            Duration start,
            Duration stop,
            Duration drain,
            Duration incomplete,
            Duration collect) {

        static final Timing DEFAULT = new Timing(
                Duration.ofMillis(250),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                Duration.ofMinutes(10),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60));
    }

    /** What is known of one file in the folder. */
    private static final class Note {

        /** As of the last listing; acted on when the next one agrees. */
        private @Nullable Fingerprint seen;

        /** The content that was acted on. */
        private @Nullable Fingerprint handled;

        /** The plugin in that content, if there is one. */
        private @Nullable PluginDescriptor descriptor;

        /** Why that content is not in use. */
        private @Nullable Rejection rejection;

        /** When it was first found incomplete, by {@link System#nanoTime}; null if it is not, or is given up. */
        private @Nullable Long incompleteSince;

        /** Whether to look at it again although it has not changed. */
        private boolean again;

        /** In how many listings it was missing. */
        private int missing;

        private boolean isRejectedFor(String code) {
            return rejection != null && rejection.code().equals(code);
        }
    }

    /** A retired unit, and since when. */
    private static final class Draining {

        private final PluginUnit unit;
        private final long since = System.nanoTime();
        private boolean reported;

        Draining(PluginUnit unit) {
            this.unit = unit;
        }
    }

    /** What {@link #status} reads; replaced by the plugin thread after every change. */
    private record Picture(
            List<ProviderGeneration> builtIns,
            List<PluginUnit> active,
            Map<Path, Note> rejected,
            List<PluginUnit> draining) {}

    private final GatewayConfig config;
    private final ProviderCatalog catalog;
    private final List<Provider> builtInProviders;
    private final KeyFinder keys;
    private final BundledPlugins bundled;
    private final String apiVersion;
    private final Timing timing;
    private final JarInspector inspector;
    private final DropFolder folder;
    private final LoaderWatch loaders;
    private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "plugins");
        thread.setDaemon(true);
        return thread;
    });

    // All below belongs to the worker thread.
    private final Map<Path, Note> notes = new TreeMap<>();
    private final Map<String, PluginUnit> active = new TreeMap<>();
    private final List<Draining> draining = new ArrayList<>();
    private List<ProviderGeneration> builtIns = List.of();
    private @Nullable PrivateCopies copies;
    private long listedAt;
    private boolean unsettled;

    /** Completes when the registry is closed; null until {@link #close} is called. */
    private final AtomicReference<@Nullable CompletableFuture<Void>> closing = new AtomicReference<>();

    private volatile Picture picture = new Picture(List.of(), List.of(), Map.of(), List.of());

    /**
     * A registry; it does nothing before {@link #start}.
     *
     * @param config where the folder is, and settings of providers
     * @param catalog what to keep up to date
     * @param builtIns providers that need no plugin; their names are never given to plugins
     * @param environment the environment variables, in which keys are looked up
     */
    public PluginRegistry(
            GatewayConfig config, ProviderCatalog catalog, List<Provider> builtIns, Map<String, String> environment) {
        this(config, catalog, builtIns, environment, new BundledPlugins(), Version.api(), Timing.DEFAULT);
    }

    PluginRegistry(
            GatewayConfig config,
            ProviderCatalog catalog,
            List<Provider> builtIns,
            Map<String, String> environment,
            BundledPlugins bundled,
            String apiVersion,
            Timing timing) {
        this.config = config;
        this.catalog = catalog;
        this.builtInProviders = List.copyOf(builtIns);
        this.keys = new KeyFinder(config, environment);
        this.bundled = bundled;
        this.apiVersion = apiVersion;
        this.timing = timing;
        this.inspector = new JarInspector(apiVersion);
        this.folder = new DropFolder(config.plugins().dir());
        this.loaders = new LoaderWatch(timing.collect());
    }

    /**
     * Starts the built-in providers, creates the drop folder if there is none, loads what is in it, and from then on
     * watches it if the configuration says so.
     *
     * @return completes when the catalogue is filled, on the caller's Vert.x context if it has one; a plugin that is
     *     refused does not fail it; a folder that cannot be made, or a built-in provider that does not start, does
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the tick catches everything
    public Future<Void> start() {
        return onWorker(() -> {
            bundled.installIfAbsent(config.plugins().dir());
            copies = PrivateCopies.open(config.plugins().data());
            builtIns = startBuiltIns();
            if (config.plugins().watch()) {
                folder.watch();
            }
            list(true);
            publish();
            long tick = timing.tick().toMillis();
            worker.scheduleWithFixedDelay(this::tick, tick, tick, TimeUnit.MILLISECONDS);
            return null;
        });
    }

    /** {@return how each plugin stands, rejected files and draining versions included; from any thread} */
    public List<PluginStatus> status() {
        Picture now = picture;
        List<PluginStatus> all = new ArrayList<>();
        for (ProviderGeneration generation : now.builtIns()) {
            all.add(new PluginStatus(
                    generation.name(),
                    BUILT_IN,
                    Optional.empty(),
                    Optional.empty(),
                    List.of(ProviderStatus.of(generation)),
                    State.READY,
                    Optional.empty()));
        }
        now.active().forEach(unit -> all.add(status(unit, State.READY)));
        now.draining().forEach(unit -> all.add(status(unit, State.DRAINING)));
        now.rejected().forEach((file, note) -> all.add(status(file, note)));
        return List.copyOf(all);
    }

    private static PluginStatus status(PluginUnit unit, State state) {
        return new PluginStatus(
                unit.descriptor().id(),
                unit.descriptor().version(),
                Optional.of(unit.file()),
                Optional.of(unit.descriptor().sha256()),
                unit.generations().stream().map(ProviderStatus::of).toList(),
                state,
                state == State.DRAINING ? Optional.of(finishing(unit, "it")) : Optional.empty());
    }

    private static PluginStatus status(Path file, Note note) {
        Optional<PluginDescriptor> descriptor = Optional.ofNullable(note.descriptor);
        return new PluginStatus(
                descriptor.map(PluginDescriptor::id).orElse(String.valueOf(file.getFileName())),
                descriptor.map(PluginDescriptor::version).orElse(""),
                Optional.of(file),
                Optional.empty(),
                List.of(),
                State.REJECTED,
                Optional.ofNullable(note.rejection).map(Rejection::toString));
    }

    /** {@return {@link #close(Duration)} with ten seconds} */
    public Future<Void> close() {
        return close(Duration.ofSeconds(10));
    }

    /**
     * Takes all providers out of the catalogue, waits for the requests that use them, stops and unloads the plugins, and
     * removes their private copies. The registry cannot be used again. Harmless if it is closed already.
     *
     * @param patience how long to wait for requests; those that have not finished then lose their plugin
     * @return completes when all is done, on the caller's Vert.x context if it has one
     */
    @SuppressWarnings("FutureReturnValueIgnored") // its last stage completes the future returned
    public Future<Void> close(Duration patience) {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        if (!closing.compareAndSet(null, closed)) {
            return toFuture(Objects.requireNonNull(closing.get()));
        }
        worker.execute(() -> {
            folder.close();
            catalog.publish(ProviderSnapshot.EMPTY);
            active.values().forEach(unit -> draining.add(new Draining(unit)));
            active.clear();
            builtIns.forEach(ProviderGeneration::retire);
            takePicture();
            List<CompletableFuture<Void>> waits = new ArrayList<>();
            draining.forEach(old -> waits.add(old.unit.retire()));
            builtIns.forEach(generation -> waits.add(generation.drained().toCompletableFuture()));
            CompletableFuture.allOf(waits.toArray(CompletableFuture<?>[]::new))
                    .completeOnTimeout(null, patience.toMillis(), TimeUnit.MILLISECONDS)
                    .thenRunAsync(this::shutDown, worker)
                    .whenComplete((done, failure) -> {
                        worker.shutdown();
                        if (failure == null) {
                            closed.complete(null);
                        } else {
                            closed.completeExceptionally(failure);
                        }
                    });
        });
        return toFuture(closed);
    }

    private void shutDown() {
        for (Draining old : List.copyOf(draining)) {
            unload(old);
        }
        for (ProviderGeneration generation : builtIns) {
            stopBuiltIn(generation.provider());
        }
        builtIns = List.of();
        if (copies != null) {
            copies.close();
        }
        takePicture();
    }

    /** {@return how many class loaders of plugins exist} */
    int loadersAlive() {
        return loaders.alive();
    }

    // ---- the worker's round

    private void tick() {
        try {
            if (closing.get() != null) {
                return;
            }
            loaders.check();
            reportSlowDrains();
            if (config.plugins().watch()) {
                boolean events = folder.hasEvents();
                if (events
                        || unsettled
                        || System.nanoTime() - listedAt >= timing.poll().toNanos()) {
                    folder.watch();
                    list(false);
                }
            }
        } catch (RuntimeException | Error e) { // thrown on, it would silently end the watching
            LOG.atError().setCause(e).log("the plugins directory could not be looked at");
        }
    }

    /**
     * Compares the folder with what is known of it and acts on the differences that have settled.
     *
     * @param atOnce whether files count as settled at first sight, as they do when the gateway starts
     */
    private void list(boolean atOnce) {
        listedAt = System.nanoTime();
        unsettled = false;
        Map<Path, Fingerprint> present = folder.list().orElse(null);
        if (present == null) {
            return;
        }
        followRenames(present);
        present.forEach((file, fingerprint) -> {
            Note note = notes.computeIfAbsent(file, path -> new Note());
            note.missing = 0;
            if (fingerprint.equals(note.handled) && !note.again) {
                note.seen = fingerprint;
                giveUpIncomplete(file, note);
            } else if (atOnce || fingerprint.equals(note.seen)) {
                take(file, fingerprint, note);
            } else {
                note.seen = fingerprint;
                unsettled = true;
            }
        });
        for (Path file : List.copyOf(notes.keySet())) {
            Note note = notes.get(file);
            if (note != null && !present.containsKey(file)) {
                if (++note.missing < 2) {
                    unsettled = true;
                } else {
                    forget(file);
                }
            }
        }
    }

    /** A file that was renamed within the folder is the same plugin; nothing is loaded again. */
    private void followRenames(Map<Path, Fingerprint> present) {
        Map<Fingerprint, Path> gone = new HashMap<>();
        notes.forEach((file, note) -> {
            if (!present.containsKey(file) && note.handled != null && note.handled.key() != null) {
                gone.put(note.handled, file);
            }
        });
        present.forEach((file, fingerprint) -> {
            Path before = gone.get(fingerprint);
            Note note = before == null || notes.containsKey(file) ? null : notes.remove(before);
            if (note != null) {
                notes.put(file, note);
                active.values().stream()
                        .filter(unit -> unit.file().equals(before))
                        .forEach(unit -> unit.moved(file));
                takePicture();
            }
        });
    }

    /** Acts on a new content of a file; whatever happens concerns that file only. */
    private void take(Path file, Fingerprint fingerprint, Note note) {
        if (!fingerprint.equals(note.handled)) {
            note.rejection = null;
        }
        note.again = false;
        try {
            takeUnguarded(file, fingerprint, note);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            note.handled = fingerprint;
            reject(
                    file,
                    note,
                    new Rejection(
                            "GW-P24",
                            file.getFileName() + " made the gateway fail ("
                                    + PluginThread.describe(e, name -> name.startsWith("io.magicapi."))
                                    + "). Please report this with the jar."));
        }
    }

    private void takeUnguarded(Path file, Fingerprint fingerprint, Note note) {
        long begun = System.nanoTime();
        PrivateCopies store = copies;
        if (store == null) {
            throw new IllegalStateException("not started");
        }
        Path copy;
        try {
            copy = store.copyOf(file);
        } catch (IOException e) {
            note.handled = fingerprint;
            note.descriptor = null;
            reject(
                    file,
                    note,
                    new Rejection(
                            "GW-P22",
                            file.getFileName() + " cannot be read: "
                                    + e.getClass().getSimpleName() + ": " + e.getMessage()
                                    + ". Check its permissions, or copy it again."));
            return;
        }
        if (!Fingerprint.of(file).equals(Optional.of(fingerprint))) {
            store.discard(copy);
            note.seen = null;
            unsettled = true;
            return;
        }
        note.handled = fingerprint;
        note.seen = fingerprint;
        note.descriptor = null;
        Inspection inspection = inspector.inspect(copy, String.valueOf(file.getFileName()));
        if (inspection instanceof PluginDescriptor descriptor) {
            note.incompleteSince = null;
            note.descriptor = descriptor;
            install(file, note, descriptor, copy, begun);
        } else if (inspection instanceof Rejection rejection) {
            store.discard(copy);
            if (rejection.code().equals(JarInspector.INCOMPLETE)) {
                waitForRest(file, note, rejection);
            } else {
                note.incompleteSince = null;
                reject(file, note, rejection);
            }
        }
    }

    private void waitForRest(Path file, Note note, Rejection rejection) {
        String patience = timing.incomplete().toSeconds() + " s";
        Rejection waiting = rejection.and("Waiting for the copy to finish; will look again for " + patience + ".");
        if (note.incompleteSince == null) {
            note.incompleteSince = System.nanoTime();
            reject(file, note, waiting);
        } else { // it grows: one line was enough
            note.rejection = waiting;
            takePicture();
        }
    }

    private void giveUpIncomplete(Path file, Note note) {
        Long since = note.incompleteSince;
        if (since != null && System.nanoTime() - since > timing.incomplete().toNanos()) {
            note.incompleteSince = null;
            reject(
                    file,
                    note,
                    new Rejection(
                            JarInspector.INCOMPLETE,
                            file.getFileName() + " is still not a complete jar after "
                                    + timing.incomplete().toSeconds()
                                    + " s. Copy it again, best under a name that ends in .part, and rename it when it is"
                                    + " whole."));
        }
    }

    /** Loads a jar that passed inspection and puts it in the place of what it replaces. */
    private void install(Path file, Note note, PluginDescriptor descriptor, Path copy, long begun) {
        PluginUnit old = active.get(descriptor.id());
        boolean rival = old != null && !old.file().equals(file) && holds(old.file(), descriptor.id());
        if (old != null && !rival && old.descriptor().sha256().equals(descriptor.sha256())) {
            // Touched, rewritten with the same bytes, or moved here by copying.
            discard(copy);
            old.moved(file);
            accept(note);
            return;
        }
        if (old != null && rival) {
            int age = JarInspector.compareVersions(
                    descriptor.version(), old.descriptor().version());
            if (age <= 0) {
                discard(copy);
                reject(
                        file,
                        note,
                        twoFiles(
                                descriptor.id(),
                                old.file(),
                                file,
                                age < 0 ? "older, ignored" : "the same version, ignored"));
                return;
            }
            LOG.atWarn()
                    .addKeyValue("code", TWO_FILES)
                    .addKeyValue("plugin", descriptor.id())
                    .log("{}", twoFiles(descriptor.id(), old.file(), file, "newer, taking over"));
        }

        PluginUnit former = formerContent(file, descriptor.id());
        PluginUnit unit = load(file, note, descriptor, copy, takenNames(old, former));
        if (unit == null) {
            return;
        }
        active.put(descriptor.id(), unit);
        if (former != null) {
            active.remove(former.descriptor().id());
        }
        if (old != null && rival) {
            Note loser = notes.get(old.file());
            if (loser != null) {
                loser.rejection = twoFiles(descriptor.id(), file, old.file(), "older, ignored");
            }
        }
        accept(note);
        publish();
        String took = (System.nanoTime() - begun) / 1_000_000 + " ms";
        if (old == null) {
            info(unit).log("{} ready in {}: {}", unit.label(), took, providers(unit));
        } else {
            String before = old.descriptor().version().equals(descriptor.version())
                    ? "(" + old.descriptor().shortHash() + ")"
                    : old.descriptor().version() + " (" + old.descriptor().shortHash() + ")";
            info(unit).log("{} replaced {} in {}; {}", unit.label(), before, took, finishing(old, "the old one"));
            retire(old);
        }
        if (former != null) {
            remove(former);
        } else if (old != null) {
            reconsider();
        }
    }

    private @Nullable PluginUnit load(
            Path file, Note note, PluginDescriptor descriptor, Path copy, Map<String, String> takenNames) {
        PrivateCopies store = copies;
        PluginUnit unit = null;
        try {
            if (store == null) {
                throw new IOException("closed");
            }
            Path kept = store.keep(copy, descriptor.sha256());
            unit = PluginUnit.load(descriptor, file, kept, apiVersion, loaders);
            unit.start(new ProviderStarter(config, keys, takenNames), timing.start());
            return unit;
        } catch (Refusal e) {
            giveBack(unit);
            reject(file, note, e.rejection());
        } catch (IOException e) {
            reject(
                    file,
                    note,
                    new Rejection(
                            "GW-P22",
                            descriptor.label() + " cannot be copied to "
                                    + config.plugins().data() + ": " + e.getMessage() + "."));
        }
        return null;
    }

    private void giveBack(@Nullable PluginUnit unit) {
        if (unit != null) {
            unit.unload(loaders, timing.stop());
            discard(unit.copy());
        }
    }

    /** The names a newcomer cannot have, each with who has it; what the newcomer replaces does not count. */
    private Map<String, String> takenNames(@Nullable PluginUnit replaced, @Nullable PluginUnit former) {
        Map<String, String> taken = new HashMap<>();
        builtIns.forEach(generation -> taken.put(generation.name(), "the gateway itself"));
        for (PluginUnit unit : active.values()) {
            if (unit != replaced && unit != former) {
                unit.generations()
                        .forEach(generation ->
                                taken.put(generation.name(), unit.descriptor().label()));
            }
        }
        return taken;
    }

    /** {@return whether a file still holds a plugin, as far as the last look tells} */
    private boolean holds(Path file, String id) {
        Note note = notes.get(file);
        return note != null
                && note.missing == 0
                && note.descriptor != null
                && note.descriptor.id().equals(id)
                && Fingerprint.of(file).isPresent();
    }

    /** {@return the plugin that a file held before it was overwritten with another one} */
    private @Nullable PluginUnit formerContent(Path file, String id) {
        return active.values().stream()
                .filter(unit ->
                        unit.file().equals(file) && !unit.descriptor().id().equals(id))
                .findFirst()
                .orElse(null);
    }

    /** A file is gone, and with it what it held, unless another file holds that too. */
    private void forget(Path file) {
        notes.remove(file);
        PluginUnit unit = active.values().stream()
                .filter(candidate -> candidate.file().equals(file))
                .findFirst()
                .orElse(null);
        if (unit == null) {
            takePicture();
            return;
        }
        String id = unit.descriptor().id();
        for (Path other : List.copyOf(notes.keySet())) {
            Note note = notes.get(other);
            if (note != null
                    && note.isRejectedFor(TWO_FILES)
                    && note.descriptor != null
                    && note.descriptor.id().equals(id)) {
                takeAgain(other, note);
            }
        }
        if (active.get(id) == unit) {
            active.remove(id);
            publish();
            remove(unit);
        }
    }

    private void takeAgain(Path file, Note note) {
        Fingerprint.of(file).ifPresent(fingerprint -> take(file, fingerprint, note));
    }

    private void remove(PluginUnit unit) {
        info(unit).log("{} removed; {}", unit.label(), finishing(unit, "it"));
        retire(unit);
        reconsider();
    }

    /** Gives those another try that were refused because of a plugin that has changed or gone. */
    private void reconsider() {
        for (Path file : List.copyOf(notes.keySet())) {
            Note note = notes.get(file);
            if (note != null && note.isRejectedFor(NAME_TAKEN)) {
                note.again = true;
                unsettled = true;
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // unloading reports its own failures
    private void retire(PluginUnit unit) {
        Draining old = new Draining(unit);
        draining.add(old);
        takePicture();
        unit.retire().whenComplete((done, failure) -> {
            try {
                worker.execute(() -> unload(old));
            } catch (RejectedExecutionException e) {
                LOG.atTrace().log("{} was unloaded when the registry closed", unit.label());
            }
        });
    }

    private void unload(Draining old) {
        if (draining.remove(old)) {
            PluginUnit unit = old.unit;
            unit.unload(loaders, timing.stop());
            discard(unit.copy());
            takePicture();
            info(unit).log("{} unloaded", unit.label());
        }
    }

    private void reportSlowDrains() {
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
                                finishing(old.unit, "it"));
            }
        }
    }

    // ---- the gateway's own providers

    private List<ProviderGeneration> startBuiltIns() throws Exception {
        ProviderStarter starter = new ProviderStarter(config, keys, Map.of());
        List<ProviderGeneration> ready = new ArrayList<>();
        for (Provider provider : builtInProviders) {
            ready.add(starter.start("the gateway", BUILT_IN, provider, ready, () -> {}));
        }
        return List.copyOf(ready);
    }

    private static void stopBuiltIn(Provider provider) {
        try {
            provider.stop();
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("built-in provider {} failed to stop", provider.name());
        }
    }

    // ---- telling

    private void publish() {
        List<ProviderGeneration> all = new ArrayList<>(builtIns);
        active.values().forEach(unit -> all.addAll(unit.generations()));
        catalog.publish(ProviderSnapshot.of(all));
        takePicture();
    }

    private void accept(Note note) {
        note.rejection = null;
        takePicture();
    }

    private void reject(Path file, Note note, Rejection rejection) {
        PluginUnit serving = active.values().stream()
                .filter(unit -> unit.file().equals(file)
                        || (note.descriptor != null
                                && unit.descriptor().id().equals(note.descriptor.id())
                                && !rejection.code().equals(TWO_FILES)))
                .findFirst()
                .orElse(null);
        Rejection told = serving == null
                ? rejection
                : rejection.and("The previous version " + serving.descriptor().version() + " ("
                        + serving.descriptor().shortHash() + ") keeps serving.");
        boolean known = told.equals(note.rejection);
        note.rejection = told;
        takePicture();
        if (known) {
            return;
        }
        LOG.atWarn()
                .addKeyValue("code", told.code())
                .addKeyValue("file", file.getFileName())
                .log("{}", told);
    }

    private void takePicture() {
        Map<Path, Note> rejected = new LinkedHashMap<>();
        notes.forEach((file, note) -> {
            if (note.rejection != null) {
                Note copy = new Note();
                copy.descriptor = note.descriptor;
                copy.rejection = note.rejection;
                rejected.put(file, copy);
            }
        });
        picture = new Picture(
                builtIns,
                List.copyOf(active.values()),
                rejected,
                draining.stream().map(old -> old.unit).toList());
    }

    private static Rejection twoFiles(String id, Path inUse, Path other, String standing) {
        return new Rejection(
                TWO_FILES,
                "two files hold plugin " + id + ": " + inUse.getFileName() + " (in use) and " + other.getFileName()
                        + " (" + standing + "). Remove one of them.");
    }

    private static String providers(PluginUnit unit) {
        List<String> names =
                unit.generations().stream().map(ProviderGeneration::name).toList();
        return (names.size() == 1 ? "provider " : "providers ") + String.join(", ", names);
    }

    private static String finishing(PluginUnit unit, String onWhat) {
        int count = unit.inFlight();
        return switch (count) {
            case 0 -> "no request is using " + onWhat;
            case 1 -> "1 request finishes on " + onWhat;
            default -> count + " requests finish on " + onWhat;
        };
    }

    private static org.slf4j.spi.LoggingEventBuilder info(PluginUnit unit) {
        return LOG.atInfo()
                .addKeyValue("plugin", unit.descriptor().id())
                .addKeyValue("version", unit.descriptor().version())
                .addKeyValue("sha256", unit.descriptor().sha256());
    }

    private void discard(Path copy) {
        if (copies != null) {
            copies.discard(copy);
        }
    }

    // ---- between threads

    private interface Step {
        @Nullable
        Void run() throws Exception;
    }

    private Future<Void> onWorker(Step step) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            worker.execute(() -> {
                try {
                    step.run();
                    done.complete(null);
                } catch (Refusal e) {
                    done.completeExceptionally(
                            new IllegalStateException(e.rejection().toString()));
                } catch (Exception | LinkageError e) {
                    done.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            done.completeExceptionally(new IllegalStateException("the plugin registry is closed"));
        }
        return toFuture(done);
    }

    private static Future<Void> toFuture(CompletableFuture<Void> stage) {
        Context context = Vertx.currentContext();
        return context == null ? Future.fromCompletionStage(stage) : Future.fromCompletionStage(stage, context);
    }
}
