package io.magicapi.gateway.bench;

import io.magicapi.gateway.testkit.PluginJar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** How the cost of a request grows with what the gateway has to do with: it should not, but for the body. */
final class Growth {

    private static final int KB = 1024;
    private static final int MANY_PLUGINS = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Results results;
    private final Rounds rounds;
    private final Subjects subjects;
    private final Subject upstream;

    Growth(Results results, Rounds rounds, Subjects subjects, Subject upstream) {
        this.results = results;
        this.rounds = rounds;
        this.subjects = subjects;
        this.upstream = upstream;
    }

    /** Bodies from 1 KB to 20 MB, beside another proxy. */
    void body(List<Subject> proxies) {
        for (int size : List.of(KB, 16 * KB, 128 * KB, KB * KB, 5 * KB * KB, 20 * KB * KB)) {
            // No more connections than keep one core busy: large bodies would queue for memory.
            Workload workload = Workload.plain(Names.BODY, size, size > KB * KB ? 2 : 16);
            (size == KB ? rounds : rounds.warm()).run(workload, proxies, (subject, measured) -> {
                String metric = "CPU µs/request, " + (size < KB * KB ? size / KB + " KB" : size / KB / KB + " MB");
                results.add(Names.BODY, subject.name(), metric, measured.cpuPerAnswer());
            });
        }
        results.remark(
                Names.BODY, "Linear means that a column grows with the size, less what the smallest request costs.");
    }

    /** One plugin to two hundred, each with a provider, which come and go while one gateway runs. */
    void plugins() throws IOException {
        GatewayProcess gateway = subjects.gateway(upstream);
        Path folder = Files.createDirectories(gateway.plugins());
        String baseUrl = "http://127.0.0.1:" + upstream.address().getPort();
        List<byte[]> jars = IntStream.range(0, MANY_PLUGINS)
                .mapToObj(i -> PluginJar.of("plugin-" + i).provider("provider-" + i, baseUrl))
                .map(PluginJar::bytes)
                .toList();
        keep(folder, jars, 1);
        try (Subject running = gateway.start().with(List.of("x-provider: provider-0"))) {
            Workload workload = Workload.plain(Names.PLUGINS, Workload.SHORT, 64);
            measure(running, workload, List.of(1, 20, MANY_PLUGINS), count -> {
                keep(folder, jars, count);
                for (int i = 0; i < jars.size(); i++) {
                    await(running.with(List.of("x-provider: provider-" + i)), workload, i < count);
                }
            });
        }
    }

    /** Has the first of some jars in a folder, and none of the others. */
    private static void keep(Path folder, List<byte[]> jars, int count) throws IOException {
        for (int i = 0; i < jars.size(); i++) {
            Path jar = folder.resolve("plugin-" + i + ".jar");
            if (i >= count) {
                Files.deleteIfExists(jar);
            } else if (!Files.exists(jar)) {
                Files.write(jar, jars.get(i));
            }
        }
    }

    /** Ten to 100,000 models of the configuration, which one gateway reads while it runs; the requests are for one. */
    void models() throws IOException {
        GatewayProcess gateway = subjects.gateway(upstream);
        try (Subject running = gateway.start().with(List.of())) {
            String others = Files.readString(gateway.configFile());
            Workload workload = Workload.plain(Names.MODELS, Workload.SHORT, 64);
            measure(running, workload.asking("model-7", List.of()), List.of(10, 1000, 100_000), count -> {
                StringBuilder config = new StringBuilder(others).append("models:\n");
                IntStream.range(0, count).forEach(i -> config.append(model(i)));
                replace(gateway.configFile(), config.toString());
                await(running, workload.asking("model-" + (count - 1), List.of()), true);
                await(running, workload.asking("model-" + count, List.of()), false);
            });
        }
    }

    /** A file that is as it should be is left alone: to read it again would be measured, too. */
    private static void replace(Path file, String text) throws IOException {
        if (!Files.readString(file).equals(text)) {
            Path part = Files.writeString(file.resolveSibling(file.getFileName() + ".part"), text);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static String model(int number) {
        return "  model-" + number + ": { route: [groq/" + Workload.MODEL + "] }\n";
    }

    /** A change of the gateway that is measured. */
    private interface Change {
        void to(int count) throws IOException;
    }

    /** One process, since two that run the same code can differ by more than what is looked for. */
    private void measure(Subject gateway, Workload workload, List<Integer> counts, Change change) {
        List<Rounds.Entry> entries = new ArrayList<>();
        for (int count : counts) {
            Runnable prepare = () -> {
                try {
                    change.to(count);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            };
            entries.add(new Rounds.Entry(Integer.toString(count), gateway, workload, Optional.of(prepare)));
        }
        rounds.run(entries, (entry, measured) -> {
            results.add(workload.name(), entry.name(), Names.CPU_REQUEST, measured.cpuPerAnswer());
            results.add(workload.name(), entry.name(), "requests/s", measured.answersPerSecond());
        });
    }

    /** Waits until the gateway serves what such a request is for, or until it does not. */
    private static void await(Subject gateway, Workload workload, boolean served) throws IOException {
        Target target = workload.target(gateway);
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (target.isServed() != served) {
            if (System.nanoTime() > until) {
                throw new IllegalStateException("the gateway has not taken over " + gateway.headers() + " for "
                        + workload.model() + "; see its log");
            }
            Timing.sleep(Duration.ofMillis(50));
        }
    }
}
