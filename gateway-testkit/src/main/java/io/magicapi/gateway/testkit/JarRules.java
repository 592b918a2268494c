package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.Version;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Plugins;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.plugins.Inspection;
import io.magicapi.gateway.plugins.JarInspector;
import io.magicapi.gateway.plugins.PluginDescriptor;
import io.magicapi.gateway.plugins.PluginRegistry;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.vertx.core.Future;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;

/** The jar that operators drop in. */
final class JarRules {

    private static final int CYCLES = 50;

    /** Threads that the JDK starts once, when they are first needed. */
    private static final int SPARE_THREADS = 5;

    private final ContractSubject subject;
    private final Optional<Path> jar;

    JarRules(ContractSubject subject, Optional<Path> jar) {
        this.subject = subject;
        this.jar = jar;
    }

    private Path jar() {
        return jar.orElseGet(() -> Assumptions.abort("there is no jar"));
    }

    void accepted() {
        Inspection inspection = new JarInspector(Version.api()).inspect(jar());

        List<String> extensions = inspection.fold(plugin -> plugin.extensions(), rejection -> {
            throw new AssertionError(rejection.toString());
        });
        assertThat(extensions)
                .as("the classes in META-INF/extensions.idx")
                .contains(subject.instance().getClass().getName());
    }

    void leavesNothingBehind() throws Exception {
        Inspection inspection = new JarInspector(Version.api()).inspect(jar());
        Assumptions.assumeTrue(inspection instanceof PluginDescriptor, "the jar is not accepted");
        Path home = Files.createTempDirectory("contract");
        try {
            Path plugins = Files.createDirectory(home.resolve("plugins"));
            Files.copy(jar(), plugins.resolve("plugin.jar"), StandardCopyOption.REPLACE_EXISTING);
            GatewayConfig config = config(plugins, home.resolve("data"));
            cycle(config); // what is made once for all, such as pools of the JDK, is made now
            Set<Thread> before = Thread.getAllStackTraces().keySet();

            List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
            for (int i = 0; i < CYCLES; i++) {
                loaders.add(cycle(config));
            }

            Map<String, Long> threads = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> !before.contains(thread))
                    .collect(Collectors.groupingBy(Thread::getName, TreeMap::new, Collectors.counting()));
            assertThat(threads.values().stream().mapToLong(count -> count).sum())
                    .as("threads after %s cycles that were not there before: %s", CYCLES, threads)
                    .isLessThanOrEqualTo(SPARE_THREADS);
            Waiting.within(Duration.ofSeconds(5), () -> {
                System.gc();
                return alive(loaders) == 0;
            });
            assertThat(alive(loaders))
                    .as("class loaders of %s that are not collected", CYCLES)
                    .isZero();
        } finally {
            Directories.delete(home);
        }
    }

    private static long alive(List<WeakReference<ClassLoader>> loaders) {
        return loaders.stream().filter(loader -> loader.get() != null).count();
    }

    private GatewayConfig config(Path plugins, Path data) {
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        subject.abilities.options().forEach(options::put);
        return GatewayConfig.defaults()
                .withPlugins(new Plugins(plugins, data, false))
                .withProviders(Map.of(
                        subject.name(),
                        ProviderSettings.DEFAULT
                                .withBaseUrl("https://configured.test")
                                .withOptions(options)));
    }

    /** Loads, starts, calls, stops and unloads. */
    private WeakReference<ClassLoader> cycle(GatewayConfig config) throws Exception {
        ProviderCatalog catalog = new ProviderCatalog();
        PluginRegistry registry = new PluginRegistry(config, catalog, List.of(), Map.of());
        await(registry.start());
        try {
            return new WeakReference<>(call(catalog, registry));
        } finally {
            await(registry.close(Duration.ofSeconds(1)));
        }
    }

    private ClassLoader call(ProviderCatalog catalog, PluginRegistry registry) throws Exception {
        var generation = catalog.snapshot().find(subject.name());
        if (generation.isEmpty()) {
            throw new AssertionError("the jar brings no provider " + subject.name() + ": "
                    + registry.status().stream()
                            .flatMap(status -> status.message().stream())
                            .collect(Collectors.joining("; ")));
        }
        ContractSubject.open(generation.get().provider(), subject.call());
        return generation.get().provider().getClass().getClassLoader();
    }

    private static void await(Future<Void> future) throws Exception {
        future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
