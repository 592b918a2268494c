package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.testkit.PluginJar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A plugin that leaves something behind is named, with the thread if it is one")
class LeakTest {

    /** Where leaking plugins leave what holds them; a test takes it away again. */
    private static final String HELD = "test.leak";

    @TempDir
    Path root;

    @SuppressWarnings("NullAway.Init") // set before each test
    private RunningRegistry gateway;

    @BeforeEach
    void start() {
        gateway = RunningRegistry.in(root);
    }

    @AfterEach
    void stop() {
        System.getProperties().remove(HELD);
        gateway.close();
    }

    /** {@return the warning that comes when a plugin with these members was loaded, used and removed} */
    private String leak(String members) throws Exception {
        Path jar = PluginJar.of("acme").source("""
                package com.acme;

                import io.magicapi.gateway.api.*;

                @org.pf4j.Extension
                public class AcmeProvider implements Provider {
                    public String name() { return "acme"; }
                    public String baseUrl() { return "https://api.acme.test"; }
                    %s
                }
                """.formatted(members)).writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");
        use();
        Files.delete(jar);
        String warning = gateway.awaitLog("GW-P36");
        assertThat(warning)
                .matches(
                        "GW-P36 acme 1\\.0\\.0 \\(....…\\) is unloaded but its class loader is still in use after 1 s: .*\\."
                                + " Its memory is lost until the gateway restarts\\.");
        assertThat(gateway.registry.leaked()).isEqualTo(1);
        assertThat(gateway.registry.loadersAlive()).isEqualTo(1);
        return warning;
    }

    /** In a method of its own, so that no local variable keeps the provider. */
    private void use() {
        gateway.provider("acme").orElseThrow().provider().blocking();
    }

    private void awaitGone() {
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            System.gc();
            return gateway.registry.loadersAlive() == 0 && gateway.registry.leaked() == 0;
        });
        assertThat(gateway.statuses(State.DRAINING)).isEmpty();
    }

    @Test
    @DisplayName("a thread that start() began and stop() did not end is named")
    void threadOfStart() throws Exception {
        String warning = leak("""
                public void start(ProviderContext context) {
                    System.getProperties().put("test.leak", "run");
                    Thread poller = new Thread(() -> {
                        while (System.getProperties().containsKey("test.leak")) {
                            java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
                        }
                    }, "acme-poller");
                    poller.setDaemon(true);
                    poller.start();
                }
                """);

        assertThat(warning).contains(": thread \"acme-poller\" did not end with stop().");
        System.getProperties().remove(HELD);
        awaitGone();
    }

    @Test
    @DisplayName("so is one that a request began, on a thread of the gateway")
    void threadOfRequest() throws Exception {
        String warning = leak("""
                public boolean blocking() {
                    if (!Thread.currentThread().getName().startsWith("plugin-start")) {
                        System.getProperties().put("test.leak", "run");
                        Thread timer = new Thread(AcmeProvider::tick, "acme-timer");
                        timer.setDaemon(true);
                        timer.start();
                    }
                    return false;
                }

                static void tick() {
                    while (System.getProperties().containsKey("test.leak")) {
                        java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
                    }
                }
                """);

        assertThat(warning).contains(": thread \"acme-timer\" did not end with stop().");
        System.getProperties().remove(HELD);
        awaitGone();
    }

    @Test
    @DisplayName("a ThreadLocal that stays on a thread of the gateway is noticed")
    void threadLocal() throws Exception {
        String warning = leak("""
                static final ThreadLocal<Object> BUFFER = new ThreadLocal<>();

                public boolean blocking() {
                    BUFFER.set(new Object() {});
                    return false;
                }
                """);

        assertThat(warning).contains("no thread of its own runs, so a ThreadLocal on a thread of the gateway");
        // The thread is that of the test, which ends with it.
    }

    @Test
    @DisplayName("a shutdown hook is noticed")
    void shutdownHook() throws Exception {
        String warning = leak("""
                public void start(ProviderContext context) {
                    Thread hook = new Thread(() -> System.clearProperty("test.leak"));
                    System.getProperties().put("test.leak", hook);
                    Runtime.getRuntime().addShutdownHook(hook);
                }
                """);

        assertThat(warning).contains("no thread of its own runs, so").contains("a shutdown hook");
        Runtime.getRuntime().removeShutdownHook((Thread) System.getProperties().remove(HELD));
        awaitGone();
    }

    @Test
    @DisplayName("an entry in a cache of the host is noticed")
    void hostCache() throws Exception {
        String warning = leak("""
                public void start(ProviderContext context) {
                    System.getProperties().put("test.leak", this);
                }
                """);

        assertThat(warning).contains("a static of the JDK or of a shared library holds it");
        System.getProperties().remove(HELD);
        awaitGone();
    }
}
