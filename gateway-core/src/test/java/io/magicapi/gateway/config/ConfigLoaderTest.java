package io.magicapi.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.LogFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {

    @TempDir
    Path directory;

    @Test
    @DisplayName("without any configuration the defaults hold, and it is said where a file was looked for")
    void defaults() {
        LoadedConfig loaded = new Configs(directory).load();

        assertThat(loaded.config()).isEqualTo(GatewayConfig.defaults());
        assertThat(loaded.files()).isEmpty();
        assertThat(loaded.origins()).isEmpty();
        assertThat(loaded.lookedFor())
                .containsExactly(
                        directory.resolve("gateway.yaml"),
                        directory.resolve("home/.config/gateway/gateway.yaml"),
                        Path.of("/etc/gateway/gateway.yaml"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "\n\n", "# only a comment\n", "---\n", "server:\nproviders:\n  groq:\n", "\uFEFFversion: 1\n"
            })
    @DisplayName("a file that says nothing means the defaults")
    void empty(String text) {
        GatewayConfig config = new Configs(directory).file("gateway.yaml", text).config();

        assertThat(config.server()).isEqualTo(GatewayConfig.defaults().server());
        assertThat(config.provider("groq")).isEqualTo(GatewayConfig.ProviderSettings.DEFAULT);
    }

    @Test
    @DisplayName("every key reaches its field")
    void everything() {
        GatewayConfig config = new Configs(directory).file("gateway.yaml", """
                        version: 1
                        server:
                          host: "[::1]"
                          port: 8080
                          http2-cleartext: true
                          transport: nio
                          cors: { origins: ["https://app.example.com", "*"], headers: [x-team] }
                          limits: { body: 8MiB, upload: 1GiB, header-block: 32KiB, request-line: 4096, connections: 9, in-flight: 8 }
                          timeouts: { request-head: 1s, request-body: 2s, keep-alive: 3s, slow-reader: 4s, drain: 5s }
                        plugins: { dir: /opt/p, data: d, watch: false }
                        providers:
                          groq:
                            base-url: http://127.0.0.1:9/v1/
                            keys:
                              - { name: main, env: GROQ_API_KEY, weight: 3 }
                              - { file: /run/secrets/groq }
                            deadlines: { connect: 500ms, first-byte: 2m, idle: 90s }
                            options: { a: 1, b: [true, "1", 010, yes, ~], c: { d: 1.5e3 } }
                        models: { smart: { route: [groq/a/b] } }
                        routing: { default-provider: groq }
                        auth: { passthrough: false, open: true }
                        log: { level: debug, format: json }
                        """).config();

        assertThat(config.server())
                .isEqualTo(new GatewayConfig.Server(
                        "::1",
                        8080,
                        true,
                        GatewayConfig.NetworkTransport.NIO,
                        new GatewayConfig.Cors(List.of("https://app.example.com", "*"), List.of("x-team")),
                        new GatewayConfig.Limits(
                                DataSize.mebibytes(8),
                                DataSize.mebibytes(1024),
                                DataSize.kibibytes(32),
                                new DataSize(4096),
                                9,
                                8),
                        new GatewayConfig.Timeouts(
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(3),
                                Duration.ofSeconds(4),
                                Duration.ofSeconds(5))));
        assertThat(config.plugins()).isEqualTo(new GatewayConfig.Plugins(Path.of("/opt/p"), Path.of("d"), false));
        GatewayConfig.ProviderSettings groq = config.provider("groq");
        assertThat(groq.baseUrl()).contains("http://127.0.0.1:9/v1");
        assertThat(groq.keys())
                .containsExactly(
                        new Key("main", Optional.of("GROQ_API_KEY"), Optional.empty(), 3),
                        new Key("/run/secrets/groq", Optional.empty(), Optional.of(Path.of("/run/secrets/groq")), 1));
        assertThat(groq.deadlines())
                .isEqualTo(new GatewayConfig.Deadlines(
                        Duration.ofMillis(500), Duration.ofMinutes(2), Duration.ofSeconds(90)));
        assertThat(groq.options())
                .hasToString("{\"a\":1,\"b\":[true,\"1\",\"010\",\"yes\",null],\"c\":{\"d\":\"1.5e3\"}}"
                        .replace("\"1.5e3\"", groq.options().at("/c/d").toString()));
        assertThat(groq.options().at("/c/d").asDouble()).isEqualTo(1500);
        assertThat(config.routing().defaultProvider()).contains("groq");
        assertThat(config.models()).isEqualTo(Map.of("smart", GatewayConfig.ModelRoute.to("groq/a/b")));
        assertThat(config.auth()).isEqualTo(new GatewayConfig.Auth(false, true));
        assertThat(config.log()).isEqualTo(new GatewayConfig.Log("debug", LogFormat.JSON));
    }

    @Test
    @DisplayName("what is not a word of plugins is a plugin's id, and a canary may be written as its share alone")
    void plugins() {
        GatewayConfig.Plugins plugins =
                new Configs(directory).file("gateway.yaml", """
                        plugins:
                          drain: 90s
                          dev: true
                          acme: { canary: 5%, pin: 1.2.3 }
                          my.beta:
                            canary: { share: 0.25%, requests: 10, failures: 2, error-margin: 0%, latency-margin: 12.5% }
                        """).config().plugins();

        assertThat(plugins.drain()).isEqualTo(Duration.ofSeconds(90));
        assertThat(plugins.dev()).isTrue();
        assertThat(plugins.of("acme"))
                .isEqualTo(new GatewayConfig.PluginSettings(
                        Optional.of("1.2.3"),
                        new GatewayConfig.Canary(Optional.of(Percent.of(5)), 50, 3, Percent.of(2), Percent.of(50))));
        assertThat(plugins.of("my.beta").canary())
                .isEqualTo(new GatewayConfig.Canary(
                        Optional.of(new Percent(25)), 10, 2, Percent.of(0), new Percent(1250)));
        assertThat(plugins.of("other")).isEqualTo(GatewayConfig.PluginSettings.DEFAULT);
        assertThat(new Percent(25)).hasToString("0.25%");
        assertThat(new Percent(1250)).hasToString("12.5%");
        assertThat(new Percent(205)).hasToString("2.05%");
    }

    @Test
    @DisplayName("flags win over variables, variables over conf.d, conf.d over the main file, key by key")
    void precedence() {
        LoadedConfig loaded = new Configs(directory)
                .file("gateway.yaml", "server: { port: 1, host: localhost }\nlog: { level: error, format: text }\n")
                .file("conf.d/20.yaml", "server: { port: 3 }\n")
                .file("conf.d/10.yml", "server: { port: 2 }\nlog: { format: json }\nplugins: { dir: a }\n")
                .file("conf.d/.hidden.yaml", "server: { port: 9 }\n")
                .file("conf.d/README.md", "not yaml: [\n")
                .variable("GATEWAY_LOG_LEVEL", "warn")
                .variable("GATEWAY_PLUGINS_DIR", "b")
                .flag("--plugins", "plugins.dir", "c")
                .load();

        assertThat(loaded.config().server().port()).isEqualTo(3);
        assertThat(loaded.config().server().host()).isEqualTo("localhost");
        assertThat(loaded.config().log()).isEqualTo(new GatewayConfig.Log("warn", LogFormat.JSON));
        assertThat(loaded.config().plugins().dir()).isEqualTo(Path.of("c"));
        assertThat(loaded.files())
                .containsExactly(
                        directory.resolve("gateway.yaml"),
                        directory.resolve("conf.d/10.yml"),
                        directory.resolve("conf.d/20.yaml"));
        assertThat(loaded.origins())
                .hasToString("{log.format=conf.d/10.yml:2:16, log.level=env GATEWAY_LOG_LEVEL, "
                        + "plugins.dir=--plugins, server.host=gateway.yaml:1:26, server.port=conf.d/20.yaml:1:17}");
    }

    @Test
    @DisplayName("a list replaces the list of an earlier file")
    void listsReplace() {
        GatewayConfig config = new Configs(directory)
                .file("gateway.yaml", "server: { cors: { origins: [\"http://a\", \"http://b\"] } }\n")
                .file("conf.d/x.yaml", "server: { cors: { origins: [\"http://c\"] } }\n")
                .config();

        assertThat(config.server().cors().origins()).containsExactly("http://c");
    }

    @Test
    @DisplayName("named files are read in their order, and no other is looked for")
    void namedFiles() {
        LoadedConfig loaded = new Configs(directory)
                .file("gateway.yaml", "server: { port: 9 }\n")
                .file("a/one.yaml", "server: { port: 1, host: localhost }\n")
                .file("a/conf.d/x.yaml", "log: { level: debug }\n")
                .file("two.yaml", "server: { port: 2 }\n")
                .named("a/one.yaml")
                .named("two.yaml")
                .variable("GATEWAY_CONFIG", "gateway.yaml")
                .load();

        assertThat(loaded.config().server().port()).isEqualTo(2);
        assertThat(loaded.config().server().host()).isEqualTo("localhost");
        assertThat(loaded.config().log().level()).isEqualTo("debug");
        assertThat(loaded.lookedFor()).isEmpty();
    }

    @Test
    @DisplayName("GATEWAY_CONFIG names the file, and XDG_CONFIG_HOME the folder to look in")
    void fileByVariable() {
        Configs configs = new Configs(directory)
                .file("x/gateway/gateway.yaml", "server: { port: 1 }\n")
                .file("y.yaml", "server: { port: 2 }\n")
                .variable("XDG_CONFIG_HOME", directory.resolve("x").toString());

        assertThat(configs.config().server().port()).isEqualTo(1);
        assertThat(configs.variable("GATEWAY_CONFIG", "y.yaml")
                        .config()
                        .server()
                        .port())
                .isEqualTo(2);
    }

    @Test
    @DisplayName("variables find their key whatever became of dots and dashes")
    void variables() {
        GatewayConfig config = new Configs(directory)
                .variable("PORT", "1")
                .variable("HOST", "localhost")
                .variable("GATEWAY_SERVER_PORT", "2")
                .variable("gateway_server_http2_cleartext", "true")
                .variable("GATEWAY_SERVER_LIMITS_HEADER_BLOCK", "64KiB")
                .variable("GATEWAY_SERVER_CORS_ORIGINS", "http://a, http://b")
                .variable("GATEWAY_PROVIDERS_MY_LAB_BASE_URL", "http://lab:8000")
                .variable("GATEWAY_PROVIDERS_MY_LAB_DEADLINES_FIRST_BYTE", "7s")
                .variable("GATEWAY_PROVIDERS_GROQ_KEYS", "[{ env: A }, { name: b, env: B, weight: 2 }]")
                .variable("GATEWAY_PROVIDERS_GROQ_OPTIONS", "{ x: [1, two] }")
                .variable("GATEWAY_LOG_LEVEL", "")
                .config();

        assertThat(config.server().port()).isEqualTo(2);
        assertThat(config.server().host()).isEqualTo("localhost");
        assertThat(config.server().http2Cleartext()).isTrue();
        assertThat(config.server().limits().headerBlock()).isEqualTo(DataSize.kibibytes(64));
        assertThat(config.server().cors().origins()).containsExactly("http://a", "http://b");
        assertThat(config.provider("my-lab").baseUrl()).contains("http://lab:8000");
        assertThat(config.provider("my-lab").deadlines().firstByte()).isEqualTo(Duration.ofSeconds(7));
        assertThat(config.provider("groq").keys()).extracting(Key::name).containsExactly("A", "b");
        assertThat(config.provider("groq").options()).hasToString("{\"x\":[1,\"two\"]}");
        assertThat(config.log().level()).isEqualTo("info");
    }

    @Test
    @DisplayName("every key with a variable can be set by it")
    void everyVariable() throws IOException {
        for (Setting setting : ConfigLoader.keys()) {
            if (!setting.hasVariable()) {
                continue;
            }
            String key = setting.key().replace("<name>", "a-b");
            String value = setting.value().isNull()
                    ? Map.of("URL", "http://x", "duration", "1s", "variable name", "X", "number, 1 to 10", "2")
                            .getOrDefault(setting.type(), "x")
                    : setting.value().isTextual()
                            ? setting.value().textValue()
                            : setting.value().toString();
            if (setting.type().equals("list of texts")) {
                value = key.equals("plugins.trusted-keys")
                        ? certificate().toString()
                        : key.endsWith("retries.on") ? "429,5xx" : "*";
            }
            if (key.equals("pricing.file")) {
                value = Files.writeString(directory.resolve("prices.json"), "{\"prices\":{}}")
                        .toString();
            }

            LoadedConfig loaded = new Configs(directory)
                    .variable(Setting.variable(key), value)
                    .load();

            assertThat(loaded.origins()).containsOnlyKeys(key);
            assertThat(loaded.warnings()).isEmpty();
        }
    }

    @Test
    @DisplayName("trusted keys are read with the configuration, each file with all its certificates")
    void trustedKeys() throws IOException {
        Path two = directory.resolve("two.pem");
        Files.writeString(two, "Acme's\n" + Files.readString(certificate()).repeat(2));

        GatewayConfig.Plugins plugins = new Configs(directory)
                .file(
                        "gateway.yaml",
                        "plugins: { verify: require-signature, lock: /etc/p.lock, trusted-keys: ['" + certificate()
                                + "', '" + two + "'] }\n")
                .config()
                .plugins();

        assertThat(plugins.verify()).isEqualTo(GatewayConfig.Verify.REQUIRE_SIGNATURE);
        assertThat(plugins.lock()).isEqualTo(Path.of("/etc/p.lock"));
        assertThat(plugins.trustedKeys())
                .extracting(key ->
                        key.file().getFileName() + " " + key.certificates().size())
                .containsExactly("acme.pem 1", "two.pem 2");
    }

    private static Path certificate() {
        return Path.of("src/test/resources/acme.pem").toAbsolutePath();
    }

    @Test
    @DisplayName("a GATEWAY_ variable that stands for nothing is a warning; those of platforms and of keys are not")
    void unknownVariables() {
        LoadedConfig loaded = new Configs(directory)
                .file("gateway.yaml", "providers: { groq: { keys: [{ env: GATEWAY_GROQ }] } }\n")
                .variable("GATEWAY_SERVR_PORT", "1")
                .variable("GATEWAY_GROQ", "gsk_0123456789abcdef")
                .variable("GATEWAY_SERVICE_HOST", "10.0.0.1")
                .variable("GATEWAY_PORT", "tcp://10.0.0.1:80")
                .variable("GATEWAY_PORT_80_TCP_ADDR", "10.0.0.1")
                .variable("GATEWAY_VERSION", "3")
                .variable("GATEWAY_JAR", "/opt/gateway/lib/gateway.jar")
                .load();

        assertThat(loaded.warnings())
                .hasToString("[GW-C10 env GATEWAY_SERVR_PORT: stands for no key of the configuration. "
                        + "Did you mean GATEWAY_SERVER_PORT?]");
    }

    @Test
    @DisplayName("a named file that is missing is a problem, and so is a directory")
    void missing() {
        assertThat(new Configs(directory).named("nope.yaml").named(".").problems())
                .containsExactly(
                        "GW-C01 nope.yaml: does not exist (named by --config)",
                        "GW-C01 : is a directory (named by --config). Name the file in it: gateway.yaml");
        assertThat(new Configs(directory)
                        .variable("GATEWAY_CONFIG", "/nope/x.yaml")
                        .problems())
                .containsExactly("GW-C01 /nope/x.yaml: does not exist (named by GATEWAY_CONFIG)");
    }

    @Test
    @DisplayName("problems of all files, variables and flags are told at once, numbered, in the order of their places")
    void allAtOnce() {
        Configs configs = new Configs(directory)
                .file("gateway.yaml", "log: { level: loud }\nserver: { port: x }\n")
                .file("conf.d/a.yaml", "plugins: [\n")
                .file("conf.d/b.yaml", "auth: { open: yes, opn: no }\n")
                .variable("GATEWAY_PLUGINS_WATCH", "1")
                .flag("--host", "server.host", "a b");

        assertThat(configs.problems())
                .containsExactly(
                        "GW-C06 gateway.yaml:1:15 log.level must be one of error, warn, info, debug, not \"loud\"",
                        "GW-C06 gateway.yaml:2:17 server.port must be a whole number from 0 to 65535, not \"x\"",
                        "GW-C02 conf.d/a.yaml:2:1 is not valid YAML: while parsing a flow node, "
                                + "expected the node content, but found '<stream end>'",
                        "GW-C06 conf.d/b.yaml:1:15 auth.open must be true or false, not \"yes\"",
                        "GW-C03 conf.d/b.yaml:1:20 unknown key \"opn\" in auth. Did you mean \"open\"?",
                        "GW-C06 env GATEWAY_PLUGINS_WATCH: plugins.watch must be true or false, not \"1\"",
                        "GW-C06 --host: server.host must be an address or host name without port, such as 127.0.0.1, "
                                + "not \"a b\"");
        assertThatThrownBy(configs::load)
                .hasMessageStartingWith("the configuration has 7 problems:" + System.lineSeparator()
                        + "  1) GW-C06 gateway.yaml:1:15 log.level");
    }

    @Test
    @DisplayName("a file cut off anywhere is refused or means what its lines say, but never crashes")
    void truncated() throws Exception {
        String text = "server: { port: 8080, cors: { origins: [\"http://a\"] } }\nproviders:\n  groq:\n    keys:\n"
                + "      - { env: A }\n";
        for (int length = 0; length < text.length(); length++) {
            Files.writeString(directory.resolve("gateway.yaml"), text.substring(0, length));

            List<String> problems = new Configs(directory).problems();

            assertThat(problems).allMatch(problem -> problem.matches("(?s)GW-C0[2-8] gateway.yaml:\\d+:\\d+ .*"));
            if (length > 9 && length < text.indexOf('\n')) {
                assertThat(problems).as(text.substring(0, length)).isNotEmpty();
            }
        }
    }

    @Test
    @DisplayName("what is not UTF-8 is refused")
    void notUtf8() throws Exception {
        Files.write(directory.resolve("gateway.yaml"), new byte[] {'a', ':', ' ', (byte) 0xff, (byte) 0xfe, '\n'});

        assertThat(new Configs(directory).problems())
                .containsExactly("GW-C02 gateway.yaml: is not a YAML file in UTF-8");
    }
}
