package io.magicapi.gateway.provider.anthropic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each golden file: what goes in, and what must come out. */
class GoldenTest {

    private static final Catalogue CATALOGUE = Catalogue.read();

    static Stream<String> requests() {
        return Golden.names("requests", ".json");
    }

    static Stream<String> answers() {
        return Golden.names("answers", ".json");
    }

    static Stream<String> streams() {
        return Golden.names("streams", ".events.txt");
    }

    @ParameterizedTest
    @MethodSource("requests")
    @DisplayName("a chat completions request becomes a Messages request")
    void request(String name) {
        JsonNode golden = Golden.json(Golden.text("requests/" + name + ".json"));
        Losses losses = new Losses(Losses.Policy.DROP);

        JsonNode made = MessagesRequest.of(golden.path("chat"), CATALOGUE, Options.DEFAULT, losses);

        assertThat(Golden.json(made.toString()).toPrettyString())
                .isEqualTo(golden.path("messages").toPrettyString());
        assertThat(losses.warning().orElse("")).isEqualTo(golden.path("warning").asText(""));
    }

    @ParameterizedTest
    @MethodSource("answers")
    @DisplayName("a message becomes a chat completion")
    void answer(String name) {
        JsonNode golden = Golden.json(Golden.text("answers/" + name + ".json"));
        Body message = new Held(golden.path("message"));

        JsonNode made = MessagesAnswer.translate(message, Golden.NOW).json();

        assertThat(made.toPrettyString()).isEqualTo(golden.path("completion").toPrettyString());
    }

    @ParameterizedTest
    @MethodSource("streams")
    @DisplayName("the events of a message become chunks")
    void stream(String name) {
        List<String> expected = new ArrayList<>();
        for (String event :
                Golden.text("streams/" + name + ".chunks.txt").strip().split("\n\n", -1)) {
            expected.add(event.substring("data: ".length()));
        }

        Golden.Received received = Golden.translate(Golden.text("streams/" + name + ".events.txt"));

        assertThat(received.end).isEqualTo("done");
        List<String> lines =
                new ArrayList<>(received.chunks.stream().map(JsonNode::toString).toList());
        lines.add("[DONE]");
        assertThat(lines).isEqualTo(expected);
    }

    /** A body whose numbers keep their digits, as the gateway's do. */
    private record Held(JsonNode json) implements Body {

        @Override
        public boolean isStreamed() {
            return false;
        }

        @Override
        public java.nio.ByteBuffer bytes() {
            return java.nio.ByteBuffer.wrap(json.toString().getBytes(StandardCharsets.UTF_8));
        }
    }
}
