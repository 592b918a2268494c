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

        /** {@return the same for someone who waits for the build to show} */
        Timing inDevelopment() {
            return new Timing(Duration.ofMillis(100), Duration.ofMillis(250), start, stop, drain, incomplete, collect);
        }
    }

    /** How things stand, for other threads to read. */
    private record Picture(
            List<ProviderGeneration> builtIns,
            List<PluginUnit> serving,
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

    // Both belong to the worker thread.
    private final LoadedUnits units;
    private final DroppedJars jars;

    /** Completes when the registry is closed; null until {@link #close} is called. */
    private final AtomicReference<@Nullable CompletableFuture<Void>> closing = new AtomicReference<>();

    /** Replaced by the worker thread after every change. */
    private volatile Picture picture = new Picture(List.of(), List.of(), List.of(), List.of());

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
        KeyFinder keys = new KeyFinder(config, environment);
        this.units = new LoadedUnits(config, keys, catalog, apiVersion, timing, worker, this::takePicture);
        this.jars = new DroppedJars(config.plugins(), apiVersion, timing, units, this::takePicture);
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
            units.reportOverdue();
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
        now.draining().forEach(unit -> all.add(PluginStatus.draining(unit)));
        all.addAll(now.rejected());
        return List.copyOf(all);
    }

    private void takePicture() {
        picture = new Picture(units.builtIns(), units.serving(), units.draining(), jars.rejected());
    }

    /** {@return how many class loaders of plugins exist; from any thread} */
    int loadersAlive() {
        return units.loadersAlive();
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

    private static Future<Void> toFuture(CompletableFuture<Void> stage) {
        Context context = Vertx.currentContext();
        return context == null ? Future.fromCompletionStage(stage) : Future.fromCompletionStage(stage, context);
    }
}
