package io.magicapi.gateway.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReportTest {

    private final Results results = new Results();

    private Report report() {
        return new Report(results, Map.of("cores", "2"), "quick", "2026-11-24");
    }

    @Test
    @DisplayName("medians count, ratios are of nginx, and targets are judged by both marks")
    void markdown() {
        for (double value : List.of(20.0, 90.0, 22.0)) {
            results.add(Names.PLAIN, Names.NGINX, Names.CPU_REQUEST, value);
        }
        results.add(Names.PLAIN, Names.GATEWAY, Names.CPU_REQUEST, 40);

        assertThat(report().markdown())
                .contains("- cores: 2")
                .contains("| nginx | 22.0 | 1.00 |")
                .contains("| gateway | 40.0 | 1.82 |")
                .contains("| CPU of a plain request, × nginx | 1.82 | ≤ 2.00 holds | ≤ 1.50 **missed** |");
    }

    @Test
    @DisplayName("the JSON has the values of all rounds")
    void json() throws IOException {
        results.add("t", "s", "m", 1.5);
        results.add("t", "s", "m", 2.5);

        assertThat(report().json()).contains("\"m\" : [ 1.5, 2.5 ]");
    }

    @Test
    @DisplayName("a median of an even number of values is the mean of those in the middle")
    void median() {
        assertThat(Results.median(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(2.5);
    }
}
