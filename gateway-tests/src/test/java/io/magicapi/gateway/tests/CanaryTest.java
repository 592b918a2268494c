package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Canary;
import io.magicapi.gateway.config.GatewayConfig.PluginSettings;
import io.magicapi.gateway.config.Percent;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A new version of a plugin has to prove itself beside the old one, where that is configured. */
class CanaryTest {

    private static final Canary RULES = new Canary(Optional.of(Percent.of(20)), 10, 3, Percent.of(5), Percent.of(100));

    private final GatewayExtension gateway = new GatewayExtension()
            .plugin(acme("1.0.0", ""))
            .provider("acme", "")
            .config(CanaryTest::withCanary);

    private static GatewayConfig withCanary(GatewayConfig config) {
        return config.withPlugins(config.plugins()
                .withDrain(Duration.ofSeconds(30))
                .withEach(Map.of("acme", new PluginSettings(Optional.empty(), RULES))));
    }

    /** Starts again as a gateway that lets requests choose a version. */
    private void startInDevelopment() throws Exception {
        gateway.stop();
        gateway.config(config -> config.withPlugins(config.plugins().inDevelopment()));
        start();
    }

    private static PluginJar acme(String version, String deed) {
        return PluginJar.of("acme").version(version).source("""
                package com.acme;

                import io.magicapi.gateway.api.*;

                @org.pf4j.Extension
                public class AcmeProvider implements Provider {
                    @Override
                    public String name() {
                        return "acme";
                    }

                    @Override
                    public String baseUrl() {
                        return "http://127.0.0.1:9";
                    }

                    @Override
                    public Headers processHeaders(Headers client, Call call) {
                        %s
                        return Provider.super.processHeaders(client, call).with("x-version", "%s");
                    }
                }
                """.formatted(deed, version));
    }

    @BeforeEach
    void start() throws Exception {
        gateway.start();
        answer("", Answer.json(200, "{}"));
    }

    @AfterEach
    void stop() throws Exception {
        gateway.stop();
    }

    /** Lets the upstream answer requests of one version so, and all others with their version. */
    private void answer(String version, Answer otherwise) {
        gateway.upstream()
                .answerWith(Answer.from(request -> version(request).equals(version)
                        ? otherwise
                        : request.text().contains("\"stream\":true")
                                ? Answer.events(Streams.chat(version(request)))
                                : Answer.json(200, "{\"version\":\"" + version(request) + "\"}")));
    }

    private static String version(ReceivedRequest request) {
        return request.header("x-version").orElse("none");
    }

    private Path drop(PluginJar jar) {
        Path file = jar.write(gateway.plugins().resolve("acme-1.0.0.jar"));
        await().until(() -> !acme(State.CANARY).isEmpty());
        return file;
    }

    private List<PluginStatus> acme(State state) {
        return gateway.gateway().plugins().stream()
                .filter(plugin -> plugin.id().equals("acme") && plugin.state() == state)
                .toList();
    }

    private Reply ask(String... headers) {
        return AnswerClient.ask(gateway, "acme", CHAT, headers);
    }

    /** {@return what so many requests are answered: the version, or the status if it is not 200} */
    private List<String> ask(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> ask())
                .map(reply ->
                        reply.status() == 200 ? reply.json().path("version").asText() : "" + reply.status())
                .toList();
    }

    private void awaitServing(String version) {
        await().until(() -> acme(State.CANARY).isEmpty()
                && acme(State.READY).get(0).version().equals(version));
    }

    @Test
    @DisplayName("a new version gets each fifth request at 20%, takes over after ten good ones, and the old one drains")
    void passes() {
        try (LogCapture audit = LogCapture.of("io.magicapi.gateway.audit")) {
            drop(acme("1.1.0", ""));
            assertThat(acme(State.READY))
                    .extracting(PluginStatus::version)
                    .as("beside it")
                    .containsExactly("1.0.0");
            assertThat(acme(State.CANARY).get(0).message())
                    .hasValue("gets 20% of the requests beside 1.0.0: 0 of 10 done, 0 failed");

            List<String> answers = new ArrayList<>(ask(49));
            assertThat(acme(State.CANARY).get(0).message().orElseThrow()).contains(": 9 of 10 done, 0 failed");
            answers.addAll(ask(1));

            for (int i = 0; i < 50; i++) {
                assertThat(answers.get(i)).as("request %s", i).isEqualTo(i % 5 == 4 ? "1.1.0" : "1.0.0");
            }
            awaitServing("1.1.0");
            assertThat(ask(10)).containsOnly("1.1.0");
            await().until(() -> acme(State.DRAINING).isEmpty());
            await().until(() -> audit.lines().stream().anyMatch(line -> line.contains("unload")));
            assertThat(audit.lines())
                    .extracting(line -> line.replaceAll(" plugin=.*", ""))
                    .containsExactly(
                            "plugin canary action=\"canary\"",
                            "plugin swap action=\"swap\"",
                            "plugin unload action=\"unload\"");
        }
    }

    @Test
    @DisplayName(
            "at the third failure the old version takes all again by itself, and the file is refused with the figures")
    void fails() throws IOException {
        Path file = drop(acme("1.1.0", "if (true) throw new IllegalStateException();"));

        List<String> answers = ask(40);

        assertThat(answers.stream().filter("500"::equals)).hasSize(3);
        assertThat(answers.subList(15, 40)).as("from the third failure on").containsOnly("1.0.0");
        awaitServing("1.0.0");
        assertThat(acme(State.REJECTED)).singleElement().satisfies(refused -> {
            assertThat(refused.version()).isEqualTo("1.1.0");
            assertThat(refused.message().orElseThrow())
                    .matches(
                            "GW-P31 acme 1\\.1\\.0 \\(....…\\) is not used, because it did worse than the version before: "
                                    + "3 of its first 3 requests failed \\(0 of \\d+ on 1\\.0\\.0 meanwhile\\)\\. The version before, "
                                    + "1\\.0\\.0 \\(....…\\), serves all requests again\\. Put a corrected file in its place\\.");
        });
        await().until(() -> acme(State.DRAINING).isEmpty());

        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
        Path other = acme("1.0.1", "").write(gateway.plugins().resolve("other.jar"));
        await().until(() -> !acme(State.CANARY).isEmpty());
        assertThat(acme(State.CANARY).get(0).version())
                .as("touching the file was no change; another version is tried")
                .isEqualTo("1.0.1");
        assertThat(acme(State.REJECTED).get(0).message().orElseThrow()).startsWith("GW-P31");
        Files.delete(other);
        awaitServing("1.0.0");
        drop(acme("1.1.1", ""));
        assertThat(acme(State.REJECTED)).isEmpty();
    }

    @Test
    @DisplayName("failures of the provider's server and cut streams count, errors of clients and their leaving do not")
    void whatCounts() {
        drop(acme("1.1.0", ""));
        answer("1.1.0", Answer.json(400, "{\"error\":{\"message\":\"m\"}}"));
        assertThat(ask(5 * 4)).contains("400").doesNotContain("500");
        answer("1.1.0", Faults.stallMidStream(2));
        for (int i = 0; i < 5; i++) {
            try (AnswerClient client = new AnswerClient(gateway)) {
                client.chat("acme", STREAM, new String[0]).readUntil("data: ");
            }
        }
        await().until(() -> gateway.gateway().inFlight() == 0);
        assertThat(acme(State.CANARY).get(0).message().orElseThrow()).endsWith("4 of 10 done, 0 failed");

        answer("1.1.0", Answer.json(503, "{\"error\":{\"message\":\"m\"}}"));
        assertThat(ask(5)).contains("503");
        answer("1.1.0", Faults.closeMidStream());
        for (int i = 0; i < 5; i++) {
            AnswerClient.ask(gateway, "acme", STREAM, new String[0]);
        }
        assertThat(acme(State.CANARY).get(0).message().orElseThrow()).endsWith("6 of 10 done, 2 failed");
        answer("1.1.0", Faults.resetBeforeHead());
        assertThat(ask(5)).contains("502");

        awaitServing("1.0.0");
        assertThat(acme(State.REJECTED).get(0).message().orElseThrow()).contains("3 of its first 7 requests failed");
    }

    @Test
    @DisplayName("a version that is slower to the first byte than the margin allows does not take over")
    void slower() {
        drop(acme("1.1.0", ""));
        answer(
                "1.1.0",
                Answer.nothing().pause(Duration.ofMillis(100)).then(Answer.json(200, "{\"version\":\"1.1.0\"}")));

        assertThat(ask(50)).contains("1.1.0");

        awaitServing("1.0.0");
        assertThat(acme(State.REJECTED).get(0).message().orElseThrow())
                .containsPattern(
                        "half of its 10 requests took more than 1\\d\\d\\.\\d ms to the first byte, against \\d+\\.\\d ms"
                                + " on 1\\.0\\.0 \\(latency-margin is 100%\\)");
    }

    @Test
    @DisplayName("one failure in ten is more than the error margin allows")
    void errorRate() {
        drop(acme("1.1.0", ""));
        answer("1.1.0", Answer.json(500, "{}"));
        ask(5);
        answer("", Answer.json(200, "{}"));

        ask(45);

        awaitServing("1.0.0");
        assertThat(acme(State.REJECTED).get(0).message().orElseThrow())
                .contains("10.0% of its 10 requests failed, against 0.0% of 40 on 1.0.0 (error-margin is 5%)");
    }

    @Test
    @DisplayName("a stream that began on the newcomer ends on it, whatever becomes of the trial")
    void streamOnNewcomer() throws Exception {
        startInDevelopment();
        drop(acme("1.1.0", ""));
        gateway.upstream()
                .answerWith(Answer.from(request -> request.text().contains("\"stream\":true")
                        ? Answer.events(Duration.ofMillis(100), Streams.chat("a", "b", "c", "d", "e", "f", "g", "h"))
                        : Answer.json(500, "{}")));
        AnswerClient stream = new AnswerClient(gateway).chat("acme", STREAM, new String[] {"x-gateway-canary: new"});
        stream.readUntil("data: ");

        for (int i = 0; i < 3; i++) {
            ask("x-gateway-canary: new");
        }
        awaitServing("1.0.0");

        assertThat(stream.readUntil("[DONE]")).contains("\"h\"").doesNotContain("event: error");
        stream.close();
        await().until(() -> acme(State.DRAINING).isEmpty());
    }

    @Test
    @DisplayName("in development a header chooses the version, and any other value of it is refused")
    void header() throws Exception {
        startInDevelopment();
        drop(acme("1.1.0", ""));

        for (int i = 0; i < 3; i++) {
            assertThat(ask("x-gateway-canary: new").json().path("version").asText())
                    .isEqualTo("1.1.0");
            assertThat(ask("X-Gateway-Canary: OLD").json().path("version").asText())
                    .isEqualTo("1.0.0");
        }

        Reply refused = ask("x-gateway-canary: 1.1.0");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.error().path("param").asText()).isEqualTo("x-gateway-canary");
        assertThat(acme(State.CANARY).get(0).message().orElseThrow()).contains(": 3 of 10 done");
    }

    @Test
    @DisplayName("outside of development the header chooses nothing, and it never reaches a provider")
    void headerElsewhere() throws IOException {
        drop(acme("1.1.0", ""));

        for (int i = 0; i < 4; i++) {
            assertThat(ask("x-gateway-canary: new").json().path("version").asText())
                    .isEqualTo("1.0.0");
            assertThat(gateway.upstream().awaitRequest().header("x-gateway-canary"))
                    .isEmpty();
        }
        assertThat(ask("x-gateway-canary: nonsense").json().path("version").asText())
                .isEqualTo("1.1.0");
    }

    @Test
    @DisplayName("the old version's file may be deleted while the new one is tried; the file of both takes both away")
    void deletions() throws IOException {
        Path newer = acme("1.1.0", "").write(gateway.plugins().resolve("acme-1.1.0.jar"));
        await().until(() -> !acme(State.CANARY).isEmpty());

        Files.delete(gateway.plugins().resolve("acme-1.0.0.jar"));
        await().until(() -> acme(State.READY).get(0).file().equals(Optional.of(newer)));
        assertThat(ask(5)).containsExactly("1.0.0", "1.0.0", "1.0.0", "1.0.0", "1.1.0");
        Files.delete(newer);

        await().until(() -> acme(State.READY).isEmpty() && acme(State.CANARY).isEmpty());
        assertThat(ask().error().path("code").asText()).isEqualTo("provider_not_found");
    }

    @Test
    @DisplayName("of two new versions the newer is tried, and touching the old one's file changes nothing")
    void anotherNewcomer() throws IOException {
        acme("1.1.0", "").write(gateway.plugins().resolve("b.jar"));
        await().until(() -> !acme(State.CANARY).isEmpty());

        acme("1.2.0", "").write(gateway.plugins().resolve("c.jar"));
        await().until(() ->
                acme(State.CANARY).stream().anyMatch(plugin -> plugin.version().equals("1.2.0")));
        await().until(() -> !acme(State.REJECTED).isEmpty());
        Files.setLastModifiedTime(
                gateway.plugins().resolve("acme-1.0.0.jar"),
                FileTime.from(Instant.now().plusSeconds(5)));

        assertThat(acme(State.REJECTED)).singleElement().satisfies(passedOver -> {
            assertThat(passedOver.version()).isEqualTo("1.1.0");
            assertThat(passedOver.message().orElseThrow())
                    .isEqualTo(
                            "GW-P11 two files hold plugin acme: c.jar (in use) and b.jar (not newer, ignored). Remove one"
                                    + " of them.");
        });
        ask(50);
        awaitServing("1.2.0");
        await().until(() -> acme(State.REJECTED).size() == 2);
    }

    @Test
    @DisplayName("a pin ends a trial in favour of the pinned version; rollback and promote end it either way")
    void endedByOperator() throws Exception {
        drop(acme("1.1.0", ""));
        done(gateway.gateway().pluginRegistry().promote("acme", "tester"));
        awaitServing("1.1.0");
        drop(acme("1.2.0", ""));
        done(gateway.gateway().pluginRegistry().rollback("acme", "tester"));
        awaitServing("1.1.0");
        assertThat(acme(State.REJECTED).get(0).message().orElseThrow()).startsWith("GW-P33");
        drop(acme("1.3.0", ""));

        done(gateway.gateway().pluginRegistry().pin("acme", "1.1.0", "tester"));

        awaitServing("1.1.0");
        await().until(() -> acme(State.REJECTED).stream()
                .anyMatch(plugin -> plugin.message().orElseThrow().startsWith("GW-P30")));
    }

    private static void done(Future<PluginStatus> operation) throws Exception {
        operation.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
