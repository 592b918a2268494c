package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** {@code docs/errors.md} and the code say the same. */
class ErrorsDocTest {

    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z_]+)` \\| (\\d{3}) \\| \\S.*\\|$");

    @Test
    @DisplayName("the reference lists every error with its status, in order of status, and no other")
    void errors() throws IOException {
        List<String> documented = new ArrayList<>();
        Matcher row = ROW.matcher(Files.readString(Path.of("../docs/errors.md")));
        while (row.find()) {
            documented.add(row.group(1) + " " + row.group(2));
        }

        assertThat(documented)
                .containsExactlyElementsOf(Arrays.stream(ErrorCode.values())
                        .map(error -> error.code() + " " + error.status())
                        .toList());
    }
}
