package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.cli.ExitCode;
import io.magicapi.gateway.testkit.PluginJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code gateway serve --dry-run} with plugins. */
class DryRunTest {

    private static final String CHOOSY = """
            import io.magicapi.gateway.api.*;

            @org.pf4j.Extension
            public class Choosy implements Provider {
                @Override public String name() { return "choosy"; }
                @Override public String baseUrl() { return "https://choosy.test"; }

                @Override public void start(ProviderContext context) {
                    if (context.options().has("wrong")) {
                        throw new IllegalArgumentException("there is no option wrong");
                    }
                }
            }
            """;

    @TempDir
    private Path root;

    private final CommandLine line = new CommandLine();

    private int dryRun(String providers) throws IOException {
        Path folder = Files.createDirectories(root.resolve("plugins"));
        PluginJar.of("choosy").source(CHOOSY).writeTo(folder);
        Path file = Files.writeString(
                root.resolve("gateway.yaml"),
                "plugins: { dir: '%s', data: '%s' }\nproviders: %s\n"
                        .formatted(folder, root.resolve("data"), providers));
        return line.run(Map.of(), root, root, "-c", file.toString(), "serve", "--dry-run");
    }

    @Test
    @DisplayName("a provider that would be missing for a wrong option is told, once, and is no success")
    void missing() throws IOException {
        assertThat(dryRun("{ lab: { plugin: choosy, options: { wrong: 1 } } }")).isEqualTo(ExitCode.PLUGIN);

        assertThat(line.out())
                .contains(
                        "ready: GW-P08 choosy 1.0.0: Choosy failed to start: IllegalArgumentException: there is no"
                                + " option wrong (Choosy.java:10). So provider lab does not serve; the others of the plugin do.");
        assertThat(line.err()).as("there is a provider of that name").doesNotContain("GW-C11");
    }

    @Test
    @DisplayName("providers that would all serve are a success")
    void whole() throws IOException {
        assertThat(dryRun("{ lab: { plugin: choosy, options: { right: 1 } } }")).isEqualTo(ExitCode.OK);

        assertThat(line.out()).contains("choosy, lab").doesNotContain("GW-P08");
    }
}
