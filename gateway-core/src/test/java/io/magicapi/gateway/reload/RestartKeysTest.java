package io.magicapi.gateway.reload;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.ConfigLoader;
import io.magicapi.gateway.config.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RestartKeysTest {

    @Test
    @DisplayName("are keys that exist, and docs/configuration.md lists them")
    void documented() throws IOException {
        List<String> keys = ConfigLoader.keys().stream().map(Setting::key).toList();
        String doc = Files.readString(Path.of("../docs/configuration.md"));
        String section = doc.substring(doc.indexOf("## Reload"), doc.indexOf("## Schema"));

        assertThat(RestartKeys.ALL).allSatisfy(key -> {
            String name = key.replaceFirst("\\.$", "");
            assertThat(keys).anyMatch(each -> each.equals(key) || (key.endsWith(".") && each.startsWith(key)));
            assertThat(section).contains("`" + name + "`");
        });
    }

    @Test
    @DisplayName("hold for plugins' ids, and for what a built-in provider is started with")
    void names() {
        RestartKeys keys = new RestartKeys(Set.of("echo"));

        assertThat(List.of("server.port", "admin.key.env", "plugins.acme.pin", "providers.echo.options"))
                .allMatch(keys);
        assertThat(List.of(
                        "server.limits.body", "plugins.acme.canary.share", "plugins.drain", "providers.groq.options"))
                .noneMatch(keys);
        assertThat(List.of("providers.echo.deadlines.idle", "providers.echo.keys"))
                .noneMatch(keys);
    }
}
