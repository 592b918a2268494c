package io.magicapi.gateway.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * All that was measured: by table, subject and metric the values of the rounds, in the order they came. What counts is
 * their median.
 */
final class Results {

    private final Map<String, Map<String, Map<String, List<Double>>>> tables = new LinkedHashMap<>();
    private final Map<String, String> remarks = new LinkedHashMap<>();

    /** Adds the value of one round. */
    void add(String table, String subject, String metric, double value) {
        tables.computeIfAbsent(table, unused -> new LinkedHashMap<>())
                .computeIfAbsent(subject, unused -> new LinkedHashMap<>())
                .computeIfAbsent(metric, unused -> new ArrayList<>())
                .add(value);
    }

    /** Says something of a table. */
    void remark(String table, String text) {
        remarks.merge(table, text, (before, more) -> before.contains(more) ? before : before + " " + more);
    }

    /** {@return the median of the rounds; empty if there were none} */
    OptionalDouble median(String table, String subject, String metric) {
        List<Double> rounds = tables.getOrDefault(table, Map.of())
                .getOrDefault(subject, Map.of())
                .getOrDefault(metric, List.of());
        return rounds.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(median(rounds));
    }

    /** {@return the middle one of some values, or the mean of the two in the middle} */
    static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }

    /** {@return table to subject to metric to the values of the rounds; read-only} */
    Map<String, Map<String, Map<String, List<Double>>>> tables() {
        return Collections.unmodifiableMap(tables);
    }

    /** {@return what is said of a table} */
    Optional<String> remark(String table) {
        return Optional.ofNullable(remarks.get(table));
    }
}
