package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Ten plugins that do what plugins must not do, each in a jar of its own, all the time; and one that is good. */
@Tag("alone")
class MaliciousPluginsTest {

    private static final Duration EACH = Duration.ofSeconds(3);

    /** Before each malicious plugin is asked again: what is measured is what they hold up, not what their work costs. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    private static final Map<String, String> DEEDS = new LinkedHashMap<>();

    static {
        DEEDS.put("errs", "throw new Error(\"no\");");
        DEEDS.put("recurses", "return open(call);");
        DEEDS.put("links", "throw new NoClassDefFoundError(\"com/acme/Gone\");");
        DEEDS.put("exhausts", "throw new OutOfMemoryError(\"no\");");
        DEEDS.put("nulls", "return null;");
        DEEDS.put("headers", "return () -> { Headers.of(\"a b\", \"v\"); return null; };");
        DEEDS.put("malforms", "return () -> UpstreamRequest.of(\"GET /\", \"x y\", Headers.of(), call.body());");
        DEEDS.put("sleeps", "try { Thread.sleep(300); } catch (InterruptedException e) { } return null;");
        DEEDS.put("spins", "long b = System.nanoTime(); while (System.nanoTime() - b < 300_000_000L) { } return null;");
        DEEDS.put("interrupts", "Thread.currentThread().interrupt(); return null;");
    }

    @RegisterExtension
    static final GatewayExtension gateway = withPlugins();

    private static GatewayExtension withPlugins() {
        GatewayExtension extension = GroqJar.gateway();
        DEEDS.forEach((name, deed) ->
                extension.provider(name, "").plugin(PluginJar.of(name).source("""
                package com.%1$s;

                import io.magicapi.gateway.api.*;

                @org.pf4j.Extension
                public class Malicious implements Provider {
                    @Override
                    public String name() {
                        return "%1$s";
                    }

                    @Override
                    public String baseUrl() {
                        return "http://127.0.0.1:9";
                    }

                    @Override
                    @SuppressWarnings("InfiniteRecursion")
                    public Exchange open(Call call) {
                        %2$s
                    }
                }
                """.formatted(name, deed))));
        return extension;
    }

    /** Good requests for a while, on four connections. {@return how long each took} */
    private static List<Long> good() {
        List<Long> took = new ArrayList<>();
        List<AnswerClient> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            clients.add(new AnswerClient(gateway));
        }
        long end = System.nanoTime() + EACH.toNanos();
        for (int i = 0; System.nanoTime() < end; i++) {
            long begin = System.nanoTime();
            Reply reply = clients.get(i % 4).chat(CHAT).read();
            took.add(System.nanoTime() - begin);
            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.text()).isEqualTo("{\"good\":true}");
        }
        clients.forEach(AnswerClient::close);
        took.sort(null);
        return took;
    }

    private static int attack(String name, AtomicBoolean over) {
        int count = 0;
        try (AnswerClient client = new AnswerClient(gateway)) {
            while (!over.get()) {
                Reply reply = client.chat(name, CHAT, new String[0]).read();
                assertThat(reply.status()).as(name).isEqualTo(500);
                assertThat(reply.error().path("code").asText()).isEqualTo("provider_failed");
                count++;
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
        return count;
    }

    @Test
    @DisplayName("R49: ten malicious plugins at work fail each of their own requests, and a good one's stay quick")
    void besideGood() throws Exception {
        gateway.upstream().answerWith(Answer.json(200, "{\"good\":true}"));
        List<Long> alone = good();
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService attackers = Executors.newCachedThreadPool();
        List<Future<Integer>> attacks = DEEDS.keySet().stream()
                .map(name -> attackers.submit(() -> attack(name, over)))
                .toList();
        List<Long> atFirst = good();

        List<Long> beside = good();

        over.set(true);
        attackers.shutdown();
        int failed = 0;
        for (Future<Integer> attack : attacks) {
            assertThat(attack.get(10, TimeUnit.SECONDS)).isPositive();
            failed += attack.get();
        }
        System.out.printf(
                Locale.ROOT,
                "%n| Good requests | p50 | p99 | worst |%n|---|---|---|---|%n| alone (%d) | %s |%n"
                        + "| while ten malicious plugins begin (%d) | %s |%n| beside them, %d of theirs failed (%d) | %s |%n%n",
                alone.size(),
                figures(alone),
                atFirst.size(),
                figures(atFirst),
                failed,
                beside.size(),
                figures(beside));
        // Two of them hold an event loop for 300 ms, once, before they are moved off it. Nothing like that later,
        // beyond
        // what the machine does to requests anyway.
        assertThat(percentile(beside, 99)).isLessThan(percentile(alone, 99) + TimeUnit.MILLISECONDS.toNanos(250));
    }

    private static String figures(List<Long> sorted) {
        return String.format(
                Locale.ROOT,
                "%.1f ms | %.1f ms | %.1f ms",
                percentile(sorted, 50) / 1e6,
                percentile(sorted, 99) / 1e6,
                percentile(sorted, 100) / 1e6);
    }

    private static long percentile(List<Long> sorted, int percent) {
        return sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }
}
