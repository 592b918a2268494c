package io.magicapi.gateway.plugins;

import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Plugins;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.plugins.PluginRegistry.Timing;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.slf4j.LoggerFactory;

/** A registry at work on a temporary drop folder, with its log. */
final class RunningRegistry implements AutoCloseable {

    static final Duration PROMISED = Duration.ofSeconds(2);

    /** As in production, but for what would make tests slow. */
    private static final Timing TIMING = new Timing(
            Timing.DEFAULT.tick(),
            Timing.DEFAULT.poll(),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofSeconds(1));

    final Path folder;
    final Path data;
    final ProviderCatalog catalog = new ProviderCatalog();
    final PluginRegistry registry;

    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.magicapi.gateway.plugins");

    private RunningRegistry(
            Path root,
            UnaryOperator<Plugins> change,
            Map<String, ProviderSettings> providers,
            List<Provider> builtIns,
            Map<String, String> env) {
        folder = root.resolve("plugins");
        data = root.resolve("data");
        Plugins plugins = change.apply(new Plugins(folder, data, true).withDrain(Duration.ofSeconds(1)));
        GatewayConfig config = GatewayConfig.defaults().withPlugins(plugins).withProviders(providers);
        registry = new PluginRegistry(config, catalog, builtIns, env, new BundledPlugins(), "0.1.0", TIMING);
        ((Logger) LoggerFactory.getLogger("org.pf4j")).setLevel(Level.WARN);
        appender.start();
        logger.setLevel(Level.INFO);
        logger.addAppender(appender);
    }

    static RunningRegistry in(Path root) {
        return in(root, Map.of(), List.of(), Map.of());
    }

    static RunningRegistry in(
            Path root, Map<String, ProviderSettings> providers, List<Provider> builtIns, Map<String, String> env) {
        return start(new RunningRegistry(root, UnaryOperator.identity(), providers, builtIns, env));
    }

    /** {@return one with other settings of plugins} */
    static RunningRegistry in(Path root, UnaryOperator<Plugins> change) {
        return start(new RunningRegistry(root, change, Map.of(), List.of(), Map.of()));
    }

    private static RunningRegistry start(RunningRegistry running) {
        done(running.registry.start());
        return running;
    }

    private static void done(Future<Void> future) {
        future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(20, TimeUnit.SECONDS)
                .join();
    }

    /** Has it follow another configuration. */
    void follow(GatewayConfig next) {
        done(registry.follow(next).mapEmpty());
    }

    Optional<ProviderGeneration> provider(String name) {
        return catalog.snapshot().find(name);
    }

    /** {@return the version that serves; none if there is none} */
    String serving(String name) {
        return provider(name).map(ProviderGeneration::pluginVersion).orElse("none");
    }

    void awaitServing(String name, String version) {
        await("provider " + name + " in version " + version)
                .atMost(PROMISED.plusSeconds(3))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> serving(name).equals(version));
    }

    String awaitLog(String part) {
        return await("log line with: " + part)
                .atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> log().stream().filter(line -> line.contains(part)).findFirst(), Optional::isPresent)
                .orElseThrow();
    }

    /** {@return a moment's copy of the log} */
    List<String> log() {
        return List.of(appender.list.toArray(ILoggingEvent[]::new)).stream()
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    List<PluginStatus> statuses(State state) {
        return registry.status().stream()
                .filter(status -> status.state() == state)
                .toList();
    }

    @Override
    public void close() {
        done(registry.close(Duration.ofMillis(200)));
        logger.detachAppender(appender);
    }
}
