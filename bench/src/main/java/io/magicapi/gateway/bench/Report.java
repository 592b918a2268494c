package io.magicapi.gateway.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/** Writes down what was measured: a page of Markdown with the medians, and JSON with the values of all rounds. */
final class Report {

    /** What ratios are of. */
    private static final String REFERENCE = Names.NGINX;

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Results results;
    private final Map<String, String> machine;
    private final String mode;
    private final String date;

    Report(Results results, Map<String, String> machine, String mode, String date) {
        this.results = results;
        this.machine = machine;
        this.mode = mode;
        this.date = date;
    }

    /** Writes {@code DATE.md} and {@code DATE.json} into a folder. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(date + ".md"), markdown());
        Files.writeString(folder.resolve(date + ".json"), json());
    }

    /** {@return the page} */
    String markdown() {
        StringBuilder page = new StringBuilder("# Benchmark of " + date + "\n\n");
        page.append("Written by the `bench` module, mode `").append(mode).append("`. How to read it, and to run it: ");
        page.append(
                "[performance](../performance.md). All figures are medians of the rounds; CPU time is that of the ");
        page.append("proxy's process, user and system.\n\n");
        machine.forEach((key, value) ->
                page.append("- ").append(key).append(": ").append(value).append('\n'));
        targets(page);
        results.tables().forEach((name, subjects) -> table(page, name, subjects));
        results.remark(Names.LEFT_OUT)
                .ifPresent(text -> page.append("\n## ")
                        .append(Names.LEFT_OUT)
                        .append("\n\n")
                        .append(text)
                        .append('\n'));
        return page.toString();
    }

    private void targets(StringBuilder page) {
        List<Targets.Verdict> verdicts = Targets.judge(results);
        if (verdicts.isEmpty()) {
            return;
        }
        page.append("\n## Targets\n\n| | Measured | First mark | Goal |\n|---|---|---|---|\n");
        for (Targets.Verdict verdict : verdicts) {
            page.append("| ").append(verdict.name()).append(" | ").append(number(verdict.measured()));
            page.append(" | ").append(judged(verdict.measured(), verdict.firstMark()));
            page.append(" | ")
                    .append(judged(verdict.measured(), verdict.goal()))
                    .append(" |\n");
        }
    }

    private static String judged(double measured, double limit) {
        return "≤ " + number(limit) + (measured <= limit ? " holds" : " **missed**");
    }

    private void table(StringBuilder page, String name, Map<String, Map<String, List<Double>>> subjects) {
        Set<String> metrics = new LinkedHashSet<>();
        subjects.values().forEach(row -> metrics.addAll(row.keySet()));
        boolean ratio = subjects.containsKey(REFERENCE) && subjects.size() > 1;
        page.append("\n## ").append(name).append("\n\n|");
        for (String metric : metrics) {
            page.append(" | ").append(metric);
            if (ratio && isRatio(metric)) {
                page.append(" | × ").append(REFERENCE);
            }
        }
        page.append(" |\n|---");
        metrics.forEach(metric -> page.append(ratio && isRatio(metric) ? "|---|---" : "|---"));
        page.append("|\n");
        subjects.keySet().forEach(subject -> row(page, name, subject, metrics, ratio));
        results.remark(name).ifPresent(text -> page.append('\n').append(text).append('\n'));
    }

    private void row(StringBuilder page, String table, String subject, Set<String> metrics, boolean ratio) {
        page.append("| ").append(subject);
        for (String metric : metrics) {
            OptionalDouble value = results.median(table, subject, metric);
            page.append(" | ").append(value.isPresent() ? number(value.getAsDouble()) : "–");
            if (ratio && isRatio(metric)) {
                OptionalDouble reference = results.median(table, REFERENCE, metric);
                boolean known = value.isPresent() && reference.isPresent() && reference.getAsDouble() > 0;
                page.append(" | ").append(known ? number(value.getAsDouble() / reference.getAsDouble()) : "–");
            }
        }
        page.append(" |\n");
    }

    private static boolean isRatio(String metric) {
        return metric.startsWith("CPU");
    }

    /** {@return a number with three digits that count} */
    static String number(double value) {
        double size = Math.abs(value);
        String form = size >= 100 || value == 0 ? "%,.0f" : size >= 10 ? "%.1f" : size >= 0.1 ? "%.2f" : "%.4f";
        return String.format(Locale.ROOT, form, value);
    }

    /** {@return all values} */
    String json() throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("date", date).put("mode", mode);
        ObjectNode facts = root.putObject("machine");
        machine.forEach(facts::put);
        ArrayNode verdicts = root.putArray("targets");
        for (Targets.Verdict verdict : Targets.judge(results)) {
            verdicts.addObject()
                    .put("name", verdict.name())
                    .put("measured", verdict.measured())
                    .put("first-mark", verdict.firstMark())
                    .put("goal", verdict.goal());
        }
        root.set("tables", JSON.valueToTree(results.tables()));
        return JSON.writeValueAsString(root) + "\n";
    }
}
