package io.magicapi.gateway.dist;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The {@code openai} npm package against the jar, told nothing but another base URL and the header. */
class OpenAiNodeIT {

    private static final String KEY = "gsk_canaryNode0123456789";

    @TempDir
    static Path directory;

    private static FakeUpstream upstream;
    private static GatewayProcess gateway;

    @BeforeAll
    static void start() {
        Node.require();
        upstream = FakeUpstream.start();
        gateway = GatewayProcess.start(
                directory, Map.of("GATEWAY_PROVIDERS_GROQ_BASE_URL", upstream.baseUrl() + "/openai"));
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
    @DisplayName("a chat completion comes back whole, and the key reaches Groq")
    void chat() {
        assertThat(run("chat").at("/value/choices/0/message/content").asText()).isEqualTo("Hello there");

        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.requestLine()).isEqualTo("POST /openai/v1/chat/completions HTTP/1.1");
        assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        assertThat(received.headers("x-provider")).isEmpty();
    }

    @Test
    @DisplayName("a model with the provider's name in front needs no header")
    void providerInModel() {
        assertThat(run("providerInModel").at("/value/model").asText()).isEqualTo("openai/gpt-oss-20b");

        assertThat(upstream.awaitRequest().json().path("model").asText()).isEqualTo("openai/gpt-oss-20b");
    }

    @Test
    @DisplayName("an image, inline and large, is passed on with its text")
    void vision() {
        String image = "data:image/png;base64," + "A".repeat(100_000);

        assertThat(run("vision", image).at("/value/choices/0/message/content").asText())
                .isEqualTo("[1 image] What's in this image?");
        assertThat(upstream.awaitRequest()
                        .json()
                        .at("/messages/0/content/1/image_url/url")
                        .asText())
                .isEqualTo(image);
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        JsonNode value = run("tools").path("value");

        assertThat(value.at("/call/function/name").asText()).isEqualTo("get_current_weather");
        assertThat(value.path("answer").asText()).isEqualTo("The tool answered: 27 degrees");
    }

    @Test
    @DisplayName("a streamed tool call is put together, with the usage that was asked for")
    void streamedTools() {
        JsonNode value = run("streamedTools").path("value");

        assertThat(value.at("/call/function/name").asText()).isEqualTo("get_current_weather");
        assertThat(Node.json(value.at("/call/function/arguments").asText()).has("location"))
                .isTrue();
        assertThat(value.at("/usage/total_tokens").asInt()).isPositive();
    }

    @Test
    @DisplayName("embeddings, which it asks for in base64, come back as numbers")
    void embeddings() {
        JsonNode embedding = run("embeddings").at("/value/data/0/embedding");

        assertThat(embedding.isArray()).isTrue();
        assertThat(embedding).isNotEmpty().allMatch(JsonNode::isNumber);
    }

    @Test
    @DisplayName("the models of all providers are listed, and one with a slash is asked for as it is")
    void models() {
        List<String> ids = new ArrayList<>();
        run("models").path("value").forEach(id -> ids.add(id.asText()));
        assertThat(ids).contains("groq/openai/gpt-oss-20b", "echo/hello");

        run("model", "openai/gpt-oss-20b");
        assertThat(upstream.awaitRequest().target()).isEqualTo("/openai/v1/models/openai%2Fgpt-oss-20b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"audioBuffer", "audioStream"})
    @DisplayName("audio reaches Groq whole, from memory and as a stream")
    void audio(String from) throws IOException {
        Path file = Files.write(directory.resolve("big.wav"), new byte[1_000_000]);

        assertThat(run(from, file.toString()).at("/value/text").asText()).startsWith("transcribed ");
        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.target()).isEqualTo("/openai/v1/audio/transcriptions");
        assertThat(received.bodyLength()).isGreaterThan(1_000_000);
    }

    @Test
    @DisplayName("a key that Groq refuses becomes AuthenticationError, with Groq's words, and is not tried again")
    void unauthorized() {
        upstream.answerWith(Answer.json(401, error("Invalid API Key", "invalid_api_key")));

        JsonNode result = run("chat");

        assertThat(result.path("error").asText()).isEqualTo("AuthenticationError");
        assertThat(result.path("message").asText()).isEqualTo("401 Invalid API Key");
        assertThat(result.path("code").asText()).isEqualTo("invalid_api_key");
        assertThat(upstream.requests()).hasSize(1);
    }

    @Test
    @DisplayName("Groq's Retry-After is waited for")
    void retryAfter() {
        upstream.enqueue(Answer.json(429, Headers.of("retry-after", "1"), error("slow down", "rate_limit_exceeded")));

        JsonNode result = run("chat");

        // Without the header it would wait half a second.
        assertThat(result.path("ms").asDouble()).isGreaterThan(950);
        assertThat(result.at("/value/choices/0/message/content").asText()).isEqualTo("Hello there");
        assertThat(upstream.requests()).hasSize(2);
    }

    @Test
    @DisplayName("a rate limit that persists becomes RateLimitError")
    void rateLimit() {
        upstream.answerWith(
                Answer.json(429, Headers.of("retry-after-ms", "10"), error("slow down", "rate_limit_exceeded")));

        assertThat(run("chat").path("error").asText()).isEqualTo("RateLimitError");
        assertThat(upstream.requests()).hasSize(3);
    }

    @Test
    @DisplayName("a server error is tried again, and one that persists becomes InternalServerError")
    void serverError() {
        Answer oops = Answer.json(500, Headers.of("retry-after-ms", "10"), error("oops", "server_error"));
        upstream.enqueue(oops);
        assertThat(run("chat").at("/value/choices/0/message/content").asText()).isEqualTo("Hello there");

        upstream.answerWith(oops);
        JsonNode result = run("chat");
        assertThat(result.path("error").asText()).isEqualTo("InternalServerError");
        assertThat(result.path("message").asText()).isEqualTo("500 oops");
    }

    @Test
    @DisplayName("the gateway's own refusals are errors like any other")
    void ownRefusal() {
        JsonNode result = run("ownRefusal");

        assertThat(result.path("error").asText()).isEqualTo("BadRequestError");
        assertThat(result.path("code").asText()).isEqualTo("provider_not_found");
        assertThat(result.path("message").asText()).contains("no provider named \"grok\"", "groq");
    }

    @ParameterizedTest
    @ValueSource(strings = {"leave", "abort"})
    @DisplayName("leaving a stream ends the request to Groq at once, while the program goes on")
    void leaving(String how) throws Exception {
        upstream.enqueue(Faults.stallMidStream(3));
        Process node = Command.builder(
                        Node.HOME,
                        environment(),
                        List.of("node", Node.HOME.resolve("openai-cases.mjs").toString(), how))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            upstream.awaitRequest();

            assertThat(upstream.awaitClientClosed(Duration.ofSeconds(2)).withinAnswer())
                    .isTrue();
            assertThat(node.isAlive()).isTrue();
            node.getOutputStream().close();
            assertThat(Command.read(node.getInputStream()).get(10, TimeUnit.SECONDS))
                    .contains("\"left\"");
        } finally {
            node.destroyForcibly();
        }
    }

    private static Map<String, String> environment() {
        return Map.of("BASE_URL", gateway.api(), "GROQ_API_KEY", KEY);
    }

    private static JsonNode run(String... arguments) {
        return Node.run(environment(), "openai-cases.mjs", arguments);
    }

    private static String error(String message, String code) {
        return "{\"error\":{\"message\":\"" + message + "\",\"type\":\"some_error\",\"param\":null,\"code\":\"" + code
                + "\"}}";
    }
}
