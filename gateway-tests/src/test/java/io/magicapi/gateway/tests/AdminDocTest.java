package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.magicapi.gateway.config.GatewayConfig.Admin;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("docs/admin.md")
class AdminDocTest {

    private static final Path DOC = Path.of("../docs/admin.md");
    private static final Path CORE = Path.of("../gateway-core/src/main/java/io/magicapi/gateway");

    @RegisterExtension
    static final GatewayExtension gateway = new GatewayExtension()
            .plugin(PluginJar.of("groq").version("0.1.0").provider("groq", "https://api.groq.test"))
            .environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY)
            .config(config -> config.withAdmin(
                    new Admin(true, "127.0.0.1", 0, config.admin().key(), true)));

    @TempDir
    Path directory;

    @Test
    @DisplayName("lists each code of the admin API with its statuses, and no other")
    void codes() throws IOException {
        List<String> used = new ArrayList<>();
        for (MatchResult reason : Pattern.compile("\\((\\d{3}), \"\\w+\", \"(GW-A\\d\\d)\"\\)")
                .matcher(Files.readString(CORE.resolve("admin/AdminRefusal.java")))
                .results()
                .toList()) {
            int last = used.size() - 1;
            if (last >= 0 && used.get(last).startsWith(reason.group(2))) {
                used.set(last, used.get(last) + ", " + reason.group(1));
            } else {
                used.add(reason.group(2) + " " + reason.group(1));
            }
        }

        assertThat(Pattern.compile("(?m)^\\| (GW-A\\d\\d) \\| ([\\d, ]+) \\|")
                        .matcher(Files.readString(DOC))
                        .results()
                        .map(row -> row.group(1) + " " + row.group(2)))
                .isNotEmpty()
                .containsExactlyElementsOf(used);
    }

    @Test
    @DisplayName("names each route")
    void routes() throws IOException {
        String doc = Files.readString(DOC);

        assertThat(Pattern.compile("serve\\(router, \"([^\"]+)\"")
                        .matcher(Files.readString(CORE.resolve("admin/AdminApi.java")))
                        .results()
                        .map(route -> route.group(1).replace(":id", "{id}")))
                .hasSizeGreaterThan(5)
                .allSatisfy(route -> assertThat(
                                doc.contains(route) || doc.contains("/" + route.replaceFirst(".*/", "") + "`"))
                        .as(route)
                        .isTrue());
    }

    @Test
    @DisplayName("its examples work as they are written")
    void examples() throws Exception {
        for (String program : List.of("bash", "curl")) {
            assumeTrue(onPath(program), program + " is needed");
        }
        PluginJar.of("acme").provider("acme", "https://api.acme.test").writeTo(directory);
        List<String> examples = Pattern.compile("```bash\\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(DOC))
                .results()
                .map(block -> block.group(1))
                .toList();

        assertThat(examples).hasSize(4);
        for (String example : examples) {
            assertThat(bash(example)).as(example).startsWith("{").doesNotContain("\"error\"");
        }
        assertThat(gateway.plugins().resolve("acme-1.0.0.jar")).exists();
    }

    private static boolean onPath(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private String bash(String example) throws IOException, InterruptedException {
        String url = gateway.gateway().admin().orElseThrow().url().toString();
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", example.replace("http://127.0.0.1:3001", url))
                .directory(directory.toFile())
                .redirectErrorStream(true);
        builder.environment().putAll(Map.of("GATEWAY_ADMIN_KEY", AdminCalls.KEY, "no_proxy", "127.0.0.1"));
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
