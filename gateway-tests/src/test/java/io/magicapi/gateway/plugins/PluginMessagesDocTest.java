package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("docs/plugin-messages.md")
class PluginMessagesDocTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern IN_QUOTES = Pattern.compile("\"(GW-P\\d\\d)");
    private static final Pattern IN_ROW = Pattern.compile("(?m)^\\| (GW-P\\d\\d) \\|");

    @Test
    @DisplayName("explains each code that the gateway uses, once, in their order, and no other")
    void codes() throws IOException {
        assertThat(explained()).containsExactlyElementsOf(quoted("gateway-core/src/main/java"));
    }

    @Test
    @DisplayName("explains no code that is not the matter of a test")
    void tested() throws IOException {
        assertThat(quoted("gateway-tests/src/test/java")).containsAll(explained());
    }

    private static List<String> explained() throws IOException {
        return codes(IN_ROW, ROOT.resolve("docs/plugin-messages.md"));
    }

    /** {@return the codes that texts in the sources of a folder begin with} */
    private static Set<String> quoted(String folder) throws IOException {
        Set<String> found = new TreeSet<>();
        try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                found.addAll(codes(IN_QUOTES, file));
            }
        }
        return found;
    }

    private static List<String> codes(Pattern pattern, Path file) throws IOException {
        return pattern.matcher(Files.readString(file))
                .results()
                .map((MatchResult found) -> found.group(1))
                .collect(Collectors.toList());
    }
}
