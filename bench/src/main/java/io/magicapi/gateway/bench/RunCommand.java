package io.magicapi.gateway.bench;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** One run: starts what is measured, measures it part by part, and writes the report. */
@Command(name = "run", description = "Measures the gateway beside others.", sortOptions = false)
final class RunCommand implements Callable<Integer> {

    private static final int ROUNDS = 5;

    /** How much is measured. */
    private enum Mode {
        /** Costs only, in about ten minutes. */
        QUICK(Duration.ofMillis(1000), EnumSet.of(Part.COSTS)),
        /** Everything, in about half an hour. */
        FULL(Duration.ofMillis(2000), EnumSet.allOf(Part.class));

        private final Duration window;
        private final Set<Part> parts;

        Mode(Duration window, Set<Part> parts) {
            this.window = window;
            this.parts = parts;
        }
    }

    /** What can be measured by itself. */
    private enum Part {
        COSTS,
        TRANSLATION,
        BODY,
        PLUGINS,
        MODELS,
        SWAPS,
        MEMORY,
        START,
        JMH
    }

    @Parameters(description = "QUICK (costs only, about 10 minutes) or FULL (everything, about half an hour).")
    private Mode mode = Mode.QUICK;

    @Option(names = "--only", split = ",", description = "Only these parts: ${COMPLETION-CANDIDATES}.")
    private Set<Part> only = EnumSet.noneOf(Part.class);

    @Option(names = "--root", paramLabel = "DIR", description = "The project's folder, built; default: this one.")
    private Path root = Path.of("");

    @Option(names = "--out", paramLabel = "DIR", description = "For the report; default: docs/benchmarks.")
    private @Nullable Path out;

    @Option(names = "--newest-jdk", paramLabel = "DIR", description = "A JDK 25, to measure starts with its AOT cache.")
    private @Nullable Path newestJdk;

    @Option(names = "--peer", paramLabel = "NAME=URL", description = "Another gateway, in front of --upstream-port.")
    private Map<String, URI> peers = new LinkedHashMap<>();

    @Option(names = "--peer-header", paramLabel = "LINE", description = "A header of requests to peers.")
    private List<String> peerHeaders = new ArrayList<>();

    @Option(
            names = "--portkey",
            paramLabel = "DIR",
            description = "Where `npm install @portkey-ai/gateway` was run, to measure Portkey's plain requests, too.")
    private @Nullable Path portkey;

    @Option(names = "--upstream-port", paramLabel = "PORT", description = "The upstream's; default: a free one.")
    private int upstreamPort;

    @Option(names = "--before", paramLabel = "JAR", description = "Another gateway.jar, to compare this one with.")
    private @Nullable Path before;

    @Option(names = "--gateway-java-option", paramLabel = "OPTION", description = "An option of the gateway's JVM.")
    private List<String> javaOptions = new ArrayList<>();

    private final Results results = new Results();
    private final Machine machine = new Machine();

    /** The parts that were asked for, each on its own: one that fails leaves a remark and the others. */
    @Override
    public Integer call() throws IOException {
        Path home = root.toAbsolutePath().normalize();
        if (!Files.exists(home.resolve("dist/target/gateway.jar"))) {
            System.err.println("dist/target/gateway.jar is not there; build it, and run this in the project's folder");
            return 1;
        }
        machine.stayBeside();
        Path folder = Files.createTempDirectory("bench");
        Path jdk = Path.of(System.getProperty("java.home"));
        Subjects subjects = new Subjects(machine, home, folder, jdk);
        EventLoopGroup group = Transports.group(1);
        long begin = System.nanoTime();
        try (Subject upstream = subjects.upstream(upstreamPort == 0 ? Machine.freePort() : upstreamPort)) {
            Rounds rounds = new Rounds(group, ROUNDS, mode.window, machine, false);
            part(Part.COSTS, () -> costs(subjects, upstream, rounds));
            part(Part.TRANSLATION, () -> translation(subjects, upstream, rounds));
            part(Part.BODY, () -> body(subjects, upstream, rounds));
            Growth growth = new Growth(results, rounds, subjects, upstream);
            part(Part.PLUGINS, growth::plugins);
            part(Part.MODELS, growth::models);
            part(Part.SWAPS, () -> new Swaps(results, group).run(subjects.gateway(upstream), upstream, 10));
            part(
                    Part.MEMORY,
                    () -> new MemoryUse(results, group, jdk).run(subjects.gateway(upstream), List.of(1000, 10_000)));
            part(
                    Part.START,
                    () -> new StartTimes(results, machine, folder, ROUNDS)
                            .run(subjects.gateway(upstream), Optional.ofNullable(newestJdk)));
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
        part(Part.JMH, () -> new JmhRun(results).run());
        Report report = new Report(
                results,
                machine.description(),
                mode.name().toLowerCase(Locale.ROOT),
                LocalDate.now(ZoneOffset.UTC).toString());
        report.write(out == null ? home.resolve("docs/benchmarks") : out);
        System.out.println(report.markdown());
        System.out.printf(Locale.ROOT, "took %.1f minutes%n", (System.nanoTime() - begin) / 60e9);
        return 0;
    }

    /** A part of a run. */
    private interface Task {
        void run() throws IOException;
    }

    private void part(Part part, Task task) {
        if (!(only.isEmpty() ? mode.parts : only).contains(part)) {
            return;
        }
        System.err.println("measuring: " + part);
        try {
            task.run();
        } catch (IOException | RuntimeException failure) {
            System.err.println(part + " failed: " + failure);
            results.remark(Names.LEFT_OUT, part + ": " + failure.getMessage());
        }
    }

    private void costs(Subjects subjects, Subject upstream, Rounds rounds) {
        List<Subject> started = new ArrayList<>();
        try {
            subjects.nginx(upstream).ifPresent(started::add);
            subjects.haproxy(upstream).ifPresent(started::add);
            started.add(subjects.floor(upstream, "epoll"));
            started.add(subjects.floor(upstream, "io_uring"));
            started.add(subjects.gateway(upstream).javaOptions(javaOptions).start());
            started.add(subjects.gateway(upstream)
                    .named("gateway, io_uring")
                    .transport("io_uring")
                    .start());
            if (before != null) {
                started.add(subjects.gateway(upstream)
                        .named("gateway, before")
                        .jar(before.toAbsolutePath())
                        .start());
            }
            List<Subject> all = new ArrayList<>(List.of(upstream));
            all.addAll(started);
            peers.forEach((name, url) -> all.add(peer(name, url)));
            Costs costs = new Costs(results, rounds);
            plain(subjects, upstream, costs, all);
            Costs warm = new Costs(results, rounds.warm());
            warm.rated(all);
            costs.medium(all);
            costs.paced(all);
            warm.flood(all);
        } finally {
            started.forEach(Subject::close);
        }
    }

    /** Short requests, also of those for whom the other loads are more than they can do on these cores. */
    private void plain(Subjects subjects, Subject upstream, Costs costs, List<Subject> others) {
        List<Subject> slow = new ArrayList<>();
        try {
            subjects.caddy(upstream).ifPresent(slow::add);
            if (portkey != null) {
                slow.add(subjects.portkey(upstream, portkey));
            }
            costs.plain(Stream.concat(others.stream(), slow.stream()).toList());
        } finally {
            slow.forEach(Subject::close);
        }
    }

    private Subject peer(String name, URI url) {
        return new Subject(name, new InetSocketAddress(url.getHost(), url.getPort()), null, peerHeaders);
    }

    private void translation(Subjects subjects, Subject upstream, Rounds rounds) throws IOException {
        GatewayProcess all = subjects.gateway(upstream);
        GatewayProcess alone = subjects.gateway(upstream).named("Groq alone");
        Files.createDirectories(alone.plugins());
        try (Subject gateway = all.start()) {
            try (Stream<Path> jars = Files.list(all.plugins())) {
                for (Path jar : jars.toList()) {
                    if (jar.getFileName().toString().startsWith("groq")) {
                        Files.copy(jar, alone.plugins().resolve("groq.jar"));
                    }
                }
            }
            try (Subject onlyGroq = alone.start()) {
                new Costs(results, rounds).translation(gateway, onlyGroq);
            }
        }
    }

    private void body(Subjects subjects, Subject upstream, Rounds rounds) {
        List<Subject> started = new ArrayList<>();
        try {
            subjects.nginx(upstream).ifPresent(started::add);
            started.add(subjects.gateway(upstream).start());
            new Growth(results, rounds, subjects, upstream).body(started);
        } finally {
            started.forEach(Subject::close);
        }
    }
}
