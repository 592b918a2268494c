package io.magicapi.gateway.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** What is required of the figures, see docs/performance.md. All are upper limits. */
final class Targets {

    private Targets() {}

    /** One target that could be judged. */
    record Verdict(String name, double measured, double firstMark, double goal) {}

    /** {@return the targets of which this run knows enough} */
    static List<Verdict> judge(Results results) {
        List<Verdict> verdicts = new ArrayList<>();
        ratio(verdicts, results, "CPU of a plain request, × nginx", Names.PLAIN, Names.NGINX, 2.0, 1.5);
        for (String transport : List.of("epoll", "io_uring")) {
            String floor = Names.floor(transport);
            ratio(verdicts, results, "CPU of a plain request, × " + floor, Names.PLAIN, floor, 1.35, 1.15);
        }
        ratio(verdicts, results, "CPU of a plain request, × Caddy", Names.PLAIN, Names.CADDY, 1 / 3.0, 1 / 4.0);
        ratio(verdicts, results, "CPU of a plain request, × Portkey", Names.PLAIN, Names.PORTKEY, 1 / 25.0, 1 / 40.0);
        ratio(verdicts, results, "CPU of a request of 64 KB, × nginx", Names.MEDIUM, Names.NGINX, 2.5, 1.8);
        event(verdicts, results, "CPU of a paced event, × nginx", Names.PACED, 1.7, 1.3);
        event(verdicts, results, "CPU of a flooded event, × nginx", Names.FLOOD, 1.3, 0.9);
        difference(verdicts, results);
        absolute(
                verdicts, results, "RSS with 10,000 streams, MiB", Names.MEMORY, "10,000 streams", Names.RSS, 600, 350);
        absolute(verdicts, results, "Start with AppCDS, s", Names.START, StartTimes.APP_CDS, Names.SECONDS, 1.0, 0.5);
        absolute(verdicts, results, "Start with AOT cache, s", Names.START, StartTimes.AOT, Names.SECONDS, 1.0, 0.5);
        growth(verdicts, results, "CPU with 200 plugins, × 1", Names.PLUGINS, "1", "200");
        growth(verdicts, results, "CPU with 100,000 models, × 10", Names.MODELS, "10", "100000");
        growthOfP99(verdicts, results);
        return verdicts;
    }

    private static void ratio(
            List<Verdict> verdicts,
            Results results,
            String name,
            String table,
            String reference,
            double firstMark,
            double goal) {
        divide(
                        results.median(table, Names.GATEWAY, Names.CPU_REQUEST),
                        results.median(table, reference, Names.CPU_REQUEST))
                .ifPresent(measured -> verdicts.add(new Verdict(name, measured, firstMark, goal)));
    }

    private static void event(
            List<Verdict> verdicts, Results results, String name, String table, double firstMark, double goal) {
        divide(
                        results.median(table, Names.GATEWAY, Names.CPU_EVENT),
                        results.median(table, Names.NGINX, Names.CPU_EVENT))
                .ifPresent(measured -> verdicts.add(new Verdict(name, measured, firstMark, goal)));
    }

    private static void difference(List<Verdict> verdicts, Results results) {
        OptionalDouble ours = results.median(Names.RATED, Names.GATEWAY, Names.P99);
        OptionalDouble reference = results.median(Names.RATED, Names.NGINX, Names.P99);
        if (ours.isPresent() && reference.isPresent()) {
            double more = ours.getAsDouble() - reference.getAsDouble();
            verdicts.add(new Verdict("p99 at 500 requests a second, ms more than nginx", more, 1.0, 0.3));
        }
    }

    private static void absolute(
            List<Verdict> verdicts,
            Results results,
            String name,
            String table,
            String subject,
            String metric,
            double firstMark,
            double goal) {
        results.median(table, subject, metric)
                .ifPresent(measured -> verdicts.add(new Verdict(name, measured, firstMark, goal)));
    }

    private static void growth(
            List<Verdict> verdicts, Results results, String name, String table, String few, String many) {
        divide(results.median(table, many, Names.CPU_REQUEST), results.median(table, few, Names.CPU_REQUEST))
                .ifPresent(measured -> verdicts.add(new Verdict(name, measured, 1.05, 1.05)));
    }

    private static void growthOfP99(List<Verdict> verdicts, Results results) {
        divide(
                        results.median(Names.SWAPS, Swaps.DURING, Names.P99),
                        results.median(Names.SWAPS, Swaps.BEFORE, Names.P99))
                .ifPresent(measured ->
                        verdicts.add(new Verdict("p99 while plugins are swapped, × before", measured, 2.0, 2.0)));
    }

    private static OptionalDouble divide(OptionalDouble above, OptionalDouble below) {
        return above.isPresent() && below.isPresent() && below.getAsDouble() > 0
                ? OptionalDouble.of(above.getAsDouble() / below.getAsDouble())
                : OptionalDouble.empty();
    }
}
