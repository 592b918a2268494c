package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class JsonTextTest {

    @Test
    @DisplayName("any text is written as Jackson writes it, whatever there was room for")
    void strings() throws Exception {
        ObjectMapper jackson = new ObjectMapper();
        String[] parts = {"", "a", "plain text", "\"", "\\", "/", "\n", "\u0000", "\u001b", "\u007f", "é", "€", "😀"};
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int k = random.nextInt(6); k > 0; k--) {
                text.append(parts[random.nextInt(parts.length)]);
            }
            byte[] json = new JsonText(random.nextInt(8))
                    .ascii('[')
                    .string(text.toString())
                    .ascii("]")
                    .toBytes();
            assertThat(new String(json, StandardCharsets.UTF_8))
                    .isEqualTo('[' + jackson.writeValueAsString(text.toString()) + ']');
        }
    }
}
