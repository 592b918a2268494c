package io.magicapi.gateway.dist;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The examples of the document that this gateway was asked for with, run as they are written there: the curl lines by
 * bash and curl, the TypeScript by Node with the {@code openai} package. They name {@code localhost:3000}; if that port
 * is taken, another one stands in their text, and nothing else is changed.
 */
class SeedExamplesIT {

    private static final String KEY = "gsk_canarySeed0123456789";

    @TempDir
    static Path directory;

    private static FakeUpstream upstream;
    private static GatewayProcess gateway;

    @BeforeAll
    static void start() {
        Command.require("bash", "curl");
        upstream = FakeUpstream.start();
        Map<String, String> environment = Map.of("GATEWAY_PROVIDERS_GROQ_BASE_URL", upstream.baseUrl() + "/openai");
        GatewayProcess started;
        try {
            started = GatewayProcess.start(directory, environment, "serve");
        } catch (IllegalStateException taken) {
            assertThat(taken).hasMessageContaining("GW-S01");
            started = GatewayProcess.start(directory, environment);
            System.out.println("port 3000 is in use; the examples run on " + started.port());
        }
        gateway = started;
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
        if (upstream != null) {
            upstream.close();
        }
    }

    @BeforeEach
    void reset() {
        upstream.reset();
    }

    @Test
    @DisplayName("chat completions (cURL)")
    void chat() {
        String answer = seed("response.json");
        upstream.enqueue(Answer.json(200, answer));

        assertThat(curl("chat.sh")).isEqualTo(answer);

        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.requestLine()).isEqualTo("POST /openai/v1/chat/completions HTTP/1.1");
        assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        assertThat(received.headers("content-type")).containsExactly("application/json");
        assertThat(received.headers("x-provider")).isEmpty();
        assertThat(received.text()).isEqualTo(between(seed("chat.sh"), "-d '", "'\n"));
    }

    @Test
    @DisplayName("multimodal vision (cURL): its key stands in single quotes, so Groq gets the name of the variable")
    void vision() {
        JsonNode answer = Node.json(curl("vision.sh"));

        assertThat(answer.at("/choices/0/message/content").asText()).isEqualTo("[1 image] What's in this image?");
        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.headers("authorization")).containsExactly("Bearer $GROQ_API_KEY");
        assertThat(received.text())
                .isEqualTo(between(seed("vision.sh"), "--data '", "}'\n").replace("'\\''", "'") + "}");
    }

    @Test
    @DisplayName("tool use (cURL)")
    void tools() {
        JsonNode answer = Node.json(curl("tools.sh"));

        assertThat(answer.at("/choices/0/finish_reason").asText()).isEqualTo("tool_calls");
        assertThat(answer.at("/choices/0/message/tool_calls/0/function/name").asText())
                .isEqualTo("get_current_weather");
        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.headers("authorization")).containsExactly("Bearer YOUR_GROQ_KEY");
        assertThat(received.text())
                .isEqualTo(between(seed("tools.sh"), "--data '", "}'\n").replace("'\\''", "'") + "}");
    }

    @Test
    @DisplayName("OpenAI SDK integration (TypeScript)")
    void sdk() throws IOException {
        Node.require();
        upstream.enqueue(Answer.json(200, seed("response.json")));

        // The example defines main and leaves it to the reader to call it.
        String printed = node("seed-sdk.mjs", seed("client.ts") + "\nawait main();\n");

        assertThat(printed).contains("role: 'assistant'", "content: 'Hello! How can I help you today?'");
        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        assertThat(received.json().path("model").asText()).isEqualTo("mixtral-8x7b-32768");
    }

    @Test
    @DisplayName("streaming (TypeScript)")
    void streaming() throws IOException {
        Node.require();
        upstream.enqueue(Streams.paced(Duration.ofMillis(5)));

        // The example goes on with the client of the one before it.
        String printed = node("seed-stream.mjs", seed("client.ts") + "\n" + seed("stream.ts"));

        assertThat(printed).isEqualTo("Hello there");
        assertThat(upstream.awaitRequest().json().path("stream").asBoolean()).isTrue();
    }

    @Test
    @DisplayName("error handling: 401, 429 and 500 of Groq reach the caller as they are")
    void errors() {
        for (int status : List.of(401, 429, 500)) {
            String error = "{\"error\":{\"message\":\"Groq says " + status
                    + "\",\"type\":\"some_error\",\"param\":null,\"code\":null}}";
            upstream.enqueue(Answer.json(status, error));

            String printed = bash(onPort(seed("chat.sh")).replaceFirst("curl ", "curl -w '%{http_code}' "));

            assertThat(printed).isEqualTo(error + status);
        }
    }

    private static String curl(String name) {
        return bash(onPort(seed(name)));
    }

    private static String bash(String script) {
        Command.Result result = Command.run(directory, Map.of("GROQ_API_KEY", KEY), List.of("bash", "-c", script));
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result.out();
    }

    private static String node(String name, String program) throws IOException {
        Path file = Files.writeString(Node.HOME.resolve(name), onPort(program));
        Command.Result result = Command.run(Node.HOME, Map.of("GROQ_API_KEY", KEY), List.of("node", file.toString()));
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result.out();
    }

    private static String onPort(String example) {
        assertThat(example).contains("localhost:3000");
        return example.replace("localhost:3000", "localhost:" + gateway.port());
    }

    private static String seed(String name) {
        try (InputStream file = Objects.requireNonNull(SeedExamplesIT.class.getResourceAsStream("/seed/" + name))) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String between(String text, String begin, String end) {
        int from = text.indexOf(begin) + begin.length();
        return text.substring(from, text.indexOf(end, from));
    }
}
