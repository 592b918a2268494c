package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AdminCalls.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig.Admin;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.tests.AdminCalls.Told;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Where admin.plugin-upload is on, a jar that is sent is checked, put into the folder and loaded")
class AdminUploadTest {

    private final GatewayExtension gateway = new GatewayExtension()
            .provider("acme", "")
            .environment("GATEWAY_ADMIN_KEY", KEY)
            .config(config -> config.withAdmin(
                    new Admin(true, "127.0.0.1", 0, config.admin().key(), true)));

    @TempDir
    Path directory;

    @SuppressWarnings("NullAway.Init") // before each test
    private AdminCalls admin;

    @BeforeEach
    void start() throws Exception {
        gateway.start();
        admin = AdminCalls.of(gateway);
    }

    @AfterEach
    void stop() throws Exception {
        gateway.stop();
    }

    private Told upload(PluginJar jar) throws IOException {
        return admin.post("/admin/plugins", BodyPublishers.ofFile(jar.write(directory.resolve("any-name.jar"))));
    }

    private static PluginJar acme(String version) {
        return PluginJar.of("acme").version(version).provider("acme", "https://api.acme.test");
    }

    private List<String> folder() throws IOException {
        try (Stream<Path> files = Files.list(gateway.plugins())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals("README.md"))
                    .sorted()
                    .toList();
        }
    }

    private List<String> awaitFolder(String... names) {
        await().untilAsserted(() -> assertThat(folder()).containsExactly(names));
        return List.of(names);
    }

    @Test
    @DisplayName("a good jar serves when the answer comes, in a file named after its id and version")
    void good() throws IOException {
        Told told = upload(acme("1.0.0"));

        assertThat(told.status()).as(told.body()).isEqualTo(200);
        assertThat(told.standing()).isEqualTo("ready 1.0.0");
        assertThat(told.json().path("file").asText()).isEqualTo("acme-1.0.0.jar");
        assertThat(folder()).containsExactly("acme-1.0.0.jar");
        assertThat(AnswerClient.ask(gateway, "acme", AnswerClient.CHAT, new String[0])
                        .status())
                .isEqualTo(200);

        assertThat(upload(acme("1.1.0")).standing()).isEqualTo("ready 1.1.0");
        assertThat(upload(acme("1.1.0")).status()).as("the same again").isEqualTo(200);
        assertThat(folder()).containsExactly("acme-1.0.0.jar", "acme-1.1.0.jar");
    }

    @Test
    @DisplayName("a bad jar is refused with its message and leaves nothing, whether its bytes or its code are at fault")
    void bad() throws IOException {
        upload(acme("1.0.0"));

        Told incomplete;
        try (LogCapture audit = LogCapture.of("io.magicapi.gateway.audit")) {
            incomplete = admin.post("/admin/plugins", BodyPublishers.ofString("no jar"));
            assertThat(audit.lines())
                    .singleElement()
                    .asString()
                    .contains("action=\"refuse\"", "reason=\"GW-P12 the uploaded jar", "by=\"admin api 127.0.0.1:");
        }
        assertThat(incomplete.status()).isEqualTo(422);
        assertThat(incomplete.error()).isEqualTo("GW-P12 the uploaded jar is not a complete jar (6 bytes).");

        Told future = upload(acme("2.0.0").requires(">=99"));
        assertThat(future.error()).startsWith("GW-P03 acme 2.0.0 needs gateway-api >=99");
        assertThat(folder()).containsExactly("acme-1.0.0.jar");

        Told throwing = upload(PluginJar.of("acme").version("2.0.0").source("""
                package com.acme;

                import io.magicapi.gateway.api.Provider;
                import org.pf4j.Extension;

                @Extension
                public class AcmeProvider implements Provider {
                    public AcmeProvider() {
                        throw new IllegalStateException("boom");
                    }

                    @Override
                    public String name() {
                        return "acme";
                    }

                    @Override
                    public String baseUrl() {
                        return "https://api.acme.test";
                    }
                }
                """));
        assertThat(throwing.status()).isEqualTo(422);
        assertThat(throwing.error()).startsWith("GW-P08 acme 2.0.0").contains("boom");
        assertThat(folder()).containsExactly("acme-1.0.0.jar");
        assertThat(admin.standings("acme")).contains("ready 1.0.0");
    }

    @Test
    @DisplayName("another build under a version that is there already is refused; it would replace what somebody runs")
    void sameVersion() throws IOException {
        upload(acme("1.0.0"));

        Told other = upload(acme("1.0.0").manifest("Plugin-Description", "another"));

        assertThat(other.status()).isEqualTo(409);
        assertThat(other.error()).startsWith("GW-A09 acme-1.0.0.jar is in the plugins folder already");
        assertThat(folder()).containsExactly("acme-1.0.0.jar");
    }

    @Test
    @DisplayName("a body of unknown length, none, or too long a one is refused before it is read")
    void lengths() throws IOException {
        Told chunked = admin.post(
                "/admin/plugins", BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[10])));
        assertThat(chunked.status()).isEqualTo(411);
        assertThat(chunked.error()).startsWith("GW-A08");
        assertThat(admin.post("/admin/plugins").status()).isEqualTo(411);

        try (RawPost post = new RawPost(gateway.gateway().admin().orElseThrow().port(), 1L << 40)) {
            assertThat(post.answer()).startsWith("HTTP/1.1 413").contains("GW-A08");
        }
        assertThat(folder()).isEmpty();
    }

    @Test
    @DisplayName("an upload that breaks off leaves nothing")
    void brokenOff() throws Exception {
        try (RawPost post = new RawPost(gateway.gateway().admin().orElseThrow().port(), 1000)) {
            await().until(() -> folder().stream().anyMatch(name -> name.endsWith(".part")));
        }

        assertThat(awaitFolder()).isEmpty();
    }

    @Test
    @DisplayName("uploads at the same time do not get in each other's way")
    void concurrent() throws IOException {
        List<Path> jars = IntStream.range(0, 6)
                .mapToObj(i -> PluginJar.of("p" + i)
                        .provider("p" + i, "https://api.acme.test")
                        .write(directory.resolve("p" + i + ".jar")))
                .toList();

        List<CompletableFuture<Told>> answers = jars.stream()
                .map(jar -> CompletableFuture.supplyAsync(() -> {
                    try {
                        return admin.post("/admin/plugins", BodyPublishers.ofFile(jar));
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }))
                .toList();

        assertThat(answers)
                .allSatisfy(each -> assertThat(each.join().standing()).isEqualTo("ready 1.0.0"));
        assertThat(folder())
                .containsExactly(
                        "p0-1.0.0.jar", "p1-1.0.0.jar", "p2-1.0.0.jar", "p3-1.0.0.jar", "p4-1.0.0.jar", "p5-1.0.0.jar");
    }

    /** A request whose head announces a body of which only a byte comes. */
    private static final class RawPost implements AutoCloseable {

        private final java.net.Socket socket;

        RawPost(int port, long length) throws IOException {
            socket = new java.net.Socket("127.0.0.1", port);
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(("POST /admin/plugins HTTP/1.1\r\nhost: g\r\nauthorization: Bearer " + KEY
                                    + "\r\ncontent-length: " + length + "\r\n\r\nP")
                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }

        String answer() throws IOException {
            StringBuilder answer = new StringBuilder();
            while (!answer.toString().endsWith("}}")) {
                int next = socket.getInputStream().read();
                if (next < 0) {
                    break;
                }
                answer.append((char) next);
            }
            return answer.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
