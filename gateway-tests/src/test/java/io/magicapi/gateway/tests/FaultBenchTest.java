package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.FaultBench;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.Scorecard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of docs/fault-bench.md, which {@code -Ddocs.update=true} writes anew. */
@DisplayName("docs/fault-bench.md")
class FaultBenchTest {

    private static final Path DOC = Path.of("../docs/fault-bench.md");
    private static final String BEGIN = "<!-- written by FaultBenchTest -->\n";
    private static final String END = "\n<!-- end -->";

    /** Speaks OpenAI's API, and says that its models go on with an answer of which they are given the beginning. */
    private static final PluginJar PREFILLS = PluginJar.of("prefills").source("""
            import io.magicapi.gateway.api.Provider;
            import org.pf4j.Extension;

            @Extension
            public final class Prefills implements Provider {
                @Override public String name() { return "prefills"; }
                @Override public String baseUrl() { return "https://prefills.test"; }
                @Override public boolean continuesAnswers(String model) { return true; }
            }
            """);

    private static FaultBench bench() {
        return FaultBench.of(OpenAiJar.PATH, "openai-compatible");
    }

    @Test
    @DisplayName("R1, R2, R3: whatever the first of two providers does, the caller gets what the table says")
    void scorecard(@TempDir Path jars) throws InterruptedException, IOException {
        long begin = System.nanoTime();

        Scorecard card = bench().run(FaultScenarios.all())
                .and(bench().run(FaultScenarios.recovering()))
                .and(bench().spare(PREFILLS.writeTo(jars), "prefills").run(FaultScenarios.prefilling()));

        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        System.out.printf(
                "fault bench: %d of %d green, %d s%n%s%n", card.green(), card.size(), took.toSeconds(), card.table());
        assertThat(card.failures()).isEmpty();
        assertWritten(card.table());
    }

    private static void assertWritten(String table) throws IOException {
        String document = Files.readString(DOC);
        assertThat(document).contains(BEGIN);
        int from = document.indexOf(BEGIN) + BEGIN.length();
        int to = document.indexOf(END, from);
        if (Boolean.getBoolean("docs.update")) {
            Files.writeString(DOC, document.substring(0, from) + table + document.substring(to));
        } else {
            assertThat(document.substring(from, to))
                    .as("the table in %s; mvn verify -Ddocs.update=true writes it anew", DOC)
                    .isEqualTo(table);
        }
    }
}
