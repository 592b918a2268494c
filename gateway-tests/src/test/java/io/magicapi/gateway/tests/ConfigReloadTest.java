package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AdminCalls.Told;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The configuration changes while the gateway runs: whole or not at all, and no request is lost")
class ConfigReloadTest {

    /** Leaves a file when it is stopped, and does not start with the option {@code fail}. */
    private static final String SHAPE = """
            import io.magicapi.gateway.api.*;
            import java.nio.file.*;
            import org.pf4j.Extension;

            @Extension
            public class Shape implements Provider {
                private volatile String option = "";
                private volatile String stopped = "";

                @Override public String name() { return "shape"; }
                @Override public String baseUrl() { return "http://127.0.0.1:9"; }

                @Override public void start(ProviderContext context) {
                    option = context.options().path("o").asText();
                    stopped = context.options().path("stopped").asText();
                    if (option.equals("fail")) {
                        throw new IllegalStateException("option o must not be fail");
                    }
                }

                @Override public void stop() {
                    if (!stopped.isEmpty()) {
                        try {
                            Files.writeString(Path.of(stopped), option);
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    }
                }

                @Override public Headers processHeaders(Headers client, Call call) {
                    return Provider.super.processHeaders(client, call).with("x-option", option);
                }
            }
            """;

    private static final String FIRST = """
            providers:
              shape:
                base-url: ${upstream}
                keys: [{ file: "${home}/key" }]
                options: { o: first, stopped: "${home}/stopped" }
              other:
                plugin: shape
                base-url: ${upstream}/other
                keys: [{ file: "${home}/key" }]
            models:
              smart: { route: [shape/one] }
            catalogue: { refresh: off }
            """;

    private final GatewayExtension gateway = new GatewayExtension()
            .plugin(PluginJar.of("shapes").source(SHAPE))
            .environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY)
            .configFile(FIRST);

    private final FakeUpstream elsewhere = FakeUpstream.start();

    @BeforeEach
    void start() throws Exception {
        gateway.start();
        writeKey("key-1");
        assertThat(reload().status()).isEqualTo(200);
    }

    @AfterEach
    void stop() throws Exception {
        gateway.stop();
        elsewhere.close();
    }

    private AdminCalls admin() {
        return AdminCalls.of(gateway);
    }

    private Told reload() {
        return admin().post("/admin/config/reload");
    }

    private Told reload(String yaml) {
        write(yaml);
        return reload();
    }

    private void write(String yaml) {
        try {
            gateway.writeConfig(yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void writeKey(String key) throws IOException {
        Files.writeString(gateway.home().resolve("key"), key + "\n");
    }

    private Reply ask(String provider, String body) {
        try (AnswerClient client = new AnswerClient(gateway)) {
            return client.withoutKey(provider, body).read();
        }
    }

    private Reply askFor(String model) {
        try (AnswerClient client = new AnswerClient(gateway)) {
            String body = CHAT.replace("\"m\"", '"' + model + '"');
            return client.send(
                            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n"
                                    + "content-length: " + body.length() + "\r\n\r\n" + body)
                    .read();
        }
    }

    /** {@return the key that a request to the provider gets now} */
    private String key(String provider) {
        gateway.upstream().reset();
        assertThat(ask(provider, CHAT).status()).isEqualTo(200);
        return gateway.upstream().awaitRequest().header("authorization").orElse("none");
    }

    private static List<String> changes(JsonNode reloaded) {
        List<String> changes = new ArrayList<>();
        reloaded.path("changes")
                .forEach(change -> changes.add(change.path("key").asText() + " "
                        + change.path("before").asText() + " "
                        + change.path("after").asText()
                        + (change.path("needs_restart").asBoolean() ? " restart" : "")));
        return changes;
    }

    private static List<String> providers(JsonNode reloaded) {
        List<String> providers = new ArrayList<>();
        reloaded.path("providers").forEach(provider -> providers.add(provider.asText()));
        return providers;
    }

    /** Requests one after the other, until it is closed. */
    private final class Traffic implements AutoCloseable {

        private final AtomicInteger served = new AtomicInteger();
        private final List<String> failed = new ArrayList<>();
        private volatile boolean over;
        private final CompletableFuture<Void> running =
                CompletableFuture.runAsync(this::run, task -> new Thread(task, "traffic").start());

        private void run() {
            while (!over) {
                Reply reply = ask("shape", served.get() % 2 == 0 ? CHAT : STREAM);
                if (reply.status() == 200 && reply.whole()) {
                    served.incrementAndGet();
                } else {
                    failed.add(reply.toString());
                }
            }
        }

        void awaitMore() {
            int before = served.get();
            await().until(() -> served.get() > before + 1 || !failed.isEmpty());
        }

        @Override
        public void close() {
            over = true;
            running.join();
            assertThat(failed)
                    .as("of %s requests", served.get() + failed.size())
                    .isEmpty();
            assertThat(served).hasPositiveValue();
        }
    }

    /** What is wrong with a file, and the code that says so. */
    private static Map<String, String> bad() {
        return Map.ofEntries(
                Map.entry("providers: { shape: { base-url: http://x", "GW-C02"),
                Map.entry(FIRST + "\tserver: {}\n", "GW-C02"),
                Map.entry(FIRST + "server: { port: \"8080 }\n", "GW-C02"),
                Map.entry(FIRST + "log: !env LEVEL\n", "GW-C02"),
                Map.entry(FIRST + "---\nlog: { level: debug }\n", "GW-C02"),
                Map.entry(FIRST + "server: &s { port: 1 }\nadmin: { <<: *s }\n", "GW-C02"),
                Map.entry(FIRST + "colour: blue\n", "GW-C03"),
                Map.entry(FIRST + "log: { levle: debug }\n", "GW-C03"),
                Map.entry(FIRST + "catalogue: { refresh: 1h }\n", "GW-C04"),
                Map.entry(FIRST.replace("plugin: shape", "plugin: shape\n    plugin: shape"), "GW-C04"),
                Map.entry(FIRST + "log: debug\n", "GW-C05"),
                Map.entry("- providers\n", "GW-C05"),
                Map.entry(FIRST + "server: { limits: [] }\n", "GW-C05"),
                Map.entry(FIRST + "server: { limits: { connections: many } }\n", "GW-C06"),
                Map.entry(FIRST + "server: { limits: { body: 3 apples } }\n", "GW-C06"),
                Map.entry(FIRST + "server: { timeouts: { drain: 10 } }\n", "GW-C06"),
                Map.entry(FIRST.replace("base-url: ${upstream}/other", "base-url: elsewhere"), "GW-C06"),
                Map.entry(FIRST + "server: { host: 0.0.0.0 }\n", "GW-C07"),
                Map.entry(FIRST.replace("file: \"${home}/key\"", "value: sk-CANARY"), "GW-C08"),
                Map.entry(FIRST + "version: 2\n", "GW-C09"),
                Map.entry(FIRST.replace("o: first", "o: fail"), "GW-P08"));
    }

    @Test
    @DisplayName(
            "R10: under traffic, 21 bad forms are refused with their reasons, and what was in use serves all requests")
    void badForms() throws Exception {
        int refused = 0;
        try (Traffic traffic = new Traffic()) {
            for (Map.Entry<String, String> form : bad().entrySet()) {
                Told told = reload(form.getKey());

                assertThat(told.status()).as(form.getKey()).isEqualTo(422);
                assertThat(told.error("code")).isEqualTo("GW-A10");
                assertThat(told.error("message"))
                        .as(form.getKey())
                        .contains(form.getValue(), "what was in use stays in use")
                        .doesNotContain("CANARY");
                if (form.getValue().startsWith("GW-C")) {
                    assertThat(told.error("message")).contains("gateway.yaml");
                }
                refused++;
            }
            Files.setPosixFilePermissions(gateway.configFile(), Set.of());
            if (!Files.isReadable(gateway.configFile())) { // root reads all the same
                assertThat(reload().error("message")).contains("GW-C01", "permission denied");
            }
            Files.delete(gateway.configFile());
            assertThat(reload().error("message")).contains("GW-C01", "gateway.yaml");
            Files.createDirectory(gateway.configFile());
            assertThat(reload().error("message")).contains("GW-C01", "gateway.yaml");
            Files.delete(gateway.configFile());
            traffic.awaitMore();

            JsonNode status = admin().get("/admin/config").json();
            assertThat(status.path("last_error").path("problems").path(0).asText())
                    .startsWith("GW-C01");
            assertThat(status.path("settings")
                            .path("providers.shape.options")
                            .path("value")
                            .path("o")
                            .asText())
                    .isEqualTo("first");
            assertThat(reload(FIRST).status()).isEqualTo(200);
            assertThat(admin().get("/admin/config").json().has("last_error")).isFalse();
        }
        assertThat(refused).isEqualTo(21);
        gateway.upstream()
                .requests()
                .forEach(request -> assertThat(request.headers("x-option")).containsExactly("first"));
    }

    @Test
    @DisplayName(
            "a stream that is open when its provider changes ends whole on the old one; new requests use the new one")
    void streamStays() {
        Path stopped = gateway.home().resolve("stopped");
        gateway.upstream().enqueue(Streams.paced(Duration.ofMillis(700)));
        AnswerClient stream = new AnswerClient(gateway).withoutKey("shape", STREAM);
        gateway.upstream().awaitRequest();
        stream.readUntil("data: ");

        try (Traffic traffic = new Traffic()) {
            traffic.awaitMore();
            Told told = reload(FIRST.replaceFirst("base-url: \\$\\{upstream}", "base-url: " + elsewhere.baseUrl())
                    .replace("o: first", "o: second"));
            traffic.awaitMore();

            assertThat(told.status()).as(told.body()).isEqualTo(200);
            assertThat(changes(told.json()))
                    .hasSize(2)
                    .first()
                    .asString()
                    .isEqualTo("providers.shape.base-url " + gateway.upstream().baseUrl() + " " + elsewhere.baseUrl());
            assertThat(providers(told.json())).containsExactly("shape");
        }

        ReceivedRequest now = elsewhere.awaitRequest();
        assertThat(now.headers("x-option")).containsExactly("second");
        assertThat(stopped).as("the old one is at work").doesNotExist();
        assertThat(stream.readUntil("data: [DONE]")).contains("finish_reason");
        stream.close();
        await().untilAsserted(() -> assertThat(stopped).hasContent("first"));
    }

    @Test
    @DisplayName(
            "a key file that changes is followed without being asked; one that goes keeps its key; nothing is restarted")
    void keyRotation() throws Exception {
        assertThat(key("shape")).isEqualTo("Bearer key-1");
        try (Traffic traffic = new Traffic();
                LogCapture log = LogCapture.of("io.magicapi.gateway")) {
            writeKey("key-2");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> log.lines().stream()
                            .anyMatch(
                                    line -> line.contains("the configuration was reloaded: a file holds another key")));
            traffic.awaitMore();
            assertThat(String.join("\n", log.lines())).doesNotContain("key-2");

            Files.delete(gateway.home().resolve("key"));
            assertThat(providers(reload().json())).isEmpty();
            assertThat(log.lines()).anyMatch(line -> line.contains("the key it had before stays in use"));
        }
        assertThat(key("shape")).isEqualTo("Bearer key-2");
        assertThat(gateway.home().resolve("stopped")).doesNotExist();
        assertThat(gateway.gateway().plugins()).noneMatch(plugin -> plugin.inFlight() > 0);
    }

    @Test
    @DisplayName("providers and routes come and go with the file, which is followed without being asked")
    void comeAndGo() {
        gateway.upstream().answerWith(Answer.echo());
        assertThat(askFor("smart").status()).isEqualTo(200);
        assertThat(gateway.upstream().awaitRequest().json().path("model").asText())
                .isEqualTo("one");
        gateway.upstream().reset();

        try (Traffic traffic = new Traffic()) {
            write(FIRST.replace("  other:", "  lab:").replace("shape/one", "lab/two"));
            await().atMost(Duration.ofSeconds(20))
                    .until(() ->
                            admin().get("/admin/config").json().path("version").asInt() == 3);
            traffic.awaitMore();
        }

        gateway.upstream().reset();
        assertThat(askFor("smart").status()).isEqualTo(200);
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.target()).startsWith("/other/");
        assertThat(received.json().path("model").asText()).isEqualTo("two");
        assertThat(ask("other", CHAT).error().path("code").asText()).isEqualTo("provider_not_found");
    }

    @Test
    @DisplayName("a folder that is mounted anew by swapping a link, as Kubernetes does, is followed")
    void swappedLink() throws Exception {
        Path home = gateway.home();
        Files.move(
                gateway.configFile(), Files.createDirectory(home.resolve("v1")).resolve("gateway.yaml"));
        Files.createSymbolicLink(home.resolve("current"), Path.of("v1"));
        Files.createSymbolicLink(gateway.configFile(), Path.of("current/gateway.yaml"));
        Path second = Files.createDirectory(home.resolve("v2")).resolve("gateway.yaml");
        Files.writeString(
                second, Files.readString(home.resolve("v1/gateway.yaml")).replace("o: first", "o: second"));
        Path link = Files.createSymbolicLink(home.resolve("next"), Path.of("v2"));

        Files.move(link, home.resolve("current"), StandardCopyOption.ATOMIC_MOVE);

        await().atMost(Duration.ofSeconds(20)).until(() -> {
            gateway.upstream().reset();
            ask("shape", CHAT);
            return gateway.upstream().awaitRequest().headers("x-option").contains("second");
        });
    }

    @Test
    @DisplayName(
            "a file of conf.d that is added is followed, and one that was wrong is when it has been corrected in place")
    void dropIns() throws Exception {
        Path dropIns = Files.createDirectory(gateway.home().resolve("conf.d"));
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.reload")) {
            Files.writeString(dropIns.resolve("20.yaml"), "server: { limits: { body: 2 } }\n");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> log.lines().stream().anyMatch(line -> line.contains("GW-C06 conf.d/20.yaml:1:27")));

            Files.writeString(dropIns.resolve("20.yaml"), "server: { limits: { body: 2KiB } }\n");
            await().atMost(Duration.ofSeconds(20))
                    .until(() ->
                            log.lines().stream().anyMatch(line -> line.contains("server.limits.body: 32MiB → 2KiB")));
        }

        Reply refused = ask("shape", CHAT.replace("hi", "x".repeat(3000)));
        assertThat(refused.error().path("code").asText()).isEqualTo("body_too_large");
    }

    @Test
    @DisplayName("of very many changes the log tells some, and the answer all")
    void manyChanges() {
        String models = IntStream.range(0, 80)
                .mapToObj(i -> "  m" + i + ": { route: [shape/x] }\n")
                .collect(Collectors.joining("", "models:\n", ""));
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.reload")) {
            Told told = reload(FIRST.replaceFirst("models:\\n", models));

            assertThat(changes(told.json())).hasSize(80);
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("was reloaded"))
                    .singleElement(STRING)
                    .contains("models.m49.route")
                    .doesNotContain("models.m50.route")
                    .contains("; and 30 more");
        }
    }

    @Test
    @DisplayName("what cannot follow is named, until the file says again what the gateway was started with")
    void needsRestart() {
        Told told = reload(FIRST + "server: { host: localhost, limits: { in-flight: 7 } }\nlog: { format: json }\n");

        assertThat(changes(told.json()))
                .containsExactly(
                        "server.host 127.0.0.1 localhost restart",
                        "server.limits.in-flight 20000 7",
                        "log.format auto json restart");
        assertThat(admin().get("/admin/config").json().path("needs_restart").findValuesAsText("key"))
                .containsExactly("server.host", "log.format");
        assertThat(ask("shape", CHAT).status()).isEqualTo(200);

        assertThat(changes(reload(FIRST).json()))
                .as("what goes back needs none")
                .containsExactly(
                        "server.host localhost 127.0.0.1", "server.limits.in-flight 7 20000", "log.format json auto");
        assertThat(admin().get("/admin/config").json().path("needs_restart")).isEmpty();
    }

    @Test
    @DisplayName("pages, callers' keys and limits of providers follow")
    void settingsFollow() {
        reload(FIRST.replaceFirst("options:", "limits: { in-flight: 1, waiting: 0 }\n    options:")
                + "server: { cors: { origins: [\"https://a.example\"] } }\nauth: { passthrough: false }\n");

        try (AnswerClient page = new AnswerClient(gateway)) {
            Reply reply =
                    page.withoutKey("shape", CHAT, "origin: https://a.example").read();
            assertThat(reply.header("access-control-allow-origin")).contains("https://a.example");
        }
        gateway.upstream().reset();
        assertThat(AnswerClient.ask(gateway, "shape", CHAT, new String[0]).status())
                .isEqualTo(200);
        assertThat(gateway.upstream().awaitRequest().headers("authorization")).containsExactly("Bearer key-1");
        gateway.upstream().enqueue(Answer.nothing().stall());
        try (AnswerClient holder = new AnswerClient(gateway).withoutKey("shape", CHAT)) {
            await().until(() -> gateway.gateway().inFlight() == 1
                    && gateway.upstream().requests().size() == 2);
            assertThat(ask("shape", CHAT).status()).isEqualTo(503);
            assertThat(reload(FIRST).status()).isEqualTo(200);
            assertThat(ask("shape", CHAT).status()).isEqualTo(200);
        }
    }
}
