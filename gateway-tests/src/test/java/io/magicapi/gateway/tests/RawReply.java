package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An answer as it came over the wire.
 *
 * @param status its status
 * @param headers its header lines, as they were written
 * @param body its body, without the framing of chunks
 * @param whole whether the body came to its end in the way it was framed
 */
@SuppressWarnings("ArrayRecordComponent")
record RawReply(int status, List<String> headers, byte[] body, boolean whole) {

    private static final JsonMapper JSON = new JsonMapper();

    List<String> headers(String name) {
        String start = name.toLowerCase(Locale.ROOT) + ":";
        return headers.stream()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
                .map(line -> line.substring(start.length()).strip())
                .toList();
    }

    Optional<String> header(String name) {
        return headers(name).stream().findFirst();
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    JsonNode json() {
        try {
            return JSON.readTree(body);
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + this, e);
        }
    }

    /** Asserts that this is the gateway's own refusal, in OpenAI's full shape. {@return its message} */
    String assertRefusal(int expectedStatus, String expectedCode) {
        assertErrorShape();
        assertThat(status).as("status of %s", this).isEqualTo(expectedStatus);
        JsonNode error = json().path("error");
        assertThat(error.path("code").asText()).isEqualTo(expectedCode);
        return error.path("message").asText();
    }

    /** Asserts that this is an error in OpenAI's full shape. */
    void assertErrorShape() {
        assertThat(header("content-type")).as("%s", this).hasValue("application/json");
        assertThat(header("x-request-id")).isPresent();
        JsonNode error = json().path("error");
        assertThat(json().properties()).hasSize(1);
        assertThat(error.properties().stream().map(field -> field.getKey()))
                .containsExactlyInAnyOrder("message", "type", "param", "code");
        assertThat(error.path("message").asText()).isNotBlank();
        assertThat(error.path("type").asText()).isNotBlank();
    }

    @Override
    public String toString() {
        return status + " " + headers + " " + (body.length > 2000 ? body.length + " bytes" : text());
    }
}
