package io.magicapi.gateway.plugins;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.GatewayConfig;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the {@link ProviderCatalog} in step with the drop folder: what is in the folder serves, and nothing else but
 * the gateway's own providers does.
 *
 * <p>All work is done by one thread named {@code plugins}: {@link DroppedJars} looks at the folder and decides what is
 * to be done about each file, {@link LoadedUnits} does it. A changed jar goes through <em>copy, inspect, load, start,
 * publish, retire the old, drain, stop, unload</em>. A step that fails ends the affair for that jar with one log line
 * and leaves everything else, the running version of the same plugin included, as it was.
 *
 * <p>Other threads never touch those two. Requests see the snapshot in the catalogue, {@link #status} a picture that is
 * taken after every change. The methods of this class are safe for all threads.
 */
public final class PluginRegistry {

    private static final Logger LOG = LoggerFactory.getLogger(PluginRegistry.class);

    /** The version that status and snapshot give for the gateway's own providers. */
    public static final String BUILT_IN = "built in";

    /**
     * How long things may take.
     *
     * @param tick how often to look for events; also how long a file must stay as it is to count as complete
     * @param poll how often to list the folder without events
     * @param start for a plugin to start
     * @param stop for each provider of it to stop
     * @param lastWords for requests that were told to end to do so, before their plugin is unloaded all the same
     * @param incomplete for an incomplete jar to become complete, before a warning
     * @param collect for an unloaded class loader to be collected, before a warning
     */
    record Timing(
            Duration tick,
            Duration poll,
            Duration start,
            Duration stop,
            Duration lastWords,
            Duration incomplete,
            Duration collect) {

        static final Timing DEFAULT = new Timing(
                Duration.ofMillis(250),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60));

        /** {@return the same for someone who waits for the build to show} */
        Timing inDevelopment() {
            return new Timing(
                    Duration.ofMillis(100), Duration.ofMillis(250), start, stop, lastWords, incomplete, collect);
        }
    }

    /** How things stand, for other threads to read. */
    private record Picture(
            List<ProviderGeneration> builtIns,
            List<PluginUnit> serving,
            List<Trial> trials,
            List<PluginUnit> draining,
            List<PluginStatus> rejected) {}

    private final GatewayConfig config;
    private final List<Provider> builtIns;
    private final BundledPlugins bundled;
    private final Timing timing;
    private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "plugins");
        thread.setDaemon(true);
        return thread;
    });

    // These belong to the worker thread.
    private final Audit audit = new Audit();
    private final LoadedUnits units;
    private final DroppedJars jars;
    private final PluginOperations operations;

    /** Completes when the registry is closed; null until {@link #close} is called. */
    private final AtomicReference<@Nullable CompletableFuture<Void>> closing = new AtomicReference<>();

    /** Replaced by the worker thread after every change. */
    private volatile Picture picture = new Picture(List.of(), List.of(), List.of(), List.of(), List.of());

    private volatile Set<String> offered = Set.of();

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
        this(
                config,
                catalog,
                builtIns,
                environment,
                new BundledPlugins(),
                Version.api(),
                config.plugins().dev() ? Timing.DEFAULT.inDevelopment() : Timing.DEFAULT);
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
        this.builtIns = List.copyOf(builtIns);
        this.bundled = bundled;
        this.timing = timing;
        KeyFinder keys = new KeyFinder(environment);
        this.units = new LoadedUnits(config, keys, catalog, apiVersion, timing, worker, audit, this::takePicture);
        this.jars = new DroppedJars(config.plugins(), apiVersion, timing, units, audit, this::takePicture);
        this.operations = new PluginOperations(jars, units, this::takePicture);
    }

    /**
     * Says who ends the requests that outlast {@code plugins.drain}. Until this is called they are left alone.
     *
     * @param leftovers called on the registry's thread
     */
    public void endLeftoversWith(Leftovers leftovers) {
        units.endLeftoversWith(leftovers);
    }

    /**
     * Starts the built-in providers, creates the drop folder if there is none, loads what is in it, and from then on
     * watches it if the configuration says so.
     *
     * @return completes when the catalogue is filled, on the caller's Vert.x context if it has one; a plugin that is
     *     refused does not fail it; a built-in provider that does not start does, and so does a folder that cannot be
     *     made or written, with an {@link UnusableFolderException}
     */
    public Future<Void> start() {
        CompletableFuture<Void> started = new CompletableFuture<>();
        try {
            worker.execute(() -> {
                try {
                    fillCatalog();
                    started.complete(null);
                } catch (Refusal e) {
                    started.completeExceptionally(
                            new IllegalStateException(e.rejection().toString()));
                } catch (Exception | LinkageError e) {
                    started.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            started.completeExceptionally(new IllegalStateException("the plugin registry is closed"));
        }
        return toFuture(started);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the tick catches everything
    private void fillCatalog() throws Exception {
        makeDropFolder(config.plugins().dir());
        jars.open();
        units.startBuiltIns(builtIns);
        jars.takeAll();
        long tick = timing.tick().toMillis();
        worker.scheduleWithFixedDelay(this::tick, tick, tick, TimeUnit.MILLISECONDS);
    }

    private void makeDropFolder(Path dir) throws IOException {
        try {
            if (config.plugins().dev()) { // a build's folder is filled by the build
                Files.createDirectories(dir);
            } else {
                bundled.installIfAbsent(dir);
            }
            if (!Files.isDirectory(dir)) {
                throw new NotDirectoryException(dir.toString());
            }
        } catch (FileSystemException e) {
            throw UnusableFolderException.plugins(dir, e);
        }
    }

    private void tick() {
        try {
            if (closing.get() != null) {
                return;
            }
            units.endOverdue();
            jars.judge();
            if (config.plugins().watch()) {
                jars.look();
            }
        } catch (RuntimeException | Error e) { // thrown on, it would silently end the watching
            LOG.atError().setCause(e).log("the plugins directory could not be looked at");
        }
    }

    /** {@return how each plugin stands, rejected files and draining versions included; from any thread} */
    public List<PluginStatus> status() {
        Picture now = picture;
        List<PluginStatus> all = new ArrayList<>();
        now.builtIns().forEach(generation -> all.add(PluginStatus.builtIn(generation)));
        now.serving().forEach(unit -> all.add(PluginStatus.ready(unit)));
        now.trials().forEach(trial -> all.add(PluginStatus.canary(trial)));
        now.draining().forEach(unit -> all.add(PluginStatus.draining(unit)));
        all.addAll(now.rejected());
        return List.copyOf(all);
    }

    /** {@return the names that the loaded providers give themselves, those included that serve nowhere; from any thread} */
    public Set<String> offered() {
        return offered;
    }

    private void takePicture() {
        offered = Stream.concat(
                        units.builtIns().stream().map(ProviderGeneration::name),
                        units.serving().stream().flatMap(unit -> unit.ownNames().stream()))
                .collect(Collectors.toUnmodifiableSet());
        picture = new Picture(units.builtIns(), units.serving(), units.trials(), units.draining(), jars.rejected());
    }

    /** {@return how many class loaders of plugins exist: of those that serve, are tried or drain, and of leaks} */
    public int loadersAlive() {
        return units.loadersAlive();
    }

    /** {@return how many class loaders stay although their plugin is unloaded, and were warned of (GW-P36)} */
    public int leaked() {
        return units.leaked();
    }

    // ---- what operators ask for; each from any thread, done on the registry's

    /**
     * Loads a file of the drop folder now, without waiting for it to settle, and even if its content serves already or
     * was taken out of service.
     *
     * @param file its name; folders before it are ignored
     * @param by who asks, for the audit log
     * @return how the plugin stands then; fails with a {@link Refusal} if the jar cannot be used
     */
    public Future<PluginStatus> load(Path file, String by) {
        return operate(by, () -> operations.load(file));
    }

    /** {@return as {@link #load}, of the file that holds this plugin} */
    public Future<PluginStatus> reload(String id, String by) {
        return operate(by, () -> operations.reload(id));
    }

    /** {@return completes when the plugin is out of service; it stays so until its file changes or it is reloaded} */
    public Future<PluginStatus> unload(String id, String by) {
        return operate(by, () -> operations.unload(id));
    }

    /**
     * Uses one version of a plugin and no other, until the gateway restarts or {@link #unpin} is called.
     *
     * @return fails with a {@link Refusal} if no file holds that version
     */
    public Future<PluginStatus> pin(String id, String version, String by) {
        return operate(by, () -> operations.pin(id, version));
    }

    /** {@return completes when the pin is gone, a configured one as well; newer files then take over} */
    public Future<PluginStatus> unpin(String id, String by) {
        return operate(by, () -> operations.unpin(id));
    }

    /**
     * Goes back to the version before, of which a copy is kept; while a version is tried, ends the trial. The version
     * that is left is not used again until its file changes.
     *
     * @return fails with a {@link Refusal} if there is no version before
     */
    public Future<PluginStatus> rollback(String id, String by) {
        return operate(by, () -> operations.rollback(id));
    }

    /** {@return completes when the version that is tried has taken over; fails with a {@link Refusal} if none is tried} */
    public Future<PluginStatus> promote(String id, String by) {
        return operate(by, () -> operations.promote(id));
    }

    /**
     * Has the providers follow another configuration: those that it changes are started anew beside the old ones or get
     * their new keys and deadlines, and then all swap at once, and the configuration in the catalogue with them. Requests
     * under way finish on what they have begun with. Of {@code plugins}, only {@code drain} and the trials follow.
     *
     * @return the names of the providers that have come, gone or changed; fails with a {@link Refusal} if a provider does
     *     not start with it; then nothing has changed
     */
    public Future<List<String>> follow(GatewayConfig next) {
        return operate(Audit.GATEWAY, () -> {
            List<String> providers = units.follow(next);
            jars.configurationChanged();
            return providers;
        });
    }

    /** Something an operator asks for. */
    @FunctionalInterface
    private interface Operation<T> {
        T run() throws Refusal;
    }

    private <T> Future<T> operate(String by, Operation<T> operation) {
        CompletableFuture<T> done = new CompletableFuture<>();
        try {
            worker.execute(() -> {
                audit.by(by);
                try {
                    if (closing.get() != null) {
                        throw new IllegalStateException("the plugin registry is closed");
                    }
                    done.complete(operation.run());
                } catch (Refusal | RuntimeException | LinkageError e) {
                    done.completeExceptionally(e);
                } finally {
                    audit.by(Audit.GATEWAY);
                }
            });
        } catch (RejectedExecutionException e) {
            done.completeExceptionally(new IllegalStateException("the plugin registry is closed"));
        }
        return toFuture(done);
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
            jars.stopWatching();
            units.retireAll()
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
        units.unloadAll();
        jars.close();
    }

    private static <T> Future<T> toFuture(CompletableFuture<T> stage) {
        Context context = Vertx.currentContext();
        return context == null ? Future.fromCompletionStage(stage) : Future.fromCompletionStage(stage, context);
    }
}
