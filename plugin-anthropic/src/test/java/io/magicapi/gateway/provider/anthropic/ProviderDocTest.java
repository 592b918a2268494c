package io.magicapi.gateway.provider.anthropic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The tables of {@code docs/providers/anthropic.md} are what the code says. {@code -Ddocs.update=true} writes them anew.
 */
class ProviderDocTest {

    private static final Path PAGE = Path.of("../docs/providers/anthropic.md");

    @Test
    @DisplayName("the page lists every field that is known, and what becomes of it")
    void fields() throws IOException {
        assertTable(
                "fields",
                "| Field | becomes |",
                rows(ChatField.values(), field -> "| `" + field.field() + "` | " + field.becomes() + " |"));
    }

    @Test
    @DisplayName("the page lists every stop reason and its finish reason")
    void stopReasons() throws IOException {
        assertTable(
                "stop reasons",
                "| `stop_reason` | `finish_reason` |",
                rows(StopReason.values(), reason -> "| `" + reason.word() + "` | `" + reason.finishReason() + "` |"));
    }

    private static <T> String rows(T[] values, Function<T, String> row) {
        return Arrays.stream(values).map(row).collect(Collectors.joining("\n"));
    }

    private static void assertTable(String name, String head, String rows) throws IOException {
        String page = Files.readString(PAGE);
        int from = page.indexOf("-->\n", page.indexOf("<!-- " + name + ":")) + 4;
        int to = page.indexOf("<!-- end of " + name);
        String table = head + "\n|---|---|\n" + rows + "\n";
        if (Boolean.getBoolean("docs.update")) {
            Files.writeString(PAGE, page.substring(0, from) + table + page.substring(to));
        } else {
            assertThat(page.substring(from, to))
                    .as("%s in %s; mvn verify -Ddocs.update=true writes it anew", name, PAGE)
                    .isEqualTo(table);
        }
    }
}
