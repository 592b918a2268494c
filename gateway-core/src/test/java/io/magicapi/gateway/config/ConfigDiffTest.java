package io.magicapi.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigDiffTest {

    @TempDir
    Path directory;

    private LoadedConfig load(String yaml) {
        return new Configs(directory).file("gateway.yaml", yaml).load();
    }

    private ConfigDiff diff(String before, String after) {
        return ConfigDiff.of(load(before), load(after), key -> key.equals("server.port"));
    }

    @Test
    @DisplayName("names what has another value, be it a default again, and what needs a restart")
    void changed() {
        assertThat(diff(
                                "server: { port: 1, limits: { body: 1MiB } }\nlog: { level: debug }",
                                "server: { port: 2, limits: { body: 2MiB } }\nlog: { format: auto }")
                        .changes())
                .extracting(Object::toString)
                .containsExactly(
                        "server.port: 1 → 2 (needs a restart)",
                        "server.limits.body: 1MiB → 2MiB",
                        "log.level: debug → info");
    }

    @Test
    @DisplayName("of a provider that comes or goes, names what is written of it")
    void cameAndWent() {
        assertThat(diff(
                                "providers: { groq: { deadlines: { idle: 5s } } }",
                                "providers: { lab: { plugin: groq, keys: [{ env: A }] } }")
                        .changes())
                .extracting(Object::toString)
                .containsExactly(
                        "providers.lab.plugin: (not set) → groq",
                        "providers.lab.keys: (not set) → "
                                + load("providers: { lab: { keys: [{ env: A }] } }").settings().stream()
                                        .filter(setting -> setting.key().equals("providers.lab.keys"))
                                        .findFirst()
                                        .orElseThrow()
                                        .value(),
                        "providers.groq.deadlines.idle: 5s → (removed)");
    }

    @Test
    @DisplayName("shows no secret that somebody has put into the options of a plugin")
    void masked() {
        ConfigDiff diff = diff(
                "providers: { groq: { options: { token: sk-1, a: 1 } } }",
                "providers: { groq: { options: { token: sk-2, a: 2 } } }");

        assertThat(diff.changes())
                .singleElement()
                .asString()
                .contains("\"a\":1", "\"a\":2")
                .doesNotContain("sk-");
    }

    @Test
    @DisplayName("is empty if the same is written otherwise")
    void same() {
        assertThat(diff("server: { port: 8080 }", "server:\n  port: \"8080\"\nlog:\n")
                        .changes())
                .isEmpty();
    }
}
