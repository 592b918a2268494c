package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.Gateway;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Plugins;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A plugin that does not come back holds one event loop, is named, and gets no other. */
class LoopWatchTest {

    /** While this system property is set, the plugin loops; it is seen by all class loaders. */
    private static final String LOOP = "loop-watch-test.loop";

    /** Each loops without calling anything that blocks or can be interrupted, and ends by itself if a test does not. */
    private static String provider(String type, String name, String method) {
        return """
                package com.acme;

                import io.magicapi.gateway.api.*;
                import org.pf4j.Extension;

                @Extension
                public class %s implements Provider {
                    @Override
                    public String name() {
                        return "%s";
                    }

                    @Override
                    public String baseUrl() {
                        return "http://127.0.0.1:9";
                    }

                    static void loop() {
                        long begin = System.nanoTime();
                        while (Boolean.getBoolean("%s") && System.nanoTime() - begin < 9_000_000_000L) {
                            Thread.onSpinWait();
                        }
                    }

                    %s
                }
                """.formatted(type, name, LOOP, method);
    }

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway()
            .plugin(PluginJar.of("acme")
                    .source(provider("AcmeProvider", "acme", """
                            @Override
                            public Headers processHeaders(Headers client, Call call) {
                                loop();
                                return Provider.super.processHeaders(client, call);
                            }
                            """))
                    .source(provider("HintProvider", "hint", """
                            @Override
                            public boolean retryable(ResponseHead head) {
                                loop();
                                return true;
                            }
                            """)))
            .provider("acme", "")
            .provider("hint", "");

    private final ExecutorService readers = Executors.newCachedThreadPool();

    @BeforeEach
    void loop() {
        System.setProperty(LOOP, "true");
    }

    @AfterEach
    void release() {
        System.clearProperty(LOOP);
        readers.shutdown();
    }

    private CompletableFuture<Reply> reading(AnswerClient client) {
        return CompletableFuture.supplyAsync(client::read, readers);
    }

    private static AnswerClient health(AnswerClient client) {
        return client.send("GET /health/live HTTP/1.1\r\nhost: gateway\r\n\r\n");
    }

    private static List<AnswerClient> connections() {
        return Stream.generate(() -> new AnswerClient(gateway)).limit(8).toList();
    }

    private static AnswerClient ask(AnswerClient client, String provider) {
        return client.chat(provider, CHAT, new String[0]);
    }

    /** Those whose event loop is free: they answer while the others do not. */
    private List<AnswerClient> served(List<AnswerClient> clients, List<CompletableFuture<Reply>> replies) {
        int loops = Runtime.getRuntime().availableProcessors();
        clients.forEach(client -> replies.add(reading(health(client))));
        // Connections are dealt out to the event loops in turn.
        await().until(() -> replies.stream().filter(CompletableFuture::isDone).count()
                >= clients.size() - (clients.size() + loops - 1) / loops);
        return Stream.iterate(0, i -> i < clients.size(), i -> i + 1)
                .filter(i -> replies.get(i).isDone())
                .map(clients::get)
                .toList();
    }

    private void assertOnlyOneLoopIsLost(String provider, int status, String method) {
        assumeThat(Runtime.getRuntime().availableProcessors()).isGreaterThan(1);
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.upstream");
                AnswerClient first = new AnswerClient(gateway)) {
            CompletableFuture<Reply> stuck = reading(ask(first, provider));
            await().until(() -> log.lines().stream().anyMatch(line -> line.contains("worker threads")));

            List<AnswerClient> clients = connections();
            List<CompletableFuture<Reply>> health = new ArrayList<>();
            List<AnswerClient> served = served(clients, health);
            List<CompletableFuture<Reply>> alsoStuck = served.subList(1, served.size()).stream()
                    .map(client -> reading(ask(client, provider)))
                    .toList();

            for (int i = 0; i < 20; i++) {
                assertThat(health(served.get(0)).read().status()).isEqualTo(200);
                assertThat(ask(served.get(0), "groq").read().status()).isEqualTo(status);
            }
            assertThat(stuck).isNotDone();
            assertThat(alsoStuck).isNotEmpty().noneMatch(CompletableFuture::isDone);
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("worker threads"))
                    .singleElement()
                    .asString()
                    .matches("GW-P15 " + provider + " 1\\.0\\.0 has blocked an event loop for \\d+ ms in com\\.acme\\."
                            + method + "\\(\\w+\\.java:\\d+\\)\\. Its further calls .*");

            System.clearProperty(LOOP);
            assertThat(stuck.join().status()).isEqualTo(status);
            assertThat(alsoStuck).allMatch(reply -> reply.join().status() == status);
            assertThat(health).allMatch(reply -> reply.join().status() == 200);
            for (AnswerClient client : clients) {
                assertThat(ask(client, provider).read().status()).isEqualTo(status);
            }
            clients.forEach(AnswerClient::close);
        }
    }

    @Test
    @DisplayName("R49: an endless loop in a plugin costs one event loop, is named with its line, and gets no second")
    void endlessLoop() {
        gateway.upstream().answerWith(Answer.json(200, "{}"));

        assertOnlyOneLoopIsLost("acme", 200, "AcmeProvider\\.\\w+");
    }

    @Test
    @DisplayName("R49: so does an endless loop in retryable(), whose hint then comes from a worker thread")
    void endlessHint() {
        gateway.upstream().answerWith(Answer.json(498, "{\"error\":{\"message\":\"m\",\"type\":\"t\"}}"));

        assertOnlyOneLoopIsLost("hint", 498, "HintProvider\\.\\w+");

        System.clearProperty(LOOP);
        Reply reply = AnswerClient.ask(gateway, "hint", CHAT, new String[0]);
        assertThat(reply.header("x-should-retry")).hasValue("true");
        assertThat(reply.error().path("message").asText()).isEqualTo("m");
    }

    @Test
    @DisplayName("the thread that watches ends with the gateway")
    void ends(@TempDir Path home) throws Exception {
        List<Thread> others = watchers();
        GatewayConfig defaults = GatewayConfig.defaults();
        GatewayConfig config = defaults.withServer(defaults.server()
                        .with(0, defaults.server().limits(), defaults.server().timeouts()))
                .withPlugins(new Plugins(home.resolve("plugins"), home.resolve("data"), true));

        Gateway started = Gateway.start(config, Map.of())
                .toCompletionStage()
                .toCompletableFuture()
                .get();
        List<Thread> ours =
                watchers().stream().filter(thread -> !others.contains(thread)).toList();
        started.shutdown(Duration.ZERO)
                .toCompletionStage()
                .toCompletableFuture()
                .get();

        assertThat(ours).hasSize(1).allMatch(Thread::isDaemon);
        await().until(() -> !ours.get(0).isAlive());
    }

    private static List<Thread> watchers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("plugin-loop-watch"))
                .toList();
    }
}
