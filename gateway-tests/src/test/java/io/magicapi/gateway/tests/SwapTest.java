package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Plugins are swapped under load, in every way in which a file can come and go. Every answer is compared with what the
 * versions that were there while its request was under way must give.
 *
 * <p>{@code -Dswaps=1000} or the profile {@code swaps} for a longer run.
 */
@Tag("alone")
class SwapTest {

    private static final int SWAPS = Integer.getInteger("swaps", 100);
    private static final int PLAIN_PER_SECOND = 200;
    private static final int CALLERS = 8;
    private static final int STREAMS = 100;
    private static final int WORDS = 40;
    private static final Duration BETWEEN_WORDS = Duration.ofMillis(100);
    private static final Duration PROMISED = Duration.ofSeconds(2);
    private static final String ABSENT = "absent";
    private static final List<String> VERSIONS = List.of("1.0.0", "1.1.0", "1.2.0", "2.0.0");

    private static final GatewayExtension gateway = new GatewayExtension()
            .plugin(jar("steady", "1.0.0"))
            .plugin(jar("acme", "1.0.0"))
            .plugin(jar("beta", "1.0.0"))
            .provider("steady", "")
            .provider("acme", "")
            .provider("beta", "");

    private static final Map<String, byte[]> JARS = new TreeMap<>();

    private final Timeline acme = new Timeline();
    private final Timeline beta = new Timeline();
    private final Timeline steady = new Timeline();
    private final List<String> faults = new CopyOnWriteArrayList<>();
    private final ConcurrentLinkedQueue<long[]> latencies = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Long> swappedAt = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Duration> delays = new ConcurrentLinkedQueue<>();
    private final AtomicInteger plain = new AtomicInteger();
    private final AtomicInteger streamed = new AtomicInteger();
    private final AtomicInteger swaps = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();
    private final List<PhantomReference<ClassLoader>> loaders = new CopyOnWriteArrayList<>();
    private final ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();

    /** What has been in the drop folder of one plugin: each entry from its writing to the seeing of the next one. */
    private static final class Timeline {

        private final List<String> written = new CopyOnWriteArrayList<>(List.of("1.0.0"));
        private volatile int seen;

        void write(String version) {
            written.add(version);
        }

        void seen() {
            seen = written.size() - 1;
        }

        /** {@return what may answer a request that began when {@code from} was seen, and has ended} */
        List<String> since(int from) {
            return written.stream().skip(from).toList();
        }
    }

    private static PluginJar jar(String name, String version) {
        return PluginJar.of(name).version(version).source("""
                package com.%1$s;

                import io.magicapi.gateway.api.*;

                @org.pf4j.Extension
                public class SwapProvider implements Provider {
                    @Override
                    public String name() {
                        return "%1$s";
                    }

                    @Override
                    public String baseUrl() {
                        return "http://127.0.0.1:9";
                    }

                    @Override
                    public Headers processHeaders(Headers client, Call call) {
                        return Provider.super.processHeaders(client, call).with("x-served-by", Late.version());
                    }
                }
                """.formatted(name)).source("""
                package com.%s;

                class Late {
                    static String version() {
                        return "%s";
                    }
                }
                """.formatted(name, version));
    }

    @BeforeAll
    static void start() throws Exception {
        for (String name : List.of("acme", "beta")) {
            VERSIONS.forEach(
                    version -> JARS.put(name + version, jar(name, version).bytes()));
        }
        gateway.start();
        gateway.upstream().answerWith(Answer.from(SwapTest::serve));
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.stop();
    }

    // ---- what must be answered

    private static Answer serve(ReceivedRequest request) {
        String version = request.header("x-served-by").orElse("none");
        return request.text().contains("\"stream\":true")
                ? Answer.events(BETWEEN_WORDS, words(version))
                : Answer.json(200, plainAnswer(version, request.text()));
    }

    private static List<String> words(String version) {
        String[] words = new String[WORDS];
        Arrays.fill(words, version + " ");
        return Streams.chat(words);
    }

    private static String plainAnswer(String version, String request) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("version", version)
                .put("request", request)
                .toString();
    }

    // ---- load

    private void call(int caller) {
        List<String> names = List.of("acme", "beta", "acme", "steady");
        long next = System.nanoTime();
        AnswerClient client = new AnswerClient(gateway);
        try {
            for (int i = 0; !over.get(); i++) {
                String name = names.get(i % names.size());
                Timeline timeline = timeline(name);
                String body = "{\"model\":\"m\",\"messages\":[],\"user\":\"" + caller + "-" + i + "\"}";
                int from = timeline.seen;
                long begin = System.nanoTime();
                Reply reply = client.chat(name, body, new String[0]).read();
                latencies.add(new long[] {begin, System.nanoTime() - begin});
                plain.incrementAndGet();
                check(name, timeline.since(from), body, reply);
                if (reply.header("connection").isPresent()) { // refused before its body was read
                    client.close();
                    client = new AnswerClient(gateway);
                }
                next += TimeUnit.SECONDS.toNanos(1) * CALLERS / PLAIN_PER_SECOND;
                LockSupport.parkNanos(next - System.nanoTime());
            }
        } catch (RuntimeException | AssertionError e) {
            faults.add("caller " + caller + ": " + e);
        } finally {
            client.close();
        }
    }

    private Timeline timeline(String name) {
        return name.equals("acme") ? acme : name.equals("beta") ? beta : steady;
    }

    private void check(String name, List<String> possible, String body, Reply reply) {
        boolean right = reply.whole()
                && (reply.status() == 200
                        ? possible.stream().anyMatch(version -> reply.text().equals(plainAnswer(version, body)))
                        : possible.contains(ABSENT)
                                && reply.status() == 400
                                && reply.error().path("code").asText().equals("provider_not_found"));
        if (!right) {
            faults.add(name + ", of " + possible + ": " + reply);
        }
    }

    private void stream(int number) {
        String body = "{\"model\":\"m\",\"stream\":true,\"messages\":[]}";
        try {
            while (!over.get()) {
                try (AnswerClient client = new AnswerClient(gateway)) {
                    int from = acme.seen;
                    client.chat("acme", body, new String[0]);
                    Reply reply = client.read();
                    streamed.incrementAndGet();
                    boolean right = reply.whole()
                            && reply.status() == 200
                            && acme.since(from).stream()
                                    .anyMatch(version -> reply.text().equals(String.join("", words(version))));
                    if (!right) {
                        faults.add("stream " + number + ", of " + acme.since(from) + ": " + reply);
                    }
                }
            }
        } catch (RuntimeException | AssertionError e) {
            faults.add("stream " + number + ": " + e);
        }
    }

    // ---- swaps

    /** Writes a version in some way, and waits until requests are answered by it. */
    private void swap(String name, String version, Runnable write) {
        Timeline timeline = timeline(name);
        timeline.write(version);
        write.run();
        long begin = System.nanoTime();
        await(name + " " + version)
                .atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> answers(name).equals(version));
        long now = System.nanoTime();
        timeline.seen();
        delays.add(Duration.ofNanos(now - begin));
        swappedAt.add(now);
        if (!version.equals(ABSENT)) {
            swaps.incrementAndGet();
            noteLoaders();
        }
    }

    private static String answers(String name) {
        Reply reply = AnswerClient.ask(gateway, name, "{\"model\":\"m\",\"messages\":[]}", new String[0]);
        return reply.status() == 200 ? reply.json().path("version").asText() : ABSENT;
    }

    private synchronized void noteLoaders() {
        for (ProviderGeneration generation : gateway.gateway().providers()) {
            ClassLoader loader = generation.provider().getClass().getClassLoader();
            if (!generation.name().equals("echo") && loaders.stream().noneMatch(known -> known.refersTo(loader))) {
                loaders.add(new PhantomReference<>(loader, collected));
            }
        }
    }

    private synchronized int loadersAlive() {
        loaders.removeIf(loader -> loader.refersTo(null));
        return loaders.size();
    }

    /** An upgrade beside the old file, which is then deleted; an upgrade by renaming; downgrades in either way. */
    private void swapAcme() {
        Path first = gateway.plugins().resolve("acme-1.0.0.jar");
        Path second = gateway.plugins().resolve("acme-new.jar");
        while (swaps.get() < SWAPS) {
            swap("acme", "1.1.0", () -> renameOver(first, "acme1.1.0"));
            swap("acme", "1.0.0", () -> overwrite(first, "acme1.0.0"));
            swap("acme", "2.0.0", () -> renameOver(second, "acme2.0.0"));
            delete(first);
            swap("acme", "1.2.0", () -> overwrite(second, "acme1.2.0"));
            move(second, first);
        }
    }

    private void swapBeta() {
        Path file = gateway.plugins().resolve("beta-1.0.0.jar");
        for (int i = 1; swaps.get() < SWAPS; i++) {
            String version = VERSIONS.get(i % VERSIONS.size());
            swap("beta", ABSENT, () -> delete(file));
            swap("beta", version, () -> renameOver(file, "beta" + version));
        }
    }

    private static void overwrite(Path file, String jar) {
        try {
            Files.write(file, JARS.get(jar));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void renameOver(Path file, String jar) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        overwrite(part, jar);
        move(part, file);
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- what is left

    /** What a leak would raise. */
    private record Footprint(
            int loaders, int classes, long metaspace, long files, long sockets, int jars, int threads) {

        static Footprint now(int loaders) throws IOException {
            MemoryPoolMXBean metaspace = ManagementFactory.getMemoryPoolMXBeans().stream()
                    .filter(pool -> pool.getName().equals("Metaspace"))
                    .findFirst()
                    .orElseThrow();
            List<String> open = new ArrayList<>();
            try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
                links.forEach(link -> {
                    try {
                        open.add(Files.readSymbolicLink(link).toString());
                    } catch (IOException gone) {
                        open.remove(link.toString()); // that of the listing itself
                    }
                });
            }
            long jars = open.stream()
                    .filter(file -> file.contains("/data/plugins/") && file.contains(".jar"))
                    .count();
            long sockets =
                    open.stream().filter(file -> file.startsWith("socket:")).count();
            return new Footprint(
                    loaders,
                    Heap.count("com.acme.SwapProvider") + Heap.count("com.beta.SwapProvider"),
                    metaspace.getUsage().getUsed(),
                    open.size() - sockets,
                    sockets,
                    (int) jars,
                    ManagementFactory.getThreadMXBean().getThreadCount());
        }
    }

    private Footprint settled() throws IOException {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> gateway.gateway().plugins().stream().allMatch(plugin -> plugin.state() == State.READY));
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            System.gc();
            return loadersAlive() <= 3;
        });
        return Footprint.now(loadersAlive());
    }

    private void load(Runnable... swappers) throws Exception {
        over.set(false);
        ExecutorService clients = Executors.newCachedThreadPool();
        List<Future<?>> swapping = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            int caller = i;
            clients.execute(() -> call(caller));
        }
        for (int i = 0; i < STREAMS; i++) {
            int number = i;
            clients.execute(() -> stream(number));
        }
        for (Runnable swapper : swappers) {
            swapping.add(clients.submit(swapper));
        }
        try {
            for (Future<?> swapper : swapping) {
                swapper.get();
            }
        } finally {
            over.set(true);
        }
        clients.shutdown();
        assertThat(clients.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    @DisplayName("swaps of every kind under load fail or alter no request, take effect within 2 s and leave nothing")
    void swaps() throws Exception {
        // Once around, so that what is made once is there.
        load(() -> {
            swap("acme", "2.0.0", () -> renameOver(gateway.plugins().resolve("acme-1.0.0.jar"), "acme2.0.0"));
            swap("beta", "2.0.0", () -> renameOver(gateway.plugins().resolve("beta-1.0.0.jar"), "beta2.0.0"));
        });
        Footprint before = settled();
        delays.clear();
        latencies.clear();
        swappedAt.clear();
        swaps.set(0);
        long begin = System.nanoTime();

        load(this::swapAcme, this::swapBeta);

        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        Footprint after = settled();
        print(took, before, after);
        assertThat(faults).isEmpty();
        assertThat(plain.get()).isGreaterThan((int) took.toSeconds() * PLAIN_PER_SECOND / 2);
        assertThat(streamed.get()).isGreaterThanOrEqualTo(STREAMS * 2);
        assertThat(swaps.get()).isGreaterThanOrEqualTo(SWAPS);
        assertThat(delays).allSatisfy(delay -> assertThat(delay).isLessThan(PROMISED));
        assertThat(after.loaders()).isEqualTo(3);
        assertThat(after.classes()).isEqualTo(2);
        assertThat(after.jars()).isEqualTo(before.jars());
        assertThat(after.files()).isLessThanOrEqualTo(before.files() + 2);
        assertThat(after.sockets()).isLessThanOrEqualTo(before.sockets() + 50);
        assertThat(after.threads()).isLessThanOrEqualTo(before.threads() + 5);
        assertThat(after.metaspace()).isLessThan(before.metaspace() + (4L << 20));
    }

    // ---- figures

    private void print(Duration took, Footprint before, Footprint after) {
        List<Long> instants = List.copyOf(swappedAt);
        System.out.printf(
                Locale.ROOT,
                """

                | Swaps under load | |
                |---|---|
                | swaps, in s | %d, %d |
                | plain requests, streams of %.0f s | %d, %d |
                | failed or altered | %d |
                | from the file's arrival to the first answer of its version, p50 and worst | %d and %d ms |
                | class loaders alive before, after | %d, %d |
                | metaspace before, after | %.1f, %.1f MiB |
                | open files before, after | %d, %d |
                | sockets before, after (connections that wait for reuse included) | %d, %d |
                | threads before, after | %d, %d |
                | plain requests p50 and p99: 300 to 100 ms before a swap | %s |
                | 100 ms before to 100 ms after a swap | %s |
                | 100 to 300 ms after a swap | %s |

                """,
                swaps.get(),
                took.toSeconds(),
                WORDS * BETWEEN_WORDS.toMillis() / 1000.0,
                plain.get(),
                streamed.get(),
                faults.size(),
                percentile(delays.stream().map(Duration::toNanos).toList(), 50) / 1_000_000,
                percentile(delays.stream().map(Duration::toNanos).toList(), 100) / 1_000_000,
                before.loaders(),
                after.loaders(),
                before.metaspace() / 1048576.0,
                after.metaspace() / 1048576.0,
                before.files(),
                after.files(),
                before.sockets(),
                after.sockets(),
                before.threads(),
                after.threads(),
                around(instants, -300, -100),
                around(instants, -100, 100),
                around(instants, 100, 300));
    }

    private String around(List<Long> instants, long fromMillis, long toMillis) {
        List<Long> taken = new ArrayList<>();
        for (long[] latency : latencies) {
            for (long instant : instants) {
                long millis = TimeUnit.NANOSECONDS.toMillis(latency[0] - instant);
                if (millis >= fromMillis && millis < toMillis) {
                    taken.add(latency[1]);
                    break;
                }
            }
        }
        return String.format(
                Locale.ROOT,
                "%.1f and %.1f ms (%d)",
                percentile(taken, 50) / 1_000_000.0,
                percentile(taken, 99) / 1_000_000.0,
                taken.size());
    }

    private static long percentile(List<Long> values, int percent) {
        List<Long> sorted = values.stream().sorted().toList();
        return sorted.isEmpty() ? 0 : sorted.get(Math.min(sorted.size() - 1, sorted.size() * percent / 100));
    }
}
