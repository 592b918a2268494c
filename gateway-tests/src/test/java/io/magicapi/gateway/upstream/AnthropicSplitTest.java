package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.provider.anthropic.AnthropicProvider;
import io.magicapi.gateway.testkit.TestCall;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The golden streams of the Anthropic plugin, as the network may cut them. */
class AnthropicSplitTest {

    private static final Path STREAMS = Path.of("../plugin-anthropic/src/test/resources/golden/streams");
    private static final String CHAT =
            "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";

    private static final JsonMapper JSON = new JsonMapper();

    private final AnthropicProvider anthropic = new AnthropicProvider();

    /** {@return what a client gets for a stream that comes in these parts} */
    private String translated(List<Buffer> parts) {
        Exchange exchange = anthropic.open(TestCall.chat(CHAT).withCredential("k"));
        FrameTranslator translator = new FrameTranslator(
                new EventDecoder(1 << 20),
                exchange.response(ResponseHead.of(200, Headers.of()))
                        .frameTransform()
                        .orElseThrow());
        parts.forEach(translator::feed);
        translator.end();
        return translator.take().toString(StandardCharsets.UTF_8);
    }

    /** {@return the data of some events, without the time, and without the ways there are to write the same JSON} */
    private static List<JsonNode> data(String events) throws JsonProcessingException {
        List<JsonNode> data = new ArrayList<>();
        for (String event : events.strip().split("\n\n", -1)) {
            String text = event.substring("data: ".length());
            JsonNode chunk = text.equals("[DONE]") ? TextNode.valueOf(text) : JSON.readTree(text);
            if (chunk instanceof ObjectNode timed) {
                timed.remove("created");
            }
            data.add(chunk);
        }
        return data;
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "tools", "thinking"})
    @DisplayName("cut in two at any byte, a stream becomes the same chunks")
    void twoParts(String name) throws IOException {
        Buffer events = Buffer.buffer(Files.readAllBytes(STREAMS.resolve(name + ".events.txt")));
        String whole = translated(List.of(events));
        assertThat(data(whole)).isEqualTo(data(Files.readString(STREAMS.resolve(name + ".chunks.txt"))));

        for (int cut = 1; cut < events.length(); cut++) {
            String made = translated(List.of(events.getBuffer(0, cut), events.getBuffer(cut, events.length())));

            assertThat(data(made)).as("cut at " + cut).isEqualTo(data(whole));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "tools", "thinking"})
    @DisplayName("byte by byte, a stream becomes the same chunks")
    void singleBytes(String name) throws IOException {
        Buffer events = Buffer.buffer(Files.readAllBytes(STREAMS.resolve(name + ".events.txt")));
        List<Buffer> bytes = new ArrayList<>();
        for (int i = 0; i < events.length(); i++) {
            bytes.add(events.getBuffer(i, i + 1));
        }

        assertThat(data(translated(bytes))).isEqualTo(data(Files.readString(STREAMS.resolve(name + ".chunks.txt"))));
    }
}
