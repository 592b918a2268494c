package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AdminCalls.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.admin.AdminFile;
import io.magicapi.gateway.cli.ExitCode;
import io.magicapi.gateway.config.GatewayConfig.Admin;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("gateway plugins … asks the running gateway: on its machine without any configuration")
class AdminCommandTest {

    private static final String LOG_SETTING = "logback.configurationFile";

    private final GatewayExtension gateway = new GatewayExtension()
            .plugin(acme("1.0.0"))
            .config(config -> config.withAdmin(
                    new Admin(true, "127.0.0.1", 0, config.admin().key(), true)));

    private final Map<String, String> environment = new HashMap<>();
    private final CommandLine line = new CommandLine();

    @TempDir
    Path directory;

    @BeforeEach
    void start() throws Exception {
        gateway.start();
        System.setProperty(LOG_SETTING, "none"); // the log of the gateway in this process stays as it is
    }

    @AfterEach
    void stop() throws Exception {
        System.clearProperty(LOG_SETTING);
        gateway.stop();
    }

    private static PluginJar acme(String version) {
        return PluginJar.of("acme").version(version).provider("acme", "https://api.acme.test");
    }

    private Path data() {
        return gateway.plugins().resolveSibling("data");
    }

    /** Runs {@code gateway plugins …} against the gateway. */
    private int plugins(String... arguments) {
        return run(data(), arguments);
    }

    private int run(Path data, String... arguments) {
        String[] all = new String[arguments.length + 3];
        all[0] = "plugins";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        all[all.length - 2] = "--data";
        all[all.length - 1] = data.toString();
        return line.run(environment, directory, directory.resolve("home"), all);
    }

    private String out() {
        return line.out();
    }

    private String err() {
        return line.err();
    }

    @Test
    @DisplayName("each operation prints how the plugin stands then, and the audit says that it came from there")
    void operations() {
        try (LogCapture audit = LogCapture.of("io.magicapi.gateway.audit")) {
            assertThat(plugins("status")).as(err()).isZero();
            assertThat(out().lines().findFirst())
                    .hasValueSatisfying(header -> assertThat(header)
                            .matches("PLUGIN +VERSION +STATE +IN FLIGHT +SINCE +PROVIDERS +FILE +MESSAGE"));
            assertThat(out()).containsPattern("acme +1\\.0\\.0 +ready +0 +20\\S+Z +acme +acme-1\\.0\\.0\\.jar");
            assertThat(out()).containsPattern("echo +built in +ready");

            acme("1.1.0").write(gateway.plugins().resolve("acme-1.1.0.jar"));
            assertThat(plugins("load", "acme-1.1.0.jar")).as(err()).isZero();
            assertThat(out()).containsPattern("acme +1\\.1\\.0 +ready");
            assertThat(plugins("rollback", "acme")).isZero();
            assertThat(out()).containsPattern("acme +1\\.0\\.0 +ready");
            assertThat(plugins("load", "acme-1.1.0.jar")).isZero();
            assertThat(plugins("pin", "acme", "1.0.0")).isZero();
            assertThat(out()).containsPattern("acme +1\\.0\\.0 +ready");
            assertThat(plugins("unpin", "acme")).isZero();
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> plugins("status", "acme") == 0 && out().matches("(?s).*acme +1\\.1\\.0 +ready.*"));
            assertThat(plugins("reload", "acme")).isZero();
            assertThat(out()).containsPattern("acme +1\\.1\\.0 +ready");
            assertThat(plugins("unload", "acme")).isZero();
            assertThat(out()).containsPattern("acme +1\\.1\\.0 +unloaded .*GW-P34");
            assertThat(plugins("status", "acme")).isZero();
            assertThat(out()).contains("unloaded").doesNotContain("echo");

            Path jar = acme("1.2.0").write(directory.resolve("built.jar"));
            assertThat(plugins("upload", jar.toString())).as(err()).isZero();
            assertThat(out()).containsPattern("acme +1\\.2\\.0 +ready .*acme-1\\.2\\.0\\.jar");

            assertThat(audit.lines()).anyMatch(line -> line.contains("by=\"cli 127.0.0.1:"));
        }
    }

    @Test
    @DisplayName("a refusal is one line, as the log has it, and exit code 5; a wrong name is a usage error")
    void refusals() throws IOException {
        acme("2.0.0").requires(">=99").write(gateway.plugins().resolve("future.jar"));
        assertThat(plugins("load", "future.jar")).isEqualTo(ExitCode.PLUGIN);
        assertThat(err()).startsWith("GW-P03 acme 2.0.0 needs gateway-api >=99").hasLineCount(1);
        assertThat(plugins("promote", "acme")).isEqualTo(ExitCode.PLUGIN);
        assertThat(err()).startsWith("GW-P35 no new version of plugin acme is being tried.");

        assertThat(plugins("reload", "amce")).isEqualTo(ExitCode.USAGE);
        assertThat(err()).startsWith("GW-A06 there is no plugin \"amce\". Did you mean \"acme\"?");
        assertThat(plugins("upload", "absent.jar")).isEqualTo(ExitCode.USAGE);
        assertThat(err()).startsWith("there is no file");
        assertThat(plugins("reload")).isEqualTo(ExitCode.USAGE);
        assertThat(out()).isEmpty();
    }

    @Test
    @DisplayName("where no gateway runs, or none answers, it says so and what to start: exit code 6")
    void notRunning() throws IOException {
        assertThat(run(directory, "status")).isEqualTo(ExitCode.NETWORK);
        assertThat(err())
                .startsWith("GW-S13 no gateway runs with the data folder " + directory)
                .contains("gateway serve")
                .hasLineCount(1);

        // What a killed gateway leaves: a process that is no more, or a port that nobody listens on.
        Files.writeString(
                AdminFile.in(directory),
                "{\"url\":\"http://127.0.0.1:1\",\"pid\":" + Long.MAX_VALUE + ",\"key\":\"k\"}");
        assertThat(run(directory, "status")).isEqualTo(ExitCode.NETWORK);
        assertThat(err()).startsWith("GW-S13 no gateway runs with the data folder");
        environment.put("GATEWAY_ADMIN_ENABLED", "false");
        assertThat(run(directory, "status")).isEqualTo(ExitCode.NETWORK);
        assertThat(err()).startsWith("GW-S13 the gateway has no admin API, because admin.enabled is false.");
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            free = socket.getLocalPort();
        }
        environment.put("GATEWAY_ADMIN_KEY", KEY);
        assertThat(run(directory, "status", "--admin-url", "http://127.0.0.1:" + free))
                .isEqualTo(ExitCode.NETWORK);
        assertThat(err()).startsWith("GW-S13 no gateway answers at http://127.0.0.1:" + free);
    }

    @Test
    @DisplayName("with --admin-url the key is the given one; it does not travel in clear text to other machines")
    void givenUrl() throws IOException {
        String url = gateway.gateway().admin().orElseThrow().url().toString();
        String made = AdminFile.read(data()).orElseThrow().key().orElseThrow().reveal();

        assertThat(plugins("status", "--admin-url", url)).isEqualTo(ExitCode.CONFIG);
        assertThat(err()).startsWith("GW-S14 there is no key for " + url);
        environment.put("GATEWAY_ADMIN_KEY", KEY);
        assertThat(plugins("status", "--admin-url", url)).isEqualTo(ExitCode.CONFIG);
        assertThat(err())
                .startsWith("GW-A01 this is not the key of the admin API")
                .doesNotContain(KEY);
        Files.writeString(directory.resolve("key"), made + "\n");
        assertThat(plugins("status", "--admin-url", url, "--admin-key-file", "key"))
                .as(err())
                .isZero();
        for (String far : List.of("http://gateway.example:3001", "http://127.0.0.1.example.com:1", "ftp://127.0.0.1")) {
            assertThat(plugins("status", "--admin-url", far)).isEqualTo(ExitCode.USAGE);
            assertThat(err()).startsWith("--admin-url must be");
        }
    }

    @Test
    @DisplayName("a gateway whose admin API cannot be offered does not start, and says why")
    void cannotStart() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            environment.put("GATEWAY_ADMIN_PORT", String.valueOf(taken.getLocalPort()));
            assertThat(serve()).isEqualTo(ExitCode.BIND);
            assertThat(err())
                    .startsWith("GW-S10 the admin API cannot listen: port " + taken.getLocalPort()
                            + " on 127.0.0.1 is in use. Set admin.port")
                    .hasLineCount(1);
        }
        environment.put("GATEWAY_ADMIN_PORT", "0");
        environment.put("GATEWAY_ADMIN_KEY", "short");
        assertThat(serve()).isEqualTo(ExitCode.CONFIG);
        assertThat(err())
                .startsWith("GW-S11 the admin API's key in GATEWAY_ADMIN_KEY must be at least 16")
                .doesNotContain("short");
        environment.put("GATEWAY_ADMIN_KEY_ENV", "MY_KEY");
        assertThat(serve()).isEqualTo(ExitCode.CONFIG);
        assertThat(err()).startsWith("GW-S11 the admin API has no key: MY_KEY (admin.key.env) is unset");
        assertThat(AdminFile.read(directory.resolve("d"))).isEmpty();
    }

    private int serve() {
        return line.run(
                environment,
                directory,
                directory.resolve("home"),
                "serve",
                "--port",
                "0",
                "--plugins",
                directory.resolve("p").toString(),
                "--data",
                directory.resolve("d").toString());
    }
}
