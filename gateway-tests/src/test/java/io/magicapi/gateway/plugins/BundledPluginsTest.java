package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.testkit.PluginJar;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Plugins that travel inside the gateway are installed once, into a folder that is not there yet")
class BundledPluginsTest {

    @TempDir
    Path root;

    private Path resources;
    private Path folder;

    @BeforeEach
    void folders() throws IOException {
        resources = Files.createDirectories(root.resolve("resources/bundled-plugins"));
        folder = root.resolve("deep/plugins");
    }

    private BundledPlugins bundled() throws IOException {
        return new BundledPlugins(new URLClassLoader(
                new URL[] {root.resolve("resources").toUri().toURL()}, ClassLoader.getPlatformClassLoader()));
    }

    private void bundle(String index) throws IOException {
        PluginJar.of("groq").provider("groq", "https://groq.test").write(resources.resolve("groq.jar"));
        Files.writeString(resources.resolve("index"), index);
    }

    @Test
    @DisplayName("a new folder gets the bundled jars, and no half-written file")
    void installs() throws IOException {
        bundle("groq.jar\n");

        assertThat(bundled().installIfAbsent(folder)).containsExactly(folder.resolve("groq.jar"));

        assertThat(folder.resolve("groq.jar")).hasSameBinaryContentAs(resources.resolve("groq.jar"));
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    @DisplayName("a folder that exists is left alone, even when empty")
    void leavesExisting() throws IOException {
        bundle("groq.jar\n");
        Files.createDirectories(folder);

        assertThat(bundled().installIfAbsent(folder)).isEmpty();

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @DisplayName("asked for, they replace what is there")
    void installsAgain() throws IOException {
        bundle("groq.jar\n");
        Files.createDirectories(folder);
        Files.write(folder.resolve("groq.jar"), new byte[] {1});

        bundled().install(folder);

        assertThat(folder.resolve("groq.jar")).hasSameBinaryContentAs(resources.resolve("groq.jar"));
    }

    @Test
    @DisplayName("with nothing bundled the folder is made all the same")
    void nothingBundled() throws IOException {
        assertThat(bundled().installIfAbsent(folder)).isEmpty();

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @DisplayName("an index cannot name files elsewhere")
    void noTraversal() throws IOException {
        bundle("../../evil.jar\n");

        assertThatThrownBy(() -> bundled().names()).hasMessageContaining("not a file name");
    }

    @Test
    @DisplayName("a registry without folder installs them and serves them")
    void servesAtOnce() throws IOException {
        bundle("groq.jar\n");
        bundled().installIfAbsent(root.resolve("run/plugins"));

        try (RunningRegistry gateway = RunningRegistry.in(root.resolve("run"))) {
            assertThat(gateway.serving("groq")).isEqualTo("1.0.0");
        }
    }
}
