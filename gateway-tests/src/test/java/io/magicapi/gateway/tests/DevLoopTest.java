package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.Streams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

@DisplayName("With plugins.dev the folder may be one that a build writes to")
class DevLoopTest {

    private final GatewayExtension gateway = new GatewayExtension()
            .provider("acme", "")
            .config(config -> config.withPlugins(config.plugins().inDevelopment()));
    private final LogCapture log = LogCapture.of("io.magicapi.gateway.plugins", Level.DEBUG);

    @BeforeEach
    void start() throws Exception {
        gateway.start();
    }

    @AfterEach
    void stop() throws Exception {
        gateway.stop();
        log.close();
    }

    private static PluginJar build(String note) {
        return PluginJar.of("acme")
                .version("0.1.0")
                .provider("acme", "https://api.acme.test")
                .manifest("Build", note);
    }

    private Path jar() {
        return gateway.plugins().resolve("acme-0.1.0.jar");
    }

    private String awaitLog(String part) {
        return await("log line with: " + part)
                .atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> find(part), Optional::isPresent)
                .orElseThrow();
    }

    private Optional<String> find(String part) {
        return log.lines().stream().filter(line -> line.contains(part)).findFirst();
    }

    private boolean serves() {
        return gateway.gateway().providers().stream()
                .map(ProviderGeneration::name)
                .anyMatch("acme"::equals);
    }

    private void firstBuild() {
        build("one").write(jar());
        awaitLog("ready in");
    }

    @Test
    @DisplayName("each build takes over, and the log says in how many milliseconds, and what finishes on the old one")
    void rebuild() {
        firstBuild();
        gateway.upstream()
                .enqueue(Answer.openEvents(Streams.chat("Hello").subList(0, 2)).stall());
        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat("acme", AnswerClient.STREAM, new String[0]).readUntil("Hello");

            build("two").write(jar());

            assertThat(awaitLog("replaced"))
                    .matches("acme 0\\.1\\.0 \\([0-9a-f]{4}…\\) replaced \\([0-9a-f]{4}…\\) in \\d+ ms;"
                            + " 1 request finishes on the old one .*");
        }
    }

    @Test
    @DisplayName("jars that a build leaves beside the plugin's are ignored, and only the debug log says so, once")
    void byproducts() {
        List<String> names = List.of(
                "original-acme-0.1.0.jar",
                "acme-0.1.0-sources.jar",
                "acme-0.1.0-javadoc.jar",
                "acme-0.1.0-tests.jar",
                "acme-0.1.0-test-sources.jar");
        names.forEach(name -> build(name).write(gateway.plugins().resolve(name)));

        firstBuild();
        build("two").write(jar());
        awaitLog("unloaded"); // until then the old one is listed, too

        assertThat(gateway.gateway().plugins()).extracting(PluginStatus::id).containsExactlyInAnyOrder("echo", "acme");
        assertThat(names)
                .allSatisfy(name -> assertThat(
                                log.lines().stream().filter(line -> line.startsWith(name + " is no plugin")))
                        .hasSize(1));
        assertThat(log.lines()).noneMatch(line -> line.contains("GW-P"));
    }

    @Test
    @DisplayName("a jar that is still being written waits, while the build before it serves")
    void halfWritten() throws IOException {
        firstBuild();
        byte[] whole = build("two").bytes();
        Files.write(jar(), Arrays.copyOf(whole, whole.length / 2));
        assertThat(awaitLog("GW-P12")).contains("Waiting for the copy to finish", "keeps serving");
        assertThat(serves()).isTrue();

        Files.write(jar(), Arrays.copyOfRange(whole, whole.length / 2, whole.length), StandardOpenOption.APPEND);

        awaitLog("replaced");
    }

    @Test
    @DisplayName("a build from clean, which takes the folder away first, is a replacement without a gap")
    void cleanBuild() throws IOException {
        firstBuild();
        Files.delete(jar());
        Files.delete(gateway.plugins());
        // Longer than a deleted jar is missed in a drop folder.
        await().during(Duration.ofSeconds(2)).atMost(Duration.ofSeconds(3)).until(this::serves);

        Files.createDirectory(gateway.plugins());
        build("two").write(jar());

        await().until(() -> {
            assertThat(serves()).isTrue();
            return find("replaced").isPresent();
        });
        assertThat(find("removed")).isEmpty();
    }
}
