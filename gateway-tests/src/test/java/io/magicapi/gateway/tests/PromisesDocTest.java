package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each promise in the documents names a test that keeps it, and that test is there. */
class PromisesDocTest {

    private static final Path ROOT = Path.of("..");

    /** {@code SomeTest} or {@code SomeTest.method}. */
    private static final Pattern NAME = Pattern.compile("`([A-Z]\\w*(?:Test|IT))(?:\\.(\\w+))?`");

    /** The sources of all test classes by their names. */
    private static final Map<String, String> SOURCES = new HashMap<>();

    @BeforeAll
    static void read() throws IOException {
        for (String module :
                List.of("gateway-api", "gateway-core", "gateway-testkit", "gateway-tests", "plugin-groq", "dist")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    SOURCES.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"README.md", "docs/reliability.md", "docs/client-outcomes.md", "docs/decisions/0004-io-uring.md"
            })
    @DisplayName("every test that a document names exists")
    void exist(String document) throws IOException {
        List<MatchResult> names =
                NAME.matcher(Files.readString(ROOT.resolve(document))).results().toList();

        assertThat(names).isNotEmpty();
        assertThat(names.stream().filter(name -> !exists(name)).map(MatchResult::group))
                .as("tests that are named and not there")
                .isEmpty();
    }

    private static boolean exists(MatchResult name) {
        String source = SOURCES.get(name.group(1));
        String method = name.group(2);
        return source != null && (method == null || source.contains(" void " + method + "("));
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/reliability.md"})
    @DisplayName("no promise goes without a test")
    void kept(String document) throws IOException {
        List<String> lines = Files.readAllLines(ROOT.resolve(document));
        int promises = 0;
        boolean within = false;
        for (String line : lines) {
            List<String> cells =
                    Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
            if (cells.contains("Kept by") || cells.contains("Tested by")) {
                within = true;
            } else if (cells.size() < 3) {
                within = false;
            } else if (within && !line.startsWith("|---")) {
                promises++;
                assertThat(cells.get(2)).as(line).containsPattern(NAME);
            }
        }

        assertThat(promises).isPositive();
    }

    @Test
    @DisplayName("the fuzzing table lists the targets that are replayed")
    void fuzzTargets() throws IOException {
        List<String> listed = Pattern.compile("(?m)^\\| `(\\w+Fuzz)` ")
                .matcher(Files.readString(ROOT.resolve("docs/reliability.md")))
                .results()
                .map(row -> row.group(1))
                .sorted()
                .toList();

        try (Stream<Path> corpora = Files.list(Path.of("src/test/resources/fuzz"))) {
            assertThat(listed)
                    .isEqualTo(corpora.map(corpus -> corpus.getFileName().toString())
                            .sorted()
                            .toList());
        }
    }
}
