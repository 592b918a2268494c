package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.tests.AdminCalls.Told;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** What Prometheus reads of a gateway at one moment: each series with its value, labels in the order of their names. */
record Scrape(Map<String, Double> series) {

    /** {@return the figures of a gateway whose admin key is {@link AdminCalls#KEY}} */
    static Scrape of(GatewayExtension gateway) {
        Told told = AdminCalls.of(gateway).get("/metrics");
        assertThat(told.status()).as(told.body()).isEqualTo(200);
        return parse(told.body());
    }

    static Scrape parse(String text) {
        Map<String, Double> series = new LinkedHashMap<>();
        for (String line : text.split("\n", -1)) {
            if (!line.isEmpty() && line.charAt(0) != '#') {
                int space = line.lastIndexOf(' ');
                Double before =
                        series.put(sorted(line.substring(0, space)), Double.parseDouble(line.substring(space + 1)));
                assertThat(before).as("a second line of %s", line).isNull();
            }
        }
        return new Scrape(series);
    }

    private static String sorted(String series) {
        int brace = series.indexOf('{');
        if (brace < 0) {
            return series;
        }
        Map<String, String> labels = new TreeMap<>();
        for (String label : series.substring(brace + 1, series.length() - 1).split("\",", -1)) {
            if (!label.isEmpty()) {
                int equals = label.indexOf('=');
                labels.put(
                        label.substring(0, equals), label.substring(equals + 2).replaceAll("\"$", ""));
            }
        }
        StringBuilder sorted = new StringBuilder(series.substring(0, brace)).append('{');
        labels.forEach(
                (name, value) -> sorted.append(name).append('=').append(value).append(' '));
        return sorted.toString().strip() + "}";
    }

    /** {@return a value; 0 if there is no such series} */
    double value(String name) {
        return series.getOrDefault(name, 0.0);
    }

    /** {@return what has changed of some families since then, without what has not} */
    Map<String, Double> since(Scrape before, String... families) {
        Map<String, Double> changes = new TreeMap<>();
        series.forEach((name, value) -> {
            double change = value - before.value(name);
            for (String family : families) {
                if (change != 0 && (name.equals(family) || name.startsWith(family + "{"))) {
                    changes.put(name, Math.round(change * 1e9) / 1e9);
                }
            }
        });
        return changes;
    }
}
