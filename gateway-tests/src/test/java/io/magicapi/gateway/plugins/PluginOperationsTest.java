package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.magicapi.gateway.config.GatewayConfig.Canary;
import io.magicapi.gateway.config.GatewayConfig.PluginSettings;
import io.magicapi.gateway.config.GatewayConfig.Plugins;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.testkit.PluginJar;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@DisplayName(
        "What operators ask of the registry is done or refused with a code, and each deed leaves a line in the audit")
class PluginOperationsTest {

    private static final String ME = "tester";

    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init") // each test starts one of its own
    private RunningRegistry gateway;

    private final ListAppender<ILoggingEvent> audit = new ListAppender<>();
    private final Logger auditLog = (Logger) LoggerFactory.getLogger("io.magicapi.gateway.audit");

    @BeforeEach
    void listen() {
        audit.start();
        auditLog.setLevel(Level.INFO);
        auditLog.addAppender(audit);
    }

    @AfterEach
    void stop() {
        gateway.close();
        auditLog.detachAppender(audit);
    }

    private void start(UnaryOperator<Plugins> change) throws IOException {
        Files.createDirectories(root.resolve("plugins"));
        gateway = RunningRegistry.in(root, change);
    }

    private void start() throws IOException {
        start(UnaryOperator.identity());
    }

    private static UnaryOperator<Plugins> pinned(String version) {
        return plugins -> plugins.withEach(Map.of("acme", new PluginSettings(Optional.of(version), Canary.NONE)));
    }

    private static PluginJar acme(String version) {
        return PluginJar.of("acme").version(version).provider("acme", "https://api.acme.test");
    }

    private Path drop(String version) {
        Path file = acme(version).write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", version);
        return file;
    }

    private static PluginStatus done(Future<PluginStatus> operation) {
        return operation
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join();
    }

    private static String refused(Future<PluginStatus> operation) {
        Throwable thrown = catchThrowable(() -> done(operation));
        assertThat(thrown).isInstanceOf(CompletionException.class).hasCauseInstanceOf(Refusal.class);
        return ((Refusal) Objects.requireNonNull(thrown.getCause())).rejection().toString();
    }

    /** {@return the audit so far, as {@code action version outcome by}} */
    private List<String> audited() {
        return List.of(audit.list.toArray(ILoggingEvent[]::new)).stream()
                .map(PluginOperationsTest::fields)
                .map(fields -> fields.get("action") + " " + fields.get("version") + " " + fields.get("outcome") + " by "
                        + fields.get("by"))
                .toList();
    }

    private static Map<String, String> fields(ILoggingEvent event) {
        return event.getKeyValuePairs().stream()
                .collect(Collectors.toMap(pair -> pair.key, pair -> String.valueOf(pair.value)));
    }

    private void awaitNothingDrains() {
        await().until(() -> gateway.statuses(State.DRAINING).isEmpty());
    }

    @Test
    @DisplayName("the audit names action, plugin, version, hash, file, outcome, reason and who it was")
    void auditLines() throws IOException {
        start();
        Path file = drop("1.0.0");
        drop("1.1.0");
        acme("1.2.0").requires(">=99.0").write(file);
        gateway.awaitLog("GW-P03");
        Files.delete(file);
        gateway.awaitServing("acme", "none");
        await().until(() -> audited().size() == 6);

        assertThat(audited())
                .containsExactly(
                        "load 1.0.0 ok by gateway",
                        "swap 1.1.0 ok by gateway",
                        "unload 1.0.0 ok by gateway",
                        "refuse null refused by gateway",
                        "remove 1.1.0 ok by gateway",
                        "unload 1.1.0 ok by gateway");
        assertThat(fields(audit.list.get(1)))
                .containsEntry("plugin", "acme")
                .containsEntry("file", "acme.jar")
                .hasEntrySatisfying("sha256", hash -> assertThat(hash).matches("[0-9a-f]{64}"))
                .hasEntrySatisfying("reason", reason -> assertThat(reason).matches("replaces 1\\.0\\.0 \\(....…\\)"));
        assertThat(fields(audit.list.get(3)).get("reason")).startsWith("GW-P03 ");
    }

    @Test
    @DisplayName(
            "rollback brings the version before, from the copy that is kept, and bars the newer file until it changes")
    void rollback() throws IOException {
        start();
        Path file = drop("1.0.0");
        assertThat(refused(gateway.registry.rollback("acme", ME)))
                .startsWith("GW-P35 of plugin acme no earlier version");
        drop("1.1.0");

        PluginStatus now = done(gateway.registry.rollback("acme", ME));

        assertThat(now.version()).isEqualTo("1.0.0");
        assertThat(now.state()).isEqualTo(State.READY);
        assertThat(gateway.serving("acme")).isEqualTo("1.0.0");
        assertThat(gateway.statuses(State.REJECTED)).singleElement().satisfies(barred -> {
            assertThat(barred.version()).isEqualTo("1.1.0");
            assertThat(barred.message().orElseThrow()).startsWith("GW-P33 plugin acme was rolled back by an operator.");
        });
        assertThat(audited()).contains("rollback 1.0.0 ok by " + ME);
        assertThat(refused(gateway.registry.rollback("acme", ME))).startsWith("GW-P35");

        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(9)));
        PluginJar.of("other").provider("other", "https://other.test").writeTo(gateway.folder);
        gateway.awaitServing("other", "1.0.0");
        assertThat(gateway.serving("acme")).as("touched, not changed").isEqualTo("1.0.0");
        drop("1.2.0");
        assertThat(gateway.statuses(State.REJECTED)).isEmpty();
        awaitNothingDrains();
    }

    @Test
    @DisplayName("what was rolled back goes when its file goes, and loads when it is asked for")
    void afterRollback() throws IOException {
        start();
        drop("1.0.0");
        Path file = drop("1.1.0");
        done(gateway.registry.rollback("acme", ME));

        assertThat(done(gateway.registry.load(file.getFileName(), ME)).version())
                .isEqualTo("1.1.0");
        assertThat(gateway.serving("acme")).isEqualTo("1.1.0");
        done(gateway.registry.rollback("acme", ME));
        Files.delete(file);

        gateway.awaitServing("acme", "none");
        await().until(() -> gateway.registry.status().isEmpty());
    }

    @Test
    @DisplayName("unload takes a plugin out until its file changes or it is reloaded")
    void unload() throws IOException {
        start();
        drop("1.0.0");

        PluginStatus now = done(gateway.registry.unload("acme", ME));

        assertThat(now.state()).isEqualTo(State.UNLOADED);
        assertThat(now.message().orElseThrow()).startsWith("GW-P34 ");
        assertThat(now.sha256()).isPresent();
        assertThat(gateway.serving("acme")).isEqualTo("none");
        assertThat(audited()).contains("remove 1.0.0 ok by " + ME);
        assertThat(done(gateway.registry.reload("acme", ME)).state()).isEqualTo(State.READY);
        assertThat(gateway.serving("acme")).isEqualTo("1.0.0");
        done(gateway.registry.unload("acme", ME));
        drop("1.0.1");
        assertThat(refused(gateway.registry.unload("nope", ME))).startsWith("GW-P35 there is no plugin nope");
    }

    @Test
    @DisplayName("reload makes a fresh generation of the same bytes, and load refuses what is not there or not usable")
    void reload() throws IOException {
        start();
        drop("1.0.0");
        ProviderGeneration before = gateway.provider("acme").orElseThrow();

        done(gateway.registry.reload("acme", ME));

        assertThat(gateway.provider("acme").orElseThrow()).isNotSameAs(before);
        assertThat(audited()).contains("swap 1.0.0 ok by " + ME);
        assertThat(refused(gateway.registry.load(Path.of("nope.jar"), ME)))
                .startsWith("GW-P35 there is no file nope.jar");
        Files.write(gateway.folder.resolve("bad.jar"), new byte[100]);
        assertThat(refused(gateway.registry.load(Path.of("../x/bad.jar"), ME))).startsWith("GW-P12 bad.jar");
        awaitNothingDrains();
    }

    @Test
    @DisplayName("of two files the pinned version is used, and the newer one says why it is not")
    void configuredPin() throws IOException {
        start(pinned("1.0.0"));
        drop("1.0.0");

        acme("1.1.0").write(gateway.folder.resolve("newer.jar"));

        assertThat(gateway.awaitLog("GW-P11"))
                .contains(
                        "two files hold plugin acme: acme.jar (in use) and newer.jar (ignored because plugins.acme.pin"
                                + " says 1.0.0)");
        acme("1.2.0").write(gateway.folder.resolve("acme.jar"));
        assertThat(gateway.awaitLog("GW-P30"))
                .startsWith("GW-P30 acme.jar holds acme 1.2.0, but plugin acme is pinned to 1.0.0 (plugins.acme.pin).")
                .contains("keeps serving");
        assertThat(gateway.serving("acme")).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName(
            "pin goes to that version if a file or the kept copy has it, and unpin lets the newest take over again")
    void pin() throws IOException {
        start();
        drop("1.0.0");
        acme("1.1.0").write(gateway.folder.resolve("newer.jar"));
        gateway.awaitServing("acme", "1.1.0");

        assertThat(done(gateway.registry.pin("acme", "1.0.0", ME)).version()).isEqualTo("1.0.0");
        assertThat(gateway.serving("acme")).isEqualTo("1.0.0");
        assertThat(gateway.statuses(State.REJECTED))
                .singleElement()
                .satisfies(ignored -> assertThat(ignored.message().orElseThrow())
                        .contains("newer.jar (ignored because plugins.acme.pin says 1.0.0)"));
        assertThat(refused(gateway.registry.pin("acme", "3.0.0", ME))).startsWith("GW-P35 no file in ");

        done(gateway.registry.unpin("acme", ME));
        gateway.awaitServing("acme", "1.1.0");
        awaitNothingDrains();
    }

    @Test
    @DisplayName("a status tells since when, and how many requests are in flight")
    void status() throws IOException {
        start();
        Instant begin = Instant.now();
        drop("1.0.0");
        try (Lease first = gateway.provider("acme").orElseThrow().lease();
                Lease second = gateway.provider("acme").orElseThrow().lease()) {
            assertThat(List.of(first, second)).hasSize(2);

            PluginStatus ready = gateway.statuses(State.READY).get(0);

            assertThat(ready.inFlight()).isEqualTo(2);
            assertThat(ready.since()).isBetween(begin, Instant.now());
            assertThat(Duration.between(ready.since(), Instant.now())).isLessThan(Duration.ofSeconds(10));
        }
    }
}
