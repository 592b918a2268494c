package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.testkit.PluginJar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("What is in the drop folder serves, and nothing else")
class PluginRegistryTest {

    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init") // each test starts one of its own
    private RunningRegistry gateway;

    private void start() {
        gateway = RunningRegistry.in(root);
    }

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    private static PluginJar acme(String version) {
        return PluginJar.of("acme").version(version).provider("acme", "https://api.acme.test");
    }

    private static PluginJar acmeWith(String members) {
        return PluginJar.of("acme").source("""
                        package com.acme;

                        import io.magicapi.gateway.api.*;
                        import java.util.*;

                        @org.pf4j.Extension
                        public class AcmeProvider implements Provider {
                            public String name() { return "acme"; }
                            public String baseUrl() { return "https://api.acme.test"; }
                            %s
                        }
                        """.formatted(members));
    }

    private Lease lease(String name) {
        return Objects.requireNonNull(gateway.provider(name).orElseThrow().lease());
    }

    private void awaitCollected(WeakReference<?> reference) {
        await("collection of the class loader").atMost(Duration.ofSeconds(20)).until(() -> {
            System.gc();
            return reference.refersTo(null);
        });
    }

    /** In a method of its own, so that no local variable keeps the loader. */
    private WeakReference<ClassLoader> loaderOf(String name) {
        return new WeakReference<>(
                gateway.provider(name).orElseThrow().provider().getClass().getClassLoader());
    }

    // ---- coming and going

    @Test
    @DisplayName("what is there at the start serves when start completes")
    void loadsAtStart() throws IOException {
        Files.createDirectories(root.resolve("plugins"));
        acme("1.4.0").writeTo(root.resolve("plugins"));

        start();

        assertThat(gateway.serving("acme")).isEqualTo("1.4.0");
        assertThat(gateway.awaitLog("ready"))
                .matches("acme 1\\.4\\.0 \\([0-9a-f]{4}…\\) ready in \\d+ ms: provider acme");
    }

    @Test
    @DisplayName("a jar dropped in serves within two seconds")
    void dropIn() throws IOException {
        start();
        byte[] jar = acme("1.0.0").bytes();

        Files.write(gateway.folder.resolve("acme.jar"), jar);

        await().atMost(RunningRegistry.PROMISED)
                .until(() -> gateway.serving("acme").equals("1.0.0"));
    }

    @Test
    @DisplayName("a deleted jar is gone within two seconds, and serves again when it comes back")
    void deleteAndAddAgain() throws IOException {
        start();
        Path jar = acme("1.0.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");

        Files.delete(jar);
        await().atMost(RunningRegistry.PROMISED)
                .until(() -> gateway.serving("acme").equals("none"));
        acme("1.0.0").writeTo(gateway.folder);

        gateway.awaitServing("acme", "1.0.0");
        assertThat(gateway.log())
                .anyMatch(line -> line.matches("acme 1\\.0\\.0 \\(....…\\) removed; no request is using it"));
    }

    @Test
    @DisplayName("of two files with the same jar one may go, and the plugin stays")
    void sameJarTwice() throws IOException {
        start();
        byte[] jar = acme("1.0.0").bytes();
        Path first = Files.write(gateway.folder.resolve("a.jar"), jar);
        gateway.awaitServing("acme", "1.0.0");
        Files.write(gateway.folder.resolve("b.jar"), jar);
        gateway.awaitLog("GW-P11");

        Files.delete(first);

        await().until(() -> gateway.registry.status().stream()
                .anyMatch(plugin ->
                        plugin.file().filter(file -> file.endsWith("b.jar")).isPresent()
                                && plugin.state() == PluginStatus.State.READY));
        assertThat(gateway.serving("acme")).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName("a jar renamed over another plugin's takes its place, and goes when it is deleted")
    void renamedOverAnother() throws IOException {
        start();
        Path acme = acme("1.0.0").writeTo(gateway.folder);
        Path other =
                PluginJar.of("other").provider("other", "https://other.test").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");
        gateway.awaitServing("other", "1.0.0");

        Files.move(other, acme, StandardCopyOption.REPLACE_EXISTING);

        gateway.awaitServing("acme", "none");
        assertThat(gateway.serving("other")).isEqualTo("1.0.0");
        Files.delete(acme);
        gateway.awaitServing("other", "none");
    }

    @Test
    @DisplayName("deleting the whole folder removes all, and a new one is watched like the old")
    void folderReplaced() throws IOException {
        start();
        Path jar = acme("1.0.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");

        Files.delete(jar);
        Files.delete(gateway.folder);
        gateway.awaitServing("acme", "none");
        Files.createDirectory(gateway.folder);
        acme("1.1.0").writeTo(gateway.folder);

        gateway.awaitServing("acme", "1.1.0");
    }

    @Test
    @DisplayName("a jar overwritten in place is replaced, and the old one keeps all its classes until it is drained")
    void overwriteInPlace() throws IOException {
        start();
        Path jar = acmeWith("public boolean blocking() { return Late.answer(); }")
                .source("package com.acme; class Late { static boolean answer() { return true; } }")
                .write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "1.0.0");
        Lease old = lease("acme");

        Files.write(jar, acme("2.0.0").bytes());
        gateway.awaitServing("acme", "2.0.0");

        assertThat(old.generation().provider().blocking()).isTrue();
        old.close();
    }

    @Test
    @DisplayName("emptying a jar in place leaves its plugin serving")
    void truncate() throws IOException {
        start();
        Path jar = acme("1.0.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");

        Files.write(jar, new byte[0]);

        assertThat(gateway.awaitLog("GW-P12")).contains("The previous version 1.0.0");
        assertThat(gateway.serving("acme")).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName("a rename over the old jar is a replacement, told with both hashes")
    void renameOver() throws IOException {
        start();
        Path jar = acme("0.1.0").write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "0.1.0");

        PluginJar.of("acme")
                .version("0.1.0")
                .provider("acme", "https://new.acme.test")
                .write(jar);

        assertThat(gateway.awaitLog("replaced"))
                .matches("acme 0\\.1\\.0 \\(....…\\) replaced \\(....…\\) in \\d+ ms; no request is using the old one");
        assertThat(gateway.provider("acme").orElseThrow().baseUrl()).isEqualTo("https://new.acme.test");
    }

    @Test
    @DisplayName("a jar renamed within the folder goes on as it is")
    void renameWithin() throws IOException {
        start();
        Path jar = acme("1.0.0").write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "1.0.0");
        ProviderGeneration before = gateway.provider("acme").orElseThrow();

        Path renamed = Files.move(jar, gateway.folder.resolve("acme-1.jar"));
        await().until(() -> gateway.statuses(State.READY).get(0).file().equals(Optional.of(renamed)));

        assertThat(gateway.provider("acme")).containsSame(before);
    }

    @Test
    @DisplayName("a file that begins to hold another plugin takes its former one away")
    void anotherPluginInTheFile() throws IOException {
        start();
        Path jar = acme("1.0.0").write(gateway.folder.resolve("it.jar"));
        gateway.awaitServing("acme", "1.0.0");

        PluginJar.of("beta").provider("beta", "https://beta.test").write(jar);

        gateway.awaitServing("beta", "1.0.0");
        assertThat(gateway.serving("acme")).isEqualTo("none");
    }

    @Test
    @DisplayName("a plugin that changes its id keeps its provider's name")
    void newIdSameProvider() {
        start();
        Path jar = acme("1.0.0").write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "1.0.0");

        PluginJar.of("acme-ai")
                .version("2.0.0")
                .provider("acme", "https://acme.test")
                .write(jar);

        gateway.awaitServing("acme", "2.0.0");
        gateway.awaitLog("acme 1.0.0 ");
    }

    @Test
    @DisplayName("files with other endings, hidden ones and folders are no business of ours")
    void ignores() throws IOException {
        start();
        byte[] jar = acme("1.0.0").bytes();
        for (String name : List.of(".acme.jar", "acme.jar.tmp", "acme.jar.part", "README.md")) {
            Files.write(gateway.folder.resolve(name), jar);
        }
        Files.createDirectory(gateway.folder.resolve("folder.jar"));
        PluginJar.of("other").provider("other", "https://other.test").writeTo(gateway.folder);

        gateway.awaitServing("other", "1.0.0");

        assertThat(gateway.registry.status()).hasSize(1);
    }

    // ---- upgrades

    @Test
    @DisplayName(
            "a request keeps the version it began with; when the last one ends, that version is stopped and unloaded")
    void upgradeWithOpenLease() {
        System.clearProperty("test.acme.stopped");
        start();
        acmeWith("public void stop() { System.setProperty(\"test.acme.stopped\", \"yes\"); }")
                .write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "1.0.0");
        WeakReference<ClassLoader> loader = loaderOf("acme");
        Lease[] lease = {lease("acme")};

        acme("2.0.0").write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "2.0.0");

        assertThat(gateway.awaitLog("replaced")).endsWith("; 1 request finishes on the old one");
        assertThat(lease[0].generation().provider().name()).isEqualTo("acme");
        assertThat(lease[0].generation().lease()).isNull();
        assertThat(gateway.statuses(State.DRAINING)).singleElement().satisfies(status -> {
            assertThat(status.version()).isEqualTo("1.0.0");
            assertThat(status.providers().get(0).inFlight()).isEqualTo(1);
            assertThat(status.message()).hasValue("1 request finishes on it");
        });
        assertThat(System.getProperty("test.acme.stopped")).isNull();

        lease[0].close();
        lease[0] = null;
        gateway.awaitLog("unloaded");
        assertThat(System.getProperty("test.acme.stopped")).isEqualTo("yes");
        assertThat(gateway.statuses(State.DRAINING)).isEmpty();
        awaitCollected(loader);
    }

    @Test
    @DisplayName("thirty upgrades leave one class loader behind, and never more than two at a time")
    void thirtySwaps() {
        start();
        Path jar = gateway.folder.resolve("acme.jar");
        for (int i = 0; i <= 30; i++) {
            String version = "1.0." + i;
            acme(version).write(jar);
            gateway.awaitServing("acme", version);
            try (Lease lease = lease("acme")) {
                assertThat(lease.generation().provider().name()).isEqualTo("acme");
            }
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                System.gc();
                return gateway.registry.loadersAlive() <= 2;
            });
        }

        await().atMost(Duration.ofSeconds(20)).until(() -> {
            System.gc();
            return gateway.registry.loadersAlive() == 1;
        });
        assertThat(copies()).as("what serves, and what served before").hasSize(2);
    }

    @Test
    @DisplayName("requests that come and go during upgrades meet only whole plugins, and all leases come back")
    void upgradesUnderLoad() throws Exception {
        start();
        Path jar = gateway.folder.resolve("acme.jar");
        versionWithLateClass(0).write(jar);
        gateway.awaitServing("acme", "1.0.0");
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService callers = Executors.newFixedThreadPool(4);
        List<java.util.concurrent.Future<Integer>> calls = new ArrayList<>();
        for (int caller = 0; caller < 4; caller++) {
            calls.add(callers.submit(() -> {
                int served = 0;
                while (!over.get()) {
                    Lease lease = gateway.provider("acme").orElseThrow().lease();
                    if (lease != null) {
                        assertThat(lease.generation().provider().blocking()).isTrue();
                        lease.close();
                        served++;
                    }
                }
                return served;
            }));
        }

        for (int i = 1; i <= 8; i++) {
            versionWithLateClass(i).write(jar);
            gateway.awaitServing("acme", "1.0." + i);
        }
        over.set(true);
        callers.shutdown();

        for (java.util.concurrent.Future<Integer> call : calls) {
            assertThat(call.get(10, TimeUnit.SECONDS)).isPositive();
        }
        await().until(() -> gateway.statuses(State.DRAINING).isEmpty());
        assertThat(gateway.provider("acme").orElseThrow().inFlight()).isZero();
    }

    private static PluginJar versionWithLateClass(int patch) {
        return acmeWith("public boolean blocking() { return Late.answer(); }")
                .version("1.0." + patch)
                .source("package com.acme; class Late { static boolean answer() { return true; } }");
    }

    @Test
    @DisplayName("a version that is not drained in time has its requests ended, and is unloaded if they stay even so")
    void slowDrain() {
        start();
        acme("1.0.0").write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "1.0.0");
        Lease lease = lease("acme");
        List<ProviderGeneration> told = new CopyOnWriteArrayList<>();
        gateway.registry.endLeftoversWith((generations, cause) -> {
            assertThat(cause.getMessage()).startsWith("acme 1.0.0 was replaced or removed 1s ago");
            told.addAll(generations);
        });

        acme("2.0.0").write(gateway.folder.resolve("acme.jar"));

        assertThat(gateway.awaitLog("was retired"))
                .matches("acme 1\\.0\\.0 \\(....…\\) was retired 1s ago \\(plugins\\.drain\\): 1 request is ended");
        await().until(() -> !told.isEmpty()); // it is told after the log
        assertThat(told).containsExactly(lease.generation());
        assertThat(gateway.statuses(State.DRAINING)).hasSize(1);
        assertThat(gateway.awaitLog("is unloaded although"))
                .endsWith("although 1 request finishes on it: its code does not return");
        await().until(() -> gateway.statuses(State.DRAINING).isEmpty());
        lease.close();
    }

    @Test
    @DisplayName("a refused version leaves no class loader and no copy behind")
    void refusedIsCollected() {
        start();
        acmeWith("public void start(ProviderContext context) { throw new IllegalStateException(\"boom\"); }")
                .write(gateway.folder.resolve("acme.jar"));
        gateway.awaitLog("GW-P08");

        await().atMost(Duration.ofSeconds(20)).until(() -> {
            System.gc();
            return gateway.registry.loadersAlive() == 0;
        });
        assertThat(copies()).isEmpty();
    }

    @Test
    @DisplayName("a plugin that maps its own types with the shared Jackson is collected all the same")
    void jacksonCaches() throws IOException {
        start();
        Path jar = acmeWith(
                        "public record Pojo(String a) {} public void start(ProviderContext context) throws Exception { new"
                                + " com.fasterxml.jackson.databind.ObjectMapper().readValue(\"{\\\"a\\\":\\\"b\\\"}\","
                                + " Pojo.class); }")
                .write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "1.0.0");
        WeakReference<ClassLoader> loader = loaderOf("acme");

        Files.delete(jar);
        gateway.awaitLog("unloaded");

        awaitCollected(loader);
    }

    private List<String> copies() {
        try (Stream<Path> files = Files.walk(gateway.data)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jar") || name.endsWith(".part"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- what is in a jar

    @Test
    @DisplayName("a jar may bring several providers, which come and go together")
    void severalProviders() throws IOException {
        start();
        Path jar = PluginJar.of("family")
                .provider("one", "https://one.test")
                .provider("two", "https://two.test")
                .writeTo(gateway.folder);
        gateway.awaitServing("two", "1.0.0");
        assertThat(gateway.catalog.snapshot().names()).containsExactly("one", "two");
        assertThat(gateway.awaitLog("ready")).endsWith("providers one, two");
        Lease lease = lease("one");

        Files.delete(jar);
        gateway.awaitServing("two", "none");

        assertThat(gateway.serving("one")).isEqualTo("none");
        assertThat(gateway.log()).noneMatch(line -> line.contains("unloaded"));
        lease.close();
        gateway.awaitLog("unloaded");
    }

    @Test
    @DisplayName("a plugin starts and stops with its own class loader as context, and meets the host's Jackson")
    void classLoading() throws IOException {
        start();
        Path jar = acmeWith("""
                        public void start(ProviderContext context) throws Exception {
                            check(Thread.currentThread().getContextClassLoader() == getClass().getClassLoader(), "context");
                            check(context.options().getClass().getClassLoader() != getClass().getClassLoader(), "jackson");
                            check(new com.fasterxml.jackson.databind.node.ObjectNode(null).getClass().getClassLoader()
                                    != getClass().getClassLoader(), "bundled jackson");
                            check(getClass().getClassLoader().getResource("logback.xml") == null, "host resources");
                            check(getClass().getClassLoader().getResource("com/acme/AcmeProvider.class") != null, "own");
                            try {
                                Class.forName("io.vertx.core.Vertx");
                                check(false, "host is hidden");
                            } catch (ClassNotFoundException e) {
                                // as it should be
                            }
                        }

                        private static void check(boolean holds, String what) {
                            if (!holds) throw new IllegalStateException(what);
                        }
                        """).copyOf(ObjectNode.class).write(gateway.folder.resolve("acme.jar"));

        await().until(() -> !gateway.registry.status().isEmpty());
        assertThat(gateway.registry.status().get(0).message()).isEmpty();
        assertThat(gateway.serving("acme")).isEqualTo("1.0.0");
        Files.delete(jar);
        gateway.awaitLog("unloaded");
    }

    @Test
    @DisplayName("a PF4J plugin class is started before its providers and stopped after them")
    void pluginClass() throws IOException {
        System.clearProperty("test.acme.life");
        start();
        String note = "System.setProperty(\"test.acme.life\", System.getProperty(\"test.acme.life\", \"\") + \"%s\");";
        Path jar = acmeWith("public void start(ProviderContext c) { " + note.formatted(" provider")
                        + " } public void stop() { " + note.formatted(" /provider") + " }")
                .source("package com.acme; public class AcmePlugin extends org.pf4j.Plugin { public void start() { "
                        + note.formatted("plugin") + " } public void stop() { " + note.formatted(" /plugin") + " } }")
                .manifest("Plugin-Class", "com.acme.AcmePlugin")
                .write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "1.0.0");

        Files.delete(jar);
        gateway.awaitLog("unloaded");

        assertThat(System.getProperty("test.acme.life")).isEqualTo("plugin provider /provider /plugin");
    }

    @Test
    @DisplayName("a stop that throws or hangs delays the unloading and no more")
    void stopFails() throws IOException {
        start();
        Path jar = acmeWith("public void stop() { throw new IllegalStateException(\"no\"); }")
                .write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "1.0.0");
        WeakReference<ClassLoader> loader = loaderOf("acme");

        Files.delete(jar);
        gateway.awaitLog("unloaded");

        assertThat(gateway.awaitLog("failed to stop"))
                .contains("AcmeProvider failed to stop: IllegalStateException: no (AcmeProvider.java:10)");
        awaitCollected(loader);
    }

    // ---- configuration

    private static ProviderSettings settings(Optional<String> baseUrl, List<Key> keys) {
        ProviderSettings settings = ProviderSettings.DEFAULT
                .withKeys(keys)
                .withOptions(JsonNodeFactory.instance.objectNode().put("tier", "gold"));
        return baseUrl.map(settings::withBaseUrl).orElse(settings);
    }

    @Test
    @DisplayName("the configured base URL and options are what a provider runs with")
    void configured() throws IOException {
        Files.createDirectories(root.resolve("plugins"));
        acmeWith("public void start(ProviderContext c) { System.setProperty(\"test.acme.seen\", c.baseUrl() + \" \" +"
                        + " c.options().path(\"tier\").asText()); }")
                .writeTo(root.resolve("plugins"));

        gateway = RunningRegistry.in(
                root, Map.of("acme", settings(Optional.of("http://127.0.0.1:9/x"), List.of())), List.of(), Map.of());

        assertThat(gateway.provider("acme").orElseThrow().baseUrl()).isEqualTo("http://127.0.0.1:9/x");
        assertThat(System.getProperty("test.acme.seen")).isEqualTo("http://127.0.0.1:9/x gold");
    }

    /** A method of a provider that an operator can configure wrongly. */
    private static final String CHOOSY = "public void start(ProviderContext c) {"
            + " if (c.options().path(\"tier\").asText().equals(\"lead\"))"
            + " throw new IllegalArgumentException(\"option tier must not be lead\"); }";

    private static ProviderSettings lead() {
        return ProviderSettings.DEFAULT.withOptions(
                JsonNodeFactory.instance.objectNode().put("tier", "lead"));
    }

    @Test
    @DisplayName("GW-P08: a configured provider that does not start is missing alone, until its configuration is right")
    void oneMissing() throws IOException {
        Files.createDirectories(root.resolve("plugins"));
        acmeWith(CHOOSY).writeTo(root.resolve("plugins"));

        gateway = RunningRegistry.in(root, Map.of("lab", lead().withPlugin("acme")), List.of(), Map.of());

        String line = "GW-P08 acme 1.0.0: AcmeProvider failed to start: IllegalArgumentException: option tier must not"
                + " be lead (AcmeProvider.java:10). So provider lab does not serve; the others of the plugin do.";
        assertThat(gateway.catalog.snapshot().names()).containsExactly("acme");
        assertThat(gateway.catalog.snapshot().outOfService()).containsExactly("lab");
        assertThat(gateway.log()).containsOnlyOnce(line);
        assertThat(gateway.statuses(State.READY))
                .singleElement()
                .satisfies(status -> assertThat(status.message()).hasValue(line));

        acmeWith(CHOOSY).version("1.0.1").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.1");
        assertThat(gateway.catalog.snapshot().outOfService()).containsExactly("lab");

        GatewayConfig right = gateway.catalog
                .config()
                .withProviders(
                        Map.of("lab", settings(Optional.empty(), List.of()).withPlugin("acme")));
        gateway.follow(right);
        assertThat(gateway.catalog.snapshot().names()).containsExactly("acme", "lab");
        assertThat(gateway.catalog.snapshot().outOfService()).isEmpty();
        assertThat(gateway.statuses(State.READY))
                .singleElement()
                .satisfies(status -> assertThat(status.message()).isEmpty());
    }

    @Test
    @DisplayName("GW-P08: a provider that serves is not given up for a version that does not start with its options")
    void notMissingInNewVersion() throws IOException {
        Files.createDirectories(root.resolve("plugins"));
        acme("1.0.0").writeTo(root.resolve("plugins"));
        gateway = RunningRegistry.in(root, Map.of("lab", lead().withPlugin("acme")), List.of(), Map.of());
        assertThat(gateway.serving("lab")).isEqualTo("1.0.0");

        acmeWith(CHOOSY).version("2.0.0").writeTo(gateway.folder);

        gateway.awaitLog("GW-P08 acme 2.0.0");
        assertThat(gateway.serving("lab")).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName("GW-P08: a plugin whose only provider does not start with its configuration is refused")
    void onlyOneMissing() throws IOException {
        Files.createDirectories(root.resolve("plugins"));
        acmeWith(CHOOSY).writeTo(root.resolve("plugins"));

        gateway = RunningRegistry.in(root, Map.of("acme", lead()), List.of(), Map.of());

        assertThat(gateway.catalog.snapshot().names()).isEmpty();
        assertThat(gateway.statuses(State.REJECTED))
                .singleElement()
                .satisfies(status -> assertThat(status.message())
                        .hasValue("GW-P08 acme 1.0.0: AcmeProvider failed to start: IllegalArgumentException: option"
                                + " tier must not be lead (AcmeProvider.java:10)."));
    }

    @Test
    @DisplayName("without configured keys, the variable the provider names is used")
    void keyVariable() throws IOException {
        Files.createDirectories(root.resolve("plugins"));
        acmeWith("public Optional<String> keyVariable() { return Optional.of(\"ACME_API_KEY\"); }")
                .writeTo(root.resolve("plugins"));

        gateway = RunningRegistry.in(root, Map.of(), List.of(), Map.of("ACME_API_KEY", "sk-from-env \n"));

        assertThat(gateway.provider("acme").orElseThrow().keys().choose()).hasValue(Secret.of("sk-from-env"));
        assertThat(gateway.registry.status().get(0).providers().get(0).keyVariable())
                .hasValue("ACME_API_KEY");
    }

    @Test
    @DisplayName(
            "keys come from variables and files; one that is missing is warned of, and the provider is ready anyway")
    void configuredKeys() throws IOException {
        Files.createDirectories(root.resolve("plugins"));
        acme("1.0.0").writeTo(root.resolve("plugins"));
        Path file = Files.writeString(root.resolve("key"), "sk-from-file\n");
        List<Key> keys = List.of(
                new Key("main", Optional.of("ACME_MAIN"), Optional.empty(), 3),
                new Key("spare", Optional.empty(), Optional.of(file), 1),
                new Key("lost", Optional.of("ACME_LOST"), Optional.empty(), 1),
                new Key("gone", Optional.empty(), Optional.of(root.resolve("nowhere")), 1));

        gateway = RunningRegistry.in(
                root, Map.of("acme", settings(Optional.empty(), keys)), List.of(), Map.of("ACME_MAIN", "sk-main"));

        assertThat(gateway.provider("acme").orElseThrow().keys().entries())
                .containsExactly(
                        new KeyRing.Entry("main", "ACME_MAIN", Secret.of("sk-main"), 3, Key.UNLIMITED),
                        new KeyRing.Entry("spare", file.toString(), Secret.of("sk-from-file"), 1, Key.UNLIMITED));
        assertThat(gateway.log())
                .contains("key lost of provider acme is missing: environment variable ACME_LOST is unset, unreadable or"
                        + " empty")
                .anyMatch(line -> line.startsWith("key gone of provider acme is missing: file "));
    }

    /** A provider as the gateway has some of its own. */
    private static final class Echo implements Provider {
        @Override
        public String name() {
            return "echo";
        }

        @Override
        public String baseUrl() {
            return "http://127.0.0.1:1";
        }
    }

    @Test
    @DisplayName("built-in providers are in the catalogue, and no plugin can take their names")
    void builtIns() {
        gateway = RunningRegistry.in(root, Map.of(), List.of(new Echo()), Map.of());

        PluginJar.of("echo").provider("echo", "https://evil.test").writeTo(gateway.folder);

        assertThat(gateway.awaitLog("GW-P19"))
                .contains("there is already a provider named \"echo\", from the gateway itself");
        assertThat(gateway.serving("echo")).isEqualTo("built in");
        assertThat(gateway.registry.status().get(0))
                .satisfies(status -> assertThat(status.version()).isEqualTo("built in"))
                .satisfies(status -> assertThat(status.file()).isEmpty());
    }

    // ---- the end

    @Test
    @DisplayName("closing empties the catalogue, stops plugins, and removes the private copies")
    void closes() throws IOException {
        System.clearProperty("test.acme.closed");
        start();
        acmeWith("public void stop() { System.setProperty(\"test.acme.closed\", \"yes\"); }")
                .writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");
        assertThat(copies()).hasSize(1);

        gateway.close();
        gateway.close();

        assertThat(gateway.catalog.snapshot().names()).isEmpty();
        assertThat(System.getProperty("test.acme.closed")).isEqualTo("yes");
        assertThat(copies()).isEmpty();
        assertThatThrownBy(() -> gateway.registry
                        .start()
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join())
                .hasMessageContaining("closed");
    }

    @Test
    @DisplayName("copies that a killed gateway left behind are cleared away; those of a living one are not")
    void leftovers() throws IOException {
        Path left = Files.createDirectories(root.resolve("data/plugins/12345-dead"));
        Files.write(left.resolve("lock"), new byte[0]);
        Files.write(left.resolve("x.jar"), new byte[10]);
        start();
        acme("1.0.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");

        try (PrivateCopies second = PrivateCopies.open(gateway.data)) {
            assertThat(copies()).hasSize(1);
        }

        assertThat(left).doesNotExist();
    }

    @Test
    @DisplayName("a plugins directory that cannot be made fails the start, and says which")
    void noFolder() throws IOException {
        Files.write(root.resolve("plugins"), new byte[0], java.nio.file.StandardOpenOption.CREATE);
        Files.move(root.resolve("plugins"), root.resolve("file"), StandardCopyOption.REPLACE_EXISTING);
        Path sub = root.resolve("file").resolve("sub");

        assertThatThrownBy(() -> RunningRegistry.in(sub)).hasStackTraceContaining(root.toString());
    }
}
