package io.magicapi.gateway.bench;

import io.magicapi.gateway.bench.Workload.Measured;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;

/** What a request and an event cost, beside others. */
final class Costs {

    private static final Duration GAP = Duration.ofMillis(10);

    private final Results results;
    private final Rounds rounds;

    Costs(Results results, Rounds rounds) {
        this.results = results;
        this.rounds = rounds;
    }

    /** Measures short requests, as many as can be. */
    void plain(List<Subject> subjects) {
        Workload workload = Workload.plain(Names.PLAIN, Workload.SHORT, 64);
        rounds.run(workload, subjects, requests(Names.PLAIN));
    }

    /** Measures requests of 64 KB, as many as can be. */
    void medium(List<Subject> subjects) {
        Workload workload = Workload.plain(Names.MEDIUM, 64 * 1024, 64);
        rounds.run(workload, subjects, requests(Names.MEDIUM));
    }

    /** Measures short requests at a rate that leaves time. */
    void rated(List<Subject> subjects) {
        rounds.run(Workload.rated(Names.RATED, 500), subjects, requests(Names.RATED));
        results.remark(
                Names.RATED,
                "Latency counts from the time at which a request was due. What a proxy adds is the difference to direct.");
    }

    private BiConsumer<Subject, Measured> requests(String table) {
        return (subject, measured) -> {
            String name = subject.name();
            results.add(table, name, Names.CPU_REQUEST, measured.cpuPerAnswer());
            results.add(table, name, "requests/s", measured.answersPerSecond());
            results.add(
                    table, name, "p50 ms", Measured.millis(measured.figures().latency(), 50));
            results.add(
                    table, name, Names.P99, Measured.millis(measured.figures().latency(), 99));
            results.add(
                    table, name, "p99.9 ms", Measured.millis(measured.figures().latency(), 99.9));
        };
    }

    /** Measures streams that take their time. */
    void paced(List<Subject> subjects) {
        Workload workload = Workload.streams(Names.PACED, Script.sse(100, GAP), 200);
        rounds.run(workload, subjects, (subject, measured) -> {
            String name = subject.name();
            results.add(Names.PACED, name, Names.CPU_EVENT, measured.cpuPerEvent());
            results.add(Names.PACED, name, "events/s", measured.events() / measured.seconds());
            results.add(
                    Names.PACED,
                    name,
                    "first byte p50 ms",
                    Measured.millis(measured.figures().firstByte(), 50));
            results.add(
                    Names.PACED,
                    name,
                    "first byte p99 ms",
                    Measured.millis(measured.figures().firstByte(), 99));
            results.add(
                    Names.PACED,
                    name,
                    "event p50 ms",
                    Measured.millis(measured.figures().events(), 50));
            results.add(
                    Names.PACED,
                    name,
                    "event p99 ms",
                    Measured.millis(measured.figures().events(), 99));
        });
        results.remark(
                Names.PACED,
                "An event's latency counts from the time at which it was due at the upstream to its arrival at the client.");
    }

    /** Measures streams that do not wait. */
    void flood(List<Subject> subjects) {
        Workload workload = Workload.streams(Names.FLOOD, Script.sse(1000, Duration.ZERO), 32);
        rounds.run(workload, subjects, (subject, measured) -> {
            String name = subject.name();
            results.add(Names.FLOOD, name, Names.CPU_EVENT, measured.cpuPerEvent());
            results.add(Names.FLOOD, name, "events/s", measured.events() / measured.seconds());
            results.add(Names.FLOOD, name, "MB/s", measured.megabytesPerSecond());
        });
    }

    /**
     * Measures streams that a plugin translates, and, beside them, those of Groq through the same gateway, and through one
     * that has no plugin loaded but Groq's.
     */
    void translation(Subject gateway, Subject onlyGroq) {
        Workload groq = Workload.streams(Names.TRANSLATION, Script.sse(1000, Duration.ZERO), 32);
        Script translated = new Script(Script.Form.ANTHROPIC, 1000, Duration.ZERO);
        Workload anthropic = Workload.streams(Names.TRANSLATION, translated, 32)
                .asking("claude-sonnet-4-5", List.of("x-provider: anthropic", "anthropic-version: 2023-06-01"));
        Workload bedrock = Workload.streams(Names.TRANSLATION, Script.BEDROCK, 32)
                .asking("anthropic.claude-3-haiku-20240307-v1:0", List.of("x-provider: bedrock"));
        List<Rounds.Entry> entries = List.of(
                new Rounds.Entry(onlyGroq.named("Groq, no other plugin loaded"), groq),
                new Rounds.Entry(gateway.named("Groq, passed through"), groq),
                new Rounds.Entry(gateway.named("Anthropic, translated"), anthropic),
                new Rounds.Entry(gateway.named("Bedrock, translated"), bedrock));
        rounds.run(entries, (entry, measured) -> {
            String name = entry.subject().name();
            results.add(Names.TRANSLATION, name, Names.CPU_EVENT, measured.cpuPerEvent());
            results.add(Names.TRANSLATION, name, "events/s", measured.events() / measured.seconds());
        });
        Workload plain = Workload.plain("Plain requests, with and without translating plugins", Workload.SHORT, 64);
        rounds.run(
                plain,
                List.of(onlyGroq.named("Groq alone"), gateway.named("with Anthropic, OpenAI and Bedrock")),
                requests(plain.name()));
    }
}
