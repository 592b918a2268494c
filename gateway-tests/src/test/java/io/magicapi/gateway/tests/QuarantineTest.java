package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.plugins.PluginRegistry;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A version that holds up event loops again and again is taken out of service. */
class QuarantineTest {

    private final GatewayExtension gateway =
            GroqJar.gateway().plugin(acme("1.0.0", 0)).provider("acme", "");
    private final ExecutorService clients = Executors.newCachedThreadPool();

    /** A plugin that blocks twice for each request: when it opens the exchange, and when it describes the request. */
    private static PluginJar acme(String version, int millis) {
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
                    public Exchange open(Call call) {
                        block();
                        Exchange exchange = Provider.super.open(call);
                        return () -> {
                            block();
                            return exchange.request();
                        };
                    }

                    static void block() {
                        try {
                            Thread.sleep(%d);
                        } catch (InterruptedException e) {
                            throw new RuntimeException(e);
                        }
                    }
                }
                """.formatted(millis));
    }

    @BeforeEach
    void start() throws Exception {
        // With one event loop no second call can have begun before the first is found out.
        assumeThat(Runtime.getRuntime().availableProcessors()).isGreaterThan(1);
        gateway.start();
        gateway.upstream().answerWith(Answer.json(200, "{}"));
    }

    @AfterEach
    void stop() throws Exception {
        clients.shutdown();
        gateway.stop();
    }

    private Path drop(String version, int millis) {
        Path file = acme(version, millis).write(gateway.plugins().resolve("acme-1.0.0.jar"));
        await().until(() ->
                acme(State.READY).stream().anyMatch(plugin -> plugin.version().equals(version)));
        return file;
    }

    private List<PluginStatus> acme(State state) {
        return gateway.gateway().plugins().stream()
                .filter(plugin -> plugin.id().equals("acme") && plugin.state() == state)
                .toList();
    }

    private Reply ask(String provider) {
        return AnswerClient.ask(gateway, provider, CHAT, new String[0]);
    }

    /** Requests on all event loops at once, so that each is in the plugin's code before the first is found out. */
    private void askOnAllLoops() {
        List<CompletableFuture<Reply>> replies = Stream.generate(() -> new AnswerClient(gateway))
                .limit(8)
                .map(client -> client.chat("acme", CHAT, new String[0]))
                .toList()
                .stream()
                .map(client -> CompletableFuture.supplyAsync(client::read, clients))
                .toList();
        assertThat(replies)
                .as("requests under way are served to their end, and later ones by what serves then, if anything does")
                .allSatisfy(reply ->
                        assertThat(reply.get(10, TimeUnit.SECONDS).status()).isIn(200, 503));
    }

    /**
     * Blocks all event loops with a fresh version until it is quarantined. One that was found out before a second loop
     * was in its code is not, and works on from worker threads: then the next one has a try.
     */
    private void untilQuarantined(Runnable fresh) {
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            if (acme(State.QUARANTINED).isEmpty()) {
                fresh.run();
                askOnAllLoops();
            }
            return !acme(State.QUARANTINED).isEmpty();
        });
    }

    @Test
    @DisplayName("R49: the version before serves again, and the file says why")
    void backToThePrevious() {
        try (LogCapture audit = LogCapture.of("io.magicapi.gateway.audit")) {
            untilQuarantined(() -> {
                drop("1.0.1", 0);
                drop("1.1.0", 260);
            });

            await().until(() -> !acme(State.READY).isEmpty()
                    && acme(State.READY).get(0).version().equals("1.0.1"));
            assertThat(acme(State.QUARANTINED)).singleElement().satisfies(bad -> {
                assertThat(bad.version()).isEqualTo("1.1.0");
                assertThat(bad.message().orElseThrow())
                        .matches(
                                "GW-P32 acme 1\\.1\\.0 \\(....…\\) is out of service, because [3-9] of its calls held an"
                                        + " event loop for more than 200 ms within 1 min, the last .*");
            });
            await().until(() -> acme(State.DRAINING).isEmpty());
            assertThat(ask("acme").status()).isEqualTo(200);
            assertThat(audit.lines())
                    .anyMatch(line -> line.startsWith("plugin quarantine") && line.contains("version=\"1.1.0\""))
                    .anyMatch(line -> line.startsWith("plugin rollback") && line.contains("version=\"1.0.1\""));
        }
    }

    @Test
    @DisplayName("R49: without one its providers answer 503, no others do, and a corrected file ends that")
    void onlyVersion() throws Exception {
        drop("1.1.0", 260);
        PluginRegistry registry = gateway.gateway().pluginRegistry();
        untilQuarantined(() -> registry.unload("acme", "test")
                .compose(out -> registry.reload("acme", "test"))
                .toCompletionStage()
                .toCompletableFuture()
                .join());
        await().until(() -> acme(State.READY).isEmpty());

        Reply refused = ask("acme");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("retry-after")).isPresent();
        assertThat(refused.error().path("code").asText()).isEqualTo("provider_unavailable");
        assertThat(refused.error().path("message").asText())
                .isEqualTo("provider acme cannot serve now: the plugin acme 1.1.0 is out of service, because it held up"
                        + " other requests (GW-P32); the operator must replace or reload it");
        assertThat(ask("groq").status()).isEqualTo(200);

        drop("1.1.1", 0);
        assertThat(ask("acme").status()).isEqualTo(200);
        assertThat(acme(State.QUARANTINED)).isEmpty();
    }
}
