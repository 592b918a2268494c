package io.magicapi.gateway.bench;

import io.magicapi.gateway.testkit.PluginJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** How the cost of a request grows with what the gateway has to do with: it should not, but for the body. */
final class Growth {

    private static final int KB = 1024;

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
            (size == KB ? rounds : rounds.warm()).times(3).run(workload, proxies, (subject, measured) -> {
                String metric = "CPU µs/request, " + (size < KB * KB ? size / KB + " KB" : size / KB / KB + " MB");
                results.add(Names.BODY, subject.name(), metric, measured.cpuPerAnswer());
            });
        }
        results.remark(
                Names.BODY, "Linear means that a column grows with the size, less what the smallest request costs.");
    }

    /** One plugin to two hundred, each with a provider. */
    void plugins() throws IOException {
        Map<Integer, Subject> gateways = new LinkedHashMap<>();
        try {
            for (int count : List.of(1, 20, 200)) {
                GatewayProcess gateway = subjects.gateway(upstream).named(Integer.toString(count));
                fill(gateway.plugins(), count);
                String config = "  provider-0:\n    base-url: \"http://127.0.0.1:"
                        + upstream.address().getPort() + "\"";
                gateways.put(count, gateway.config(config).start().with(List.of("x-provider: provider-0")));
            }
            measure(Names.PLUGINS, gateways, Workload.MODEL);
        } finally {
            gateways.values().forEach(Subject::close);
        }
    }

    private static void fill(Path folder, int count) throws IOException {
        Files.createDirectories(folder);
        for (int i = 0; i < count; i++) {
            PluginJar.of("plugin-" + i)
                    .provider("provider-" + i, "https://provider-" + i + ".test")
                    .writeTo(folder);
        }
    }

    /** Ten to 100,000 models of the configuration; the requests ask for one of them. */
    void models() {
        Map<Integer, Subject> gateways = new LinkedHashMap<>();
        try {
            for (int count : List.of(10, 1000, 100_000)) {
                StringBuilder models = new StringBuilder("models:");
                IntStream.range(0, count)
                        .forEach(i -> models.append("\n  model-")
                                .append(i)
                                .append(": { route: [groq/" + Workload.MODEL + "] }"));
                gateways.put(
                        count,
                        subjects.gateway(upstream)
                                .named(Integer.toString(count))
                                .config(models.toString())
                                .start()
                                .with(List.of("x-bench-models: " + count)));
            }
            measure(Names.MODELS, gateways, "model-7");
        } finally {
            gateways.values().forEach(Subject::close);
        }
    }

    private void measure(String table, Map<Integer, Subject> gateways, String model) {
        Workload workload = Workload.plain(table, Workload.SHORT, 64);
        Workload asking = new Workload(table, workload.script(), model, workload.bodyLength(), 64, 0, List.of());
        rounds.run(asking, new ArrayList<>(gateways.values()), (subject, measured) -> {
            results.add(table, subject.name(), Names.CPU_REQUEST, measured.cpuPerAnswer());
            results.add(table, subject.name(), "requests/s", measured.answersPerSecond());
        });
    }
}
