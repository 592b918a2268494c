package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameSink;
import io.magicapi.gateway.api.FrameTransform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The golden files: exchanges written down from Anthropic's and OpenAI's public documentation. */
final class Golden {

    /** When they took place. */
    static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);

    static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static final Path ROOT = Path.of("src/test/resources/golden");

    private Golden() {}

    /** {@return the names of the files in this folder that end so, without that end} */
    static Stream<String> names(String folder, String end) {
        try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(end))
                    .map(name -> name.substring(0, name.length() - end.length()))
                    .sorted()
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(String file) {
        try {
            return Files.readString(ROOT.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return what the client gets for these events} */
    static Received translate(String events) {
        return translate(new MessagesStream(NOW), events);
    }

    static Received translate(FrameTransform stream, String events) {
        Received received = new Received();
        for (String event : events.strip().split("\n\n", -1)) {
            String name = "";
            String data = "";
            for (String line : event.split("\n", -1)) {
                if (line.startsWith("event: ")) {
                    name = line.substring("event: ".length());
                } else {
                    data = line.substring("data: ".length());
                }
            }
            stream.onFrame(Frame.of(name, data.getBytes(StandardCharsets.UTF_8)), received);
        }
        stream.onEnd(received);
        return received;
    }

    /** Takes a translated stream. */
    static final class Received implements FrameSink {

        final List<JsonNode> chunks = new ArrayList<>();
        String end = "";

        @Override
        public void event(JsonNode chunk) {
            chunks.add(chunk.deepCopy());
        }

        @Override
        public void done() {
            end = "done";
        }

        @Override
        public void error(String message, String type) {
            end = type + ": " + message;
        }
    }
}
