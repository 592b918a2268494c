package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.jar.JarFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("PluginJar builds what a plugin's own build would")
class PluginJarTest {

    @TempDir
    Path folder;

    private static PluginJar acme() {
        return PluginJar.of("acme").version("1.2.0").requires(">=0.1.0").provider("acme", "https://api.acme.test");
    }

    @Test
    @DisplayName("the jar has a manifest, the class, and the index of extensions")
    void content() throws IOException {
        Path file = acme().writeTo(folder);

        assertThat(file).hasFileName("acme-1.2.0.jar");
        try (JarFile jar = new JarFile(file.toFile())) {
            assertThat(jar.getManifest().getMainAttributes().getValue("Plugin-Id"))
                    .isEqualTo("acme");
            assertThat(jar.getManifest().getMainAttributes().getValue("Plugin-Requires"))
                    .isEqualTo(">=0.1.0");
            assertThat(jar.getJarEntry("com/acme/AcmeProvider.class")).isNotNull();
            assertThat(new String(
                            jar.getInputStream(jar.getJarEntry("META-INF/extensions.idx"))
                                    .readAllBytes(),
                            StandardCharsets.UTF_8))
                    .isEqualTo("com.acme.AcmeProvider\n");
        }
    }

    @Test
    @DisplayName("two jars built alike have the same bytes")
    void reproducible() {
        assertThat(acme().bytes()).isEqualTo(acme().bytes());
    }

    @Test
    @DisplayName("a source that does not compile is shown with what the compiler says")
    void doesNotCompile() {
        assertThatThrownBy(() ->
                        PluginJar.of("acme").source("class A { int x = ; }").bytes())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("A.java:1");
    }
}
