package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.cli.ExitCode;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.tests.CommandLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("plugins lock, verify and list: the same judgement on the command line")
class PluginTrustCommandTest {

    @TempDir
    Path root;

    private Path folder;
    private Path lock;
    private final CommandLine line = new CommandLine();

    @BeforeEach
    void folders() throws IOException {
        folder = Files.createDirectories(root.resolve("plugins"));
        lock = root.resolve("plugins.lock");
        configure("require-hash", "");
    }

    private void configure(String verify, String more) throws IOException {
        Files.writeString(
                root.resolve("gateway.yaml"),
                "plugins: { dir: '%s', data: '%s', lock: '%s', verify: %s%s }\n"
                        .formatted(folder, root.resolve("data"), lock, verify, more));
    }

    private int run(String... arguments) {
        List<String> all =
                new ArrayList<>(List.of("-c", root.resolve("gateway.yaml").toString()));
        all.addAll(List.of(arguments));
        return line.run(Map.of(), root, root, all.toArray(String[]::new));
    }

    private List<String> out() {
        return line.out().lines().toList();
    }

    private String err() {
        return line.err();
    }

    private static PluginJar plugin(String id, String version) {
        return PluginJar.of(id).version(version).provider(id, "https://" + id + ".test");
    }

    @Test
    @DisplayName("plugins lock writes a line for each plugin, sorted, and says what is new about it")
    void locks() throws IOException {
        plugin("acme", "1.10.0").writeTo(folder);
        plugin("acme", "1.9.0").writeTo(folder);
        plugin("zeta", "2.0.0").write(folder.resolve("my zeta.jar"));

        assertThat(run("plugins", "lock")).as(err()).isEqualTo(ExitCode.OK);
        List<String> lines = Files.readAllLines(lock);
        assertThat(lines).hasSize(5);
        assertThat(lines.subList(0, 2)).allMatch(line -> line.startsWith("# "));
        assertThat(lines.get(2)).matches("acme 1\\.9\\.0 sha256:[0-9a-f]{64} acme-1\\.9\\.0\\.jar");
        assertThat(lines.get(3)).matches("acme 1\\.10\\.0 sha256:[0-9a-f]{64} acme-1\\.10\\.0\\.jar");
        assertThat(lines.get(4)).matches("zeta 2\\.0\\.0 sha256:[0-9a-f]{64} my zeta\\.jar");
        assertThat(out())
                .containsExactly(
                        "new     " + lines.get(2),
                        "new     " + lines.get(3),
                        "new     " + lines.get(4),
                        "written to " + lock);

        plugin("zeta", "2.0.0").entry("more", new byte[] {1}).write(folder.resolve("my zeta.jar"));
        Files.delete(folder.resolve("acme-1.9.0.jar"));
        assertThat(run("plugins", "lock")).isEqualTo(ExitCode.OK);

        List<String> again = Files.readAllLines(lock);
        assertThat(out())
                .containsExactly(
                        "same    " + again.get(2),
                        "changed " + again.get(3),
                        "removed " + lines.get(2),
                        "written to " + lock);
        try (Stream<Path> files = Files.list(root)) {
            assertThat(files).noneMatch(file -> file.toString().endsWith(".part"));
        }
    }

    @Test
    @DisplayName("plugins lock writes nothing while a jar in the folder is bad")
    void locksGoodOnly() throws IOException {
        plugin("acme", "1.0.0").writeTo(folder);
        plugin("bad", "1.0.0").withoutExtensionsIndex().writeTo(folder);

        assertThat(run("plugins", "lock")).isEqualTo(ExitCode.PLUGIN);

        assertThat(err()).startsWith("GW-P01 bad-1.0.0.jar").endsWith("nothing is written to " + lock + "\n");
        assertThat(lock).doesNotExist();
    }

    @Test
    @DisplayName("plugins lock does not choose between two jars that both claim to be one version")
    void locksNoTwins() {
        plugin("acme", "1.0.0").write(folder.resolve("a.jar"));
        plugin("acme", "1.0.0").entry("more", new byte[] {1}).write(folder.resolve("b.jar"));

        assertThat(run("plugins", "lock")).isEqualTo(ExitCode.PLUGIN);
        assertThat(err())
                .startsWith("GW-P11 two files hold acme 1.0.0, and are not the same: a.jar and b.jar. Remove one of"
                        + " them.");
    }

    @Test
    @DisplayName("GW-P26: a lock that cannot be written is said to be so")
    void cannotWrite() throws IOException {
        plugin("acme", "1.0.0").writeTo(folder);
        lock = root.resolve("taken");
        Files.createDirectories(lock.resolve("full"));
        configure("require-hash", "");

        assertThat(run("plugins", "lock")).isEqualTo(ExitCode.CONFIG);
        assertThat(err()).startsWith("GW-P26 " + lock + " cannot be written: ");
    }

    @Test
    @DisplayName("plugins verify refuses and accepts as the gateway would")
    void verifies() throws IOException {
        Path jar = plugin("acme", "1.0.0").writeTo(folder);

        assertThat(run("plugins", "verify", jar.toString())).isEqualTo(ExitCode.PLUGIN);
        assertThat(err()).startsWith("GW-P13 acme-1.0.0.jar: acme 1.0.0 is not locked");

        run("plugins", "lock");
        assertThat(run("plugins", "verify", jar.toString())).as(err()).isEqualTo(ExitCode.OK);
        assertThat(out()).singleElement().asString().startsWith("ok  acme 1.0.0  sha256:");

        plugin("acme", "1.1.0").write(jar);
        configure("warn", "");
        assertThat(run("plugins", "verify", jar.toString())).isEqualTo(ExitCode.OK);
        assertThat(err()).startsWith("warning: GW-P13 acme-1.0.0.jar: acme 1.1.0 is not in " + lock);
    }

    @Test
    @DisplayName("plugins verify names the file of each refusal, also where the message is about the plugin")
    void namesFile() {
        Path one = plugin("acme", "1.0.0").requires(">=9.0.0").write(folder.resolve("one.jar"));
        Path two = plugin("acme", "1.0.0").withoutManifest().write(folder.resolve("two.jar"));

        assertThat(run("plugins", "verify", one.toString(), two.toString())).isEqualTo(ExitCode.PLUGIN);
        assertThat(err().lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("GW-P03 acme 1.0.0 needs")
                                .endsWith(" (" + one + ")"),
                        line -> assertThat(line).startsWith("GW-P02 two.jar").doesNotContain("(" + two + ")"));
    }

    @Test
    @DisplayName("a certificate that keytool has written is trusted, and verify and list name the signer")
    void namesSigner() throws Exception {
        SigningKey key = SigningKey.create(root, "Acme", "-validity", "365");
        configure("require-signature", ", trusted-keys: ['" + key.export(root) + "']");
        Path jar = key.sign(plugin("acme", "1.0.0"), folder.resolve("acme.jar"));
        String signer = Signer.of(key.certificate()).toString();

        assertThat(run("plugins", "verify", jar.toString())).as(err()).isEqualTo(ExitCode.OK);
        assertThat(out()).singleElement().asString().endsWith("  signed by: " + signer);

        assertThat(run("plugins", "list")).as(err()).isEqualTo(ExitCode.OK);
        assertThat(out().get(1)).startsWith("acme").endsWith("ready, signed by " + signer);

        plugin("acme", "1.0.0").write(jar);
        assertThat(run("plugins", "verify", jar.toString())).isEqualTo(ExitCode.PLUGIN);
        assertThat(err()).startsWith("GW-P14 acme.jar is not signed.");
        assertThat(run("plugins", "lock")).isEqualTo(ExitCode.PLUGIN);
    }
}
