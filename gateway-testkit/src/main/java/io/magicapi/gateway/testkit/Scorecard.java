package io.magicapi.gateway.testkit;

import java.util.ArrayList;
import java.util.List;

/** What came of the scenarios of a {@link FaultBench}, in their order. Immutable. */
public final class Scorecard {

    /** One scenario and what was seen of it. */
    record Row(Scenario scenario, Observation seen) {

        boolean isGreen() {
            return seen.equals(scenario.expected());
        }

        String line(int number) {
            return "| " + number + " | " + cell(scenario.name()) + " | " + (scenario.isStream() ? "stream" : "plain")
                    + " | " + cell(scenario.settings()) + " | " + cell(seen.caller()) + " | " + cell(seen.providers())
                    + " | " + cell(seen.accounted()) + " | " + (isGreen() ? "✓" : "✗") + " |";
        }

        private static String cell(String text) {
            return text.replace("|", "\\|");
        }
    }

    private static final String HEAD =
            "| # | `main` | Asked | Settings | The caller gets | The providers see | Accounted"
                    + " | |\n|---|---|---|---|---|---|---|---|";

    private final List<Row> rows;

    Scorecard(List<Row> rows) {
        this.rows = List.copyOf(rows);
    }

    /** {@return this card with the rows of another one behind its own} */
    public Scorecard and(Scorecard other) {
        List<Row> both = new ArrayList<>(rows);
        both.addAll(other.rows);
        return new Scorecard(both);
    }

    /** {@return how many scenarios there were} */
    public int size() {
        return rows.size();
    }

    /** {@return how many came out as expected} */
    public int green() {
        return (int) rows.stream().filter(Row::isGreen).count();
    }

    /** {@return of each scenario that did not come out as expected: what was, and what was expected; empty if all did} */
    public List<String> failures() {
        return rows.stream()
                .filter(row -> !row.isGreen())
                .map(row -> row.scenario() + ":\n  seen     " + row.seen() + "\n  expected "
                        + row.scenario().expected())
                .toList();
    }

    /** {@return a Markdown table of what was seen, one row for each scenario} */
    public String table() {
        StringBuilder table = new StringBuilder(HEAD);
        for (int i = 0; i < rows.size(); i++) {
            table.append('\n').append(rows.get(i).line(i + 1));
        }
        return table.toString();
    }
}
