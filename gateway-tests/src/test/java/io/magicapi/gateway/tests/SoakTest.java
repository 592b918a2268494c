package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Mixed traffic, faults, clients that leave, and plugins that are swapped, all at once and for a while: what grows,
 * leaks. Runs in the profile {@code soak}, in a JVM of its own; docs/reliability.md says how.
 */
@Tag("soak")
class SoakTest {

    private static final Duration LENGTH = Duration.ofSeconds(Integer.getInteger("soak.seconds", 10));
    private static final Duration BETWEEN_SWAPS = Duration.ofSeconds(2);

    /** Before anything is measured, so that what is made once is there. */
    private static final int SWAPS_FIRST = 3;

    /** Longer than connections to the upstream are kept idle. */
    private static final Duration QUIET = Duration.ofSeconds(30);

    private static final int CLIENTS = 8;

    /** How often each client does each thing in a round; between rounds the upstream forgets what it got. */
    private static final int REPEAT = 5;

    /** What an upstream may do to a stream, but for second answers: one that is late reaches the next request. */
    private static final List<Answer> FAULTS = List.of(
            Faults.resetBeforeHead(),
            Faults.closeInHead(),
            Faults.garbage(),
            Faults.htmlError(502),
            Faults.badChunkSize(),
            Faults.resetMidStream(),
            Faults.closeMidStream(),
            Faults.closeMidChunk(),
            Streams.errorData(),
            Streams.missingDoneAndFinish(),
            Faults.badStatusLine(),
            Faults.closeMidBody());

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway().plugin(acme(0)).provider("acme", "");

    private static PluginJar acme(int version) {
        return PluginJar.of("acme").version("1.0." + version).provider("acme", "https://api.acme.test");
    }

    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger streams = new AtomicInteger();
    private final AtomicInteger faults = new AtomicInteger();
    private final AtomicInteger aborts = new AtomicInteger();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private int swaps;
    private int mostLoaders;

    /** What must not grow. */
    private record Held(long heap, int loaders, long files, int threads) {}

    @Test
    @DisplayName("R15: nothing grows with traffic, faults, aborts and swaps, and no good request fails")
    void soak() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            while (swaps < SWAPS_FIRST) {
                round(clients, true);
            }
            Held before = settle();
            requests.set(0);
            streams.set(0);
            faults.set(0);
            aborts.set(0);
            swaps = 0;

            long end = System.nanoTime() + LENGTH.toNanos();
            long next = System.nanoTime();
            while (System.nanoTime() < end) {
                boolean due = System.nanoTime() >= next;
                if (due) {
                    next = System.nanoTime() + BETWEEN_SWAPS.toNanos();
                }
                round(clients, due);
            }
            Held after = settle();

            System.out.printf(
                    "soak: %d s; requests %d, of them streams %d, faults %d, aborts %d; swaps %d; failures %d;"
                            + " most loaders %d; before %s, after %s%n",
                    LENGTH.toSeconds(),
                    requests.get(),
                    streams.get(),
                    faults.get(),
                    aborts.get(),
                    swaps,
                    failures.size(),
                    mostLoaders,
                    before,
                    after);
            assertThat(failures).isEmpty();
            assertThat(after.heap() - before.heap()).as("bytes of heap").isLessThan(4L << 20);
            assertThat(after.loaders()).as("class loaders, groq's included").isEqualTo(2);
            assertThat(mostLoaders)
                    .as("class loaders at any time, groq's included")
                    .isLessThanOrEqualTo(3);
            assertThat(after.files() - before.files()).as("open files").isLessThan(10);
            assertThat(after.threads() - before.threads()).as("threads").isLessThan(5);
        } finally {
            clients.shutdownNow();
        }
    }

    /** Replaces the jar that is loaded, and waits until the new one serves. */
    private void swap() throws IOException {
        int version = 1 + Integer.parseInt(served().substring("1.0.".length()));
        acme(version).write(gateway.plugins().resolve("acme-1.0.0.jar"));
        await().atMost(Duration.ofSeconds(20)).until(() -> served().equals("1.0." + version));
        swaps++;
        mostLoaders = Math.max(mostLoaders, loaders());
    }

    private static String served() {
        return gateway.gateway().providers().stream()
                .filter(provider -> provider.name().equals("acme"))
                .map(ProviderGeneration::pluginVersion)
                .findFirst()
                .orElseThrow();
    }

    /** Has each client do each kind of thing, and meanwhile, perhaps, swaps the plugin under them. */
    private void round(ExecutorService clients, boolean swap) throws Exception {
        gateway.upstream().reset();
        gateway.upstream().answerWith(Answer.from(SoakTest::answer));
        List<Future<?>> running = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
            String provider = client % 2 == 0 ? "groq" : "acme";
            running.add(clients.submit(() -> visit(provider)));
        }
        if (swap) {
            swap();
        }
        for (Future<?> visit : running) {
            visit.get(60, TimeUnit.SECONDS);
        }
    }

    /** The upstream does what the model's name says. */
    private static Answer answer(ReceivedRequest request) {
        String text = request.text();
        if (text.contains("\"model\":\"fault-")) {
            int from = text.indexOf("fault-") + "fault-".length();
            return FAULTS.get(Integer.parseInt(text.substring(from, text.indexOf('"', from))));
        }
        if (text.contains("\"model\":\"open\"")) {
            return Answer.openEvents(Streams.chat("a", "b"));
        }
        if (text.contains("\"model\":\"silent\"")) {
            return Faults.silence();
        }
        return text.contains("\"stream\":true")
                ? Streams.plain()
                : Answer.json(200, "{\"choices\":[],\"usage\":{\"total_tokens\":1}}");
    }

    private void visit(String provider) {
        for (int i = 0; i < REPEAT; i++) {
            try (AnswerClient kept = new AnswerClient(gateway)) {
                good(kept.chat(provider, CHAT, new String[0]).read());
                good(kept.chat(provider, STREAM, new String[0]).read());
                streams.incrementAndGet();
            }
            int fault = faults.getAndIncrement() % FAULTS.size();
            Reply broken = AnswerClient.ask(
                    gateway, provider, STREAM.replace("\"m\"", "\"fault-" + fault + "\""), new String[0]);
            count(broken.status() >= 500 || broken.status() == 200, broken);
            leave(provider);
        }
    }

    private void good(Reply reply) {
        count(reply.status() == 200 && reply.whole(), reply);
    }

    private void count(boolean well, Reply reply) {
        requests.incrementAndGet();
        if (!well) {
            failures.add(reply.toString());
        }
    }

    /** Leaves in the middle of a stream, or before anything has come; orderly or not. */
    private void leave(String provider) {
        int abort = aborts.getAndIncrement();
        boolean midStream = abort % 2 == 0;
        AnswerClient client = new AnswerClient(gateway)
                .chat(provider, STREAM.replace("\"m\"", midStream ? "\"open\"" : "\"silent\""), new String[0]);
        if (midStream) {
            client.readUntil("\"a\"");
        }
        if (abort % 4 < 2) {
            client.close();
        } else {
            client.reset();
        }
        requests.incrementAndGet();
    }

    /** Waits until all that may be there for a while is gone: nothing of ours is there without requests. */
    private static Held settle() throws IOException {
        gateway.upstream().reset();
        await().atMost(QUIET).untilAsserted(() -> {
            assertThat(gateway.gateway().inFlight()).isZero();
            assertThat(Crowd.connectionsAt(gateway.port()))
                    .as("clients' sockets")
                    .isZero();
            assertThat(gateway.upstream().openConnections())
                    .as("upstream's sockets")
                    .isZero();
            assertThat(Heap.count(Lease.class)).as("leases").isZero();
            assertThat(Heap.count(Deadline.class)).as("deadlines").isZero();
            assertThat(loaders()).as("class loaders").isEqualTo(2);
        });
        // What the compiler of the test's plugins has read of jars is freed by the second collection, not the first.
        long heap = Stream.generate(Heap::used).limit(5).min(Long::compare).orElseThrow();
        return new Held(heap, loaders(), openFiles(), threads());
    }

    /** {@return how many class loaders of plugins are alive} */
    private static int loaders() {
        return Heap.count("io.magicapi.gateway.plugins.PluginClasses");
    }

    /**
     * {@return how many threads there are, but for those that call plugins: on a machine that is so busy that a call
     * seems to block, a provider is moved to these, and they stay}
     */
    private static int threads() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.getName().startsWith("plugin-calls"))
                .count();
    }

    private static long openFiles() throws IOException {
        Path mine = Path.of("/proc/self/fd");
        if (!Files.isDirectory(mine)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(mine)) {
            return files.count();
        }
    }
}
