package io.magicapi.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.Version;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CliTest {

    @TempDir
    Path directory;

    private final Map<String, String> environment = new HashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... arguments) {
        out.reset();
        err.reset();
        return Cli.run(
                arguments,
                new Surroundings(
                        environment,
                        directory,
                        directory.resolve("home"),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private void file(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "-h",
                "serve --help",
                "plugins --help",
                "plugins list --help",
                "plugins verify --help",
                "plugins new --help",
                "plugins status --help",
                "plugins pin --help",
                "config --help",
                "config show --help",
                "config validate --help",
                "config schema --help",
                "config import --help",
                "reload --help",
                "models --help",
                "version --help",
            })
    @DisplayName("--help prints usage, starts nothing, and succeeds even if the configuration is broken")
    void help(String arguments) throws IOException {
        file("gateway.yaml", "broken: [\n");

        assertThat(run(arguments.split(" "))).isZero();
        assertThat(out()).startsWith("Usage: gateway");
        assertThat(err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"version", "-V", "serve -V"})
    @DisplayName("the version is on one line")
    void version(String arguments) {
        assertThat(run(arguments.split(" "))).isZero();
        assertThat(out().lines())
                .singleElement()
                .asString()
                .startsWith("gateway ")
                .contains("Java ");
    }

    @Test
    @DisplayName("a mistyped word or flag is answered with the nearest one and exit code 2")
    void usage() {
        assertThat(run("plugns")).isEqualTo(ExitCode.USAGE);
        assertThat(err()).contains("'plugns'").contains("Did you mean plugins?").contains("Try: gateway --help");

        assertThat(run("serve", "--prot", "1")).isEqualTo(ExitCode.USAGE);
        assertThat(err()).contains("Did you mean --port?").contains("Try: gateway serve --help");

        assertThat(run("--port", "abc")).isEqualTo(ExitCode.USAGE);
        assertThat(run("--log-level", "loud")).isEqualTo(ExitCode.USAGE);
        assertThat(run("plugins")).isEqualTo(ExitCode.USAGE);
        assertThat(err()).contains("list, verify");
        assertThat(run("plugins", "verify")).isEqualTo(ExitCode.USAGE);
        assertThat(out()).isEmpty();
    }

    @Test
    @DisplayName("an invalid configuration ends with exit code 3 and its problems on standard error, without a trace")
    void invalid() throws IOException {
        file("gateway.yaml", "server: { prt: 1, host: 0.0.0.0 }\n");

        for (String command : List.of("serve", "config validate", "config show", "models", "plugins list")) {
            assertThat(run(command.split(" "))).as(command).isEqualTo(ExitCode.CONFIG);
            assertThat(err())
                    .startsWith("the configuration has 2 problems:")
                    .contains("1) GW-C03 gateway.yaml:1:11")
                    .contains("2) GW-C07 gateway.yaml:1:25")
                    .doesNotContain("\tat ");
            assertThat(out()).isEmpty();
        }
        assertThat(run("--log-level", "debug", "config", "validate")).isEqualTo(ExitCode.CONFIG);
        assertThat(err()).contains("\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "serve --dry-run", "plugins list", "models"})
    @DisplayName(
            "GW-S04: a folder that cannot be made ends with exit code 3, the reason, and what to do, without a trace")
    void unusableFolder(String command) throws IOException {
        file("in-the-way", "");
        Path parent = directory.resolve("in-the-way");
        String usable = directory.resolve("usable").toString();

        assertThat(run((command + " --port 0 --data " + usable + " --plugins " + parent + "/plugins").split(" ")))
                .isEqualTo(ExitCode.CONFIG);
        assertThat(err())
                .isEqualToIgnoringNewLines("GW-S04 the plugins folder " + parent + "/plugins cannot be made: " + parent
                        + " is a file, not a folder. Let this user write there, or name another folder: --plugins DIR");

        assertThat(run((command + " --port 0 --plugins " + usable + " --data " + parent + "/data").split(" ")))
                .isEqualTo(ExitCode.CONFIG);
        assertThat(err())
                .isEqualToIgnoringNewLines("GW-S04 the data folder " + parent + "/data cannot be made: " + parent
                        + " is a file, not a folder. Let this user write there, or name another folder: --data DIR");
    }

    @Test
    @DisplayName("GW-S04: a file in the place of the plugins folder is no empty folder")
    void fileForFolder() throws IOException {
        file("plugins.txt", "");
        Path file = directory.resolve("plugins.txt");

        assertThat(run("plugins", "list", "--plugins", file.toString(), "--data", directory + "/data"))
                .isEqualTo(ExitCode.CONFIG);
        assertThat(err()).startsWith("GW-S04 the plugins folder " + file + " cannot be made: " + file + " is a file");
    }

    @Test
    @DisplayName("config schema prints a JSON Schema, and needs no valid configuration")
    void schema() throws IOException {
        file("gateway.yaml", "broken: [\n");

        assertThat(run("config", "schema")).isZero();
        assertThat(out()).startsWith("{").contains("\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"");
    }

    @Test
    @DisplayName("config import prints a configuration that config validate accepts, and findings on standard error")
    void importing() throws IOException {
        file("litellm.yaml", """
                model_list:
                  - model_name: smart
                    litellm_params: { model: groq/llama, api_key: os.environ/MY_KEY, tpm: 9 }
                """);

        assertThat(run("config", "import", "--from", "litellm", "litellm.yaml")).isZero();
        assertThat(err()).startsWith("GW-C15 litellm.yaml:3:").contains("tpm").hasLineCount(1);
        file("gateway.yaml", out());
        assertThat(run("config", "validate")).as(err()).isZero();

        assertThat(run("config", "import", "--from", "litellm", "gateway.yaml")).isEqualTo(ExitCode.CONFIG);
        assertThat(run("config", "import", "--from", "litellm", "none.yaml")).isEqualTo(ExitCode.USAGE);
        assertThat(run("config", "import", "litellm.yaml")).isEqualTo(ExitCode.USAGE);
    }

    @Test
    @DisplayName("config validate says which files it read, and warns on standard error")
    void validate() throws IOException {
        assertThat(run("config", "validate")).isZero();
        assertThat(out())
                .isEqualToIgnoringNewLines("the configuration is valid; no file found (looked for ./gateway.yaml, "
                        + "./home/.config/gateway/gateway.yaml, /etc/gateway/gateway.yaml); using defaults");

        file("gateway.yaml", "server: { port: 1 }\n");
        environment.put("GATEWAY_SERVER_PROT", "2");

        assertThat(run("config", "validate")).isZero();
        assertThat(out()).isEqualToIgnoringNewLines("the configuration is valid; ./gateway.yaml");
        assertThat(err()).startsWith("warning: GW-C10 env GATEWAY_SERVER_PROT");
    }

    @Test
    @DisplayName("config show prints what config validate accepts and what means the same, and never a key")
    void show() throws IOException {
        file("gateway.yaml", """
                server: { host: "::1", cors: { origins: ["*"] } }
                providers:
                  groq:
                    base-url: http://10.0.0.7:8000/v1
                    keys: [{ env: GROQ_API_KEY }, { name: "010", file: "/run/a b" }]
                    options: { text: "yes", number: 1.5, api-key: CANARY, nested: [{ token: CANARY }] }
                log: { format: json }
                """);
        environment.put("GROQ_API_KEY", "gsk_CANARY0123456789");

        assertThat(run("config", "show")).isZero();
        String shown = out();
        assertThat(shown).doesNotContain("CANARY").contains("\"api-key\":\"***\"");
        file("gateway.yaml", shown);
        assertThat(run("config", "show")).as(err()).isZero();
        assertThat(out()).isEqualTo(shown);

        environment.put("PORT", "8080");
        assertThat(run("config", "show", "--origin", "--log-level", "debug")).isZero();
        assertThat(out())
                .containsPattern("  port: 8080 +# env PORT\n")
                .containsPattern("  level: debug +# --log-level\n")
                .containsPattern("  format: json +# gateway.yaml:\\d+\n");
    }

    @Test
    @DisplayName("flags before the command's name count too, and those after it win")
    void flagsInFront() {
        assertThat(run("-p", "1", "-H", "localhost", "config", "show", "--origin", "-p", "2"))
                .isZero();
        assertThat(out()).containsPattern("port: 2 +# --port").containsPattern("host: localhost +# --host");
    }

    @Test
    @DisplayName("plugins verify ends with exit code 5 if a jar is bad")
    void verify() throws IOException {
        file("bad.jar", "not a jar");

        assertThat(run("plugins", "verify", "bad.jar")).isEqualTo(ExitCode.PLUGIN);
        assertThat(err()).startsWith("GW-P").contains("bad.jar");
        assertThat(out()).isEmpty();
    }

    @Test
    @DisplayName("--dry-run says what would be served and binds nothing")
    void dryRun() {
        assertThat(run("serve", "--dry-run", "--port", "1")).isZero();
        assertThat(out()).contains("the configuration is valid").contains("would listen on 127.0.0.1:1");
        assertThat(err()).isEmpty();
    }

    @Test
    @DisplayName("--dry-run warns of names that nothing stands for")
    void dryRunWarns() throws IOException {
        file("gateway.yaml", "models: { smart: { route: [echo/hello, ecco/hello] } }\n");

        assertThat(run("serve", "--dry-run")).isZero();
        assertThat(err())
                .isEqualToIgnoringNewLines("warning: GW-C11 models.smart.route has ecco/hello, but no plugin brings a "
                        + "provider of that name. Did you mean \"echo\"?");
    }

    @Test
    @DisplayName("plugins new writes a project, first saying when none is needed")
    void newPlugin() throws IOException {
        assertThat(run("plugins", "new", "acme-ai", "--package", "org.acme", "--dir", "here/it"))
                .isZero();

        assertThat(out()).startsWith("If acme-ai speaks OpenAI's wire format").contains("cd here/it && mvn verify");
        Path project = directory.resolve("here/it");
        assertThat(out().lines().filter(line -> line.startsWith("wrote ")))
                .containsExactly(
                        "wrote here/it/pom.xml",
                        "wrote here/it/src/main/java/org/acme/AcmeaiProvider.java",
                        "wrote here/it/src/test/java/org/acme/AcmeaiContractIT.java",
                        "wrote here/it/src/test/java/org/acme/AcmeaiProviderIT.java",
                        "wrote here/it/src/test/resources/logback-test.xml");
        assertThat(project.resolve("pom.xml"))
                .content()
                .contains("<groupId>org.acme</groupId>", "<artifactId>acme-ai</artifactId>", Version.gateway());
        assertThat(project.resolve("src/main/java/org/acme/AcmeaiProvider.java"))
                .content()
                .contains("package org.acme;", "class AcmeaiProvider", "return \"acme-ai\";")
                .doesNotContain("${");
    }

    @Test
    @DisplayName("GW-S07: plugins new writes nothing into a folder with something in it")
    void newPluginOverOld() throws IOException {
        Files.createDirectory(directory.resolve("acme"));
        file("acme/pom.xml", "mine");

        assertThat(run("plugins", "new", "acme")).isEqualTo(ExitCode.USAGE);
        assertThat(err())
                .isEqualToIgnoringNewLines(
                        "GW-S07 acme is there already, and nothing in it is overwritten. Name another"
                                + " folder: --dir DIR");
        assertThat(directory.resolve("acme")).isDirectoryContaining("glob:**pom.xml");
        assertThat(directory.resolve("acme/pom.xml")).hasContent("mine");
        assertThat(directory.resolve("acme").toFile().list()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Acme", "1a", "a_b", "../up"})
    @DisplayName("plugins new refuses what no provider can be called")
    void newPluginBadName(String name) {
        assertThat(run("plugins", "new", name)).isEqualTo(ExitCode.USAGE);
        assertThat(err()).startsWith("NAME must be small letters").contains("but was: " + name);
        assertThat(directory).isEmptyDirectory();
    }
}
