package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AdminCalls.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Canary;
import io.magicapi.gateway.config.GatewayConfig.PluginSettings;
import io.magicapi.gateway.config.Percent;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.tests.AdminCalls.Told;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.Level;

@DisplayName("The admin API does to plugins what operators with its key ask, and nothing for anybody else")
class AdminApiTest {

    private static final String AUTHORIZATION = "authorization";
    private static final String BEARER = "Bearer " + KEY;

    private final GatewayExtension gateway = new GatewayExtension()
            .plugin(acme("1.0.0"))
            .provider("acme", "")
            .provider("beta", "")
            .environment("GATEWAY_ADMIN_KEY", KEY)
            .config(AdminApiTest::tryBeta);

    @SuppressWarnings("NullAway.Init") // before each test
    private AdminCalls admin;

    private static GatewayConfig tryBeta(GatewayConfig config) {
        Canary half = new Canary(Optional.of(Percent.of(50)), 1000, 1000, Percent.of(100), Percent.of(100));
        return config.withPlugins(config.plugins()
                .withDrain(Duration.ofSeconds(1))
                .withEach(Map.of("beta", new PluginSettings(Optional.empty(), half))));
    }

    private static PluginJar acme(String version) {
        return PluginJar.of("acme").version(version).provider("acme", "https://api.acme.test");
    }

    private static PluginJar beta(String version) {
        return PluginJar.of("beta").version(version).provider("beta", "https://api.beta.test");
    }

    @BeforeEach
    void start() throws Exception {
        gateway.start();
        admin = AdminCalls.of(gateway);
    }

    @AfterEach
    void stop() throws Exception {
        gateway.stop();
    }

    private String serving() {
        return gateway.gateway().providers().stream()
                .filter(provider -> provider.name().equals("acme"))
                .map(provider -> provider.pluginVersion())
                .findFirst()
                .orElse("none");
    }

    /** Puts a jar into the folder and loads it without waiting for the watcher. */
    private Told load(PluginJar jar, String file) {
        jar.write(gateway.plugins().resolve(file));
        return admin.post("/admin/plugins/load", "{\"file\":\"" + file + "\"}");
    }

    @Test
    @DisplayName("status tells of each version id, state, since when, hash, file, providers and requests in flight")
    void status() {
        Told told = admin.get("/admin/plugins");

        assertThat(told.status()).isEqualTo(200);
        assertThat(told.response().headers().firstValue("content-type")).hasValue("application/json");
        JsonNode echo = told.json().path("plugins").path(0);
        assertThat(echo.path("id").asText()).isEqualTo("echo");
        assertThat(echo.path("version").asText()).isEqualTo("built in");
        JsonNode acme = told.json().path("plugins").path(1);
        assertThat(acme.path("id").asText()).isEqualTo("acme");
        assertThat(acme.path("version").asText()).isEqualTo("1.0.0");
        assertThat(acme.path("state").asText()).isEqualTo("ready");
        assertThat(acme.path("since").asText()).endsWith("Z");
        assertThat(acme.path("sha256").asText()).matches("[0-9a-f]{64}");
        assertThat(acme.path("file").asText()).isEqualTo("acme-1.0.0.jar");
        assertThat(acme.path("in_flight").asInt(-1)).isZero();
        assertThat(acme.path("providers").path(0).path("name").asText()).isEqualTo("acme");
        assertThat(told.json().path("class_loaders").path("alive").asInt()).isEqualTo(1);

        assertThat(admin.get("/admin/plugins/acme").json().path("versions").path(0))
                .isEqualTo(acme);
        assertThat(admin.send("HEAD", "/admin/plugins", BodyPublishers.noBody(), AUTHORIZATION, BEARER)
                        .status())
                .isEqualTo(200);
    }

    @Test
    @DisplayName("each operation answers when it is done, with how the plugin stands then")
    void operations() {
        assertThat(load(acme("1.1.0"), "acme-1.1.0.jar").standing()).isEqualTo("ready 1.1.0");
        assertThat(serving()).isEqualTo("1.1.0");

        assertThat(admin.post("/admin/plugins/acme/unload").standing()).isEqualTo("unloaded 1.1.0");
        assertThat(serving()).isEqualTo("none");

        assertThat(load(acme("1.1.0"), "acme-1.1.0.jar").standing()).isEqualTo("ready 1.1.0");
        assertThat(admin.post("/admin/plugins/acme/reload").standing()).isEqualTo("ready 1.1.0");

        assertThat(admin.post("/admin/plugins/acme/pin", "{\"version\":\"1.0.0\"}")
                        .standing())
                .isEqualTo("ready 1.0.0");
        assertThat(serving()).isEqualTo("1.0.0");

        assertThat(admin.post("/admin/plugins/acme/unpin").status()).isEqualTo(200);
        await().atMost(Duration.ofSeconds(10)).until(() -> serving().equals("1.1.0"));

        assertThat(admin.post("/admin/plugins/acme/rollback").standing()).isEqualTo("ready 1.0.0");
        assertThat(serving()).isEqualTo("1.0.0");

        load(beta("1.0.0"), "beta.jar");
        assertThat(load(beta("1.1.0"), "beta.jar").standing()).isEqualTo("canary 1.1.0");
        assertThat(admin.standings("beta")).contains("ready 1.0.0", "canary 1.1.0");
        assertThat(admin.post("/admin/plugins/beta/promote").standing()).isEqualTo("ready 1.1.0");

        Told verified = admin.post("/admin/plugins/verify", "{\"file\":\"beta.jar\"}");
        assertThat(verified.status()).isEqualTo(200);
        assertThat(verified.json().path("id").asText()).isEqualTo("beta");
        assertThat(verified.json().path("version").asText()).isEqualTo("1.1.0");
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            POST | acme/promote | `` | 409 | GW-P35 no new version of plugin acme is being tried.
            POST | acme/rollback | `` | 409 | GW-P35
            POST | acme/pin | {"version":"9.9.9"} | 409 | GW-P35 no file in
            POST | acme/pin | {} | 400 | GW-A05 the body must be JSON such as {"version":"1.2.3"}
            POST | acme/pin | [1] | 400 | GW-A05
            POST | load | {"file":"absent.jar"} | 409 | GW-P35 there is no file absent.jar
            POST | load | {"file":"../acme.jar"} | 400 | GW-A05 "../acme.jar" is not the name of a jar
            POST | load | {"file":".hidden.jar"} | 400 | GW-A05
            POST | load | {"file":"a\\u0000.jar"} | 400 | GW-A05
            POST | verify | {"file":"..\\\\acme.jar"} | 400 | GW-A05
            POST | load | {"file":"acme.part"} | 400 | GW-A05
            POST | load | {"file":7} | 400 | GW-A05 the body must be JSON such as {"file":"acme-1.0.0.jar"}
            POST | load | {"file":"broken.jar"} | 422 | GW-P12 broken.jar is not a complete jar
            POST | verify | {"file":"broken.jar"} | 422 | GW-P12 broken.jar is not a complete jar
            POST | verify | {"file":"absent.jar"} | 404 | GW-A06 there is no file absent.jar
            POST | amce/unload | `` | 404 | GW-A06 there is no plugin "amce". Did you mean "acme"?
            GET | whatever-else | `` | 404 | GW-A06 there is no plugin "whatever-else". There is: echo, acme
            GET | acme/reload | `` | 405 | GW-A04 method GET is not served here; use POST
            DELETE | acme | `` | 405 | GW-A04 method DELETE is not served here; use GET, HEAD
            GET | acme/explode | `` | 404 | GW-A03 unknown URL: GET /admin/plugins/acme/explode
            POST | `` | jar | 403 | GW-A07 this gateway takes no uploads
            """)
    @DisplayName("what cannot be done is refused with a code and a way out, and changes nothing")
    void refusals(String method, String path, String body, int status, String error) throws IOException {
        Files.writeString(gateway.plugins().resolve("broken.jar"), "no jar");
        String url = "/admin/plugins" + (path.isEmpty() ? "" : "/" + path);

        Told told = admin.send(method, url, BodyPublishers.ofString(body), AUTHORIZATION, BEARER);

        assertThat(told.error()).startsWith(error);
        assertThat(told.status()).isEqualTo(status);
        assertThat(told.json().path("error").path("type").asText()).isNotEmpty();
        assertThat(serving()).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName("a jar that is refused answers with what the log says, and the version before serves on")
    void refusedJar() {
        Told told = load(acme("2.0.0").requires(">=99.0"), "acme-1.0.0.jar");

        assertThat(told.status()).isEqualTo(422);
        assertThat(told.error())
                .startsWith("GW-P03 acme 2.0.0 needs gateway-api >=99.0")
                .contains("The previous version 1.0.0")
                .contains("keeps serving.");
        assertThat(serving()).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName("without its key nothing is told and nothing done, whatever is asked; nor for a browser's page")
    void admission() {
        for (String path : List.of("/admin/plugins", "/admin/plugins/acme", "/", "/admin/nothing")) {
            Told none = admin.send("GET", path, BodyPublishers.noBody());
            assertThat(none.status()).isEqualTo(401);
            assertThat(none.error())
                    .startsWith("GW-A01 the admin API wants its key")
                    .contains("GATEWAY_ADMIN_KEY");
            assertThat(none.response().headers().firstValue("www-authenticate")).hasValue("Bearer");
        }
        for (String wrong : List.of("Bearer " + KEY + "x", "Bearer", "Bearer ", KEY, "Basic " + KEY, "Bearer gsk_1")) {
            Told told = admin.send("POST", "/admin/plugins/acme/unload", BodyPublishers.noBody(), AUTHORIZATION, wrong);
            assertThat(told.status()).as(wrong).isEqualTo(401);
            assertThat(told.error()).startsWith("GW-A01 this is not the key");
        }
        Told twice = admin.send(
                "GET", "/admin/plugins", BodyPublishers.noBody(), AUTHORIZATION, BEARER, AUTHORIZATION, BEARER);
        assertThat(twice.status()).isEqualTo(401);
        for (String origin : List.of("https://evil.example", "null", "http://127.0.0.1")) {
            Told page = admin.send(
                    "POST",
                    "/admin/plugins/acme/unload",
                    BodyPublishers.noBody(),
                    AUTHORIZATION,
                    BEARER,
                    "Origin",
                    origin);
            assertThat(page.status()).isEqualTo(403);
            assertThat(page.error()).startsWith("GW-A02");
            assertThat(page.response().headers().map().keySet()).noneMatch(name -> name.startsWith("access-control"));
        }
        assertThat(serving()).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName("on the port for clients no path of the admin API does anything, with its key or without")
    void notOnTheDataPort() {
        JsonNode before = admin.get("/admin/plugins").json().path("plugins");
        AdminCalls clients = new AdminCalls(gateway.uri("/"));
        String body = "{\"file\":\"acme-1.0.0.jar\",\"version\":\"1.0.0\"}";
        for (String path : List.of(
                "",
                "/acme",
                "/load",
                "/verify",
                "/acme/reload",
                "/acme/unload",
                "/acme/rollback",
                "/acme/promote",
                "/acme/pin",
                "/acme/unpin")) {
            for (Told told :
                    List.of(clients.get("/admin/plugins" + path), clients.post("/admin/plugins" + path, body))) {
                assertThat(told.status()).as(path).isEqualTo(404);
                assertThat(told.error("code")).isEqualTo("unknown_url");
            }
            // Below /v1 are the providers' paths, whatever they are called.
            clients.post("/v1/admin/plugins" + path, body);
            clients.post("/v1/../admin/plugins" + path, body);
        }
        assertThat(clients.told()).doesNotContain("class_loaders").doesNotContain("sha256");
        assertThat(admin.get("/admin/plugins").json().path("plugins")).isEqualTo(before);
    }

    @Test
    @DisplayName("the audit names who asked and from where; the key is in no log and no answer")
    void auditAndSecrets() {
        List<String> audit;
        List<String> all;
        try (LogCapture log = LogCapture.of("io.magicapi.gateway", Level.TRACE);
                LogCapture root = LogCapture.of(org.slf4j.Logger.ROOT_LOGGER_NAME);
                LogCapture lines = LogCapture.of("io.magicapi.gateway.audit")) {
            admin.post("/admin/plugins/acme/reload");
            admin.post("/admin/plugins/acme/unload");
            load(acme("1.5.0").requires("nonsense"), "acme-1.0.0.jar");
            load(acme("1.6.0"), "acme-1.0.0.jar");
            admin.get("/admin/plugins");
            admin.get("/admin/plugins?key=" + KEY);
            admin.send("GET", "/admin/plugins/x", BodyPublishers.noBody(), AUTHORIZATION, "Basic " + KEY);
            await().until(() -> lines.lines().stream().anyMatch(line -> line.contains("1.6.0")));
            audit = lines.lines();
            all = new ArrayList<>(log.lines());
            all.addAll(root.lines());
        }

        for (String deed : List.of("action=\"swap\"", "action=\"remove\"", "action=\"refuse\"", "action=\"load\"")) {
            assertThat(audit)
                    .as(deed)
                    .anyMatch(line ->
                            line.contains(deed) && line.matches("(?s).*by=\"admin api 127\\.0\\.0\\.1:\\d+\".*"));
        }
        assertThat(all).as("something was captured").isNotEmpty();
        assertThat(all).noneMatch(line -> line.contains(KEY));
        assertThat(admin.told()).contains("\"plugins\"").doesNotContain(KEY);
    }

    @Test
    @DisplayName("operations that are asked for at the same time are all done, one after the other")
    void concurrent() {
        List<CompletableFuture<Told>> asked = IntStream.range(0, 40)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> switch (i % 4) {
                    case 0 -> admin.post("/admin/plugins/acme/reload");
                    case 1 -> admin.get("/admin/plugins");
                    case 2 -> admin.post("/admin/plugins/acme/pin", "{\"version\":\"1.0.0\"}");
                    default -> admin.post("/admin/plugins/acme/unpin");
                }))
                .toList();

        assertThat(asked).allSatisfy(each -> assertThat(each.join().status()).isEqualTo(200));
        assertThat(serving()).isEqualTo("1.0.0");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> admin.standings("acme"), standings -> standings.equals(List.of("ready 1.0.0")));
    }

    @Test
    @DisplayName("what is no HTTP is refused like anything else")
    void malformed() throws IOException {
        try (java.net.Socket socket = new java.net.Socket(
                "127.0.0.1", gateway.gateway().admin().orElseThrow().port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET  /\0 HTTP/9\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            String answer =
                    new String(socket.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);

            assertThat(answer).startsWith("HTTP/1.").contains(" 400 ", "GW-A05");
        }
    }

    @Test
    @DisplayName("a given key is not written down; what says where the API is goes when the gateway goes")
    void file() throws Exception {
        Path told = gateway.plugins().resolveSibling("data").resolve("admin.json");
        assertThat(Files.readString(told)).contains("http://127.0.0.1:").doesNotContain(KEY);
        assertThat(java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(told)))
                .isEqualTo("rw-------");

        gateway.gateway()
                .shutdown(Duration.ZERO)
                .toCompletionStage()
                .toCompletableFuture()
                .join();

        assertThat(told).doesNotExist();
    }
}
