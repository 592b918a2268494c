package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Well-behaved clients beside those that a test is about: one request after the other, each on a connection of its own,
 * until it is closed. Then all of them must have been served, and soon.
 */
final class GoodTraffic implements AutoCloseable {

    private static final Duration P99 = Duration.ofSeconds(1);

    private final GatewayExtension gateway;
    private final String body;
    private final List<Duration> took = new ArrayList<>();
    private final CompletableFuture<Void> served;
    private volatile boolean over;

    /** Begins, with plain requests that the upstream answers by itself. */
    GoodTraffic(GatewayExtension gateway) {
        this(gateway, AnswerClient.CHAT);
    }

    /** Begins. */
    GoodTraffic(GatewayExtension gateway, String body) {
        this.gateway = gateway;
        this.body = body;
        served = CompletableFuture.runAsync(this::run, task -> new Thread(task, "good-traffic").start());
    }

    private void run() {
        do {
            long begin = System.nanoTime();
            Reply reply = AnswerClient.ask(gateway, body);
            took.add(Duration.ofNanos(System.nanoTime() - begin));
            assertThat(reply.status()).as("%s", reply).isEqualTo(200);
            assertThat(reply.whole()).isTrue();
        } while (!over);
    }

    @Override
    public void close() {
        over = true;
        served.join();
        Collections.sort(took);
        assertThat(took.get(took.size() * 99 / 100))
                .as("99th percentile of %s good requests", took.size())
                .isLessThan(P99);
    }
}
