package io.magicapi.gateway.dist;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.tests.AnthropicFake;
import io.magicapi.gateway.tests.BedrockFake;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** npm packages made for OpenAI, against the jar. They are not to notice that Anthropic or Bedrock answers them. */
class TranslatedNodeIT {

    private static final String KEY = "sk-canaryTranslated0123456789";
    private static final String PNG = "data:image/png;base64,iVBORw0KGgo=";

    /** What an application sees, but for the tokens, which each service counts for itself, and the error's class. */
    private static final String SEEN = """
            {"chat":{"text":"Hello there","finish":"stop","usage":{"addsUp":true}},
             "stream":{"text":"Hello there","finish":"stop","usage":{"addsUp":true}},
             "tools":{"type":"function","name":"get_current_weather","has":["location"],"finish":"tool_calls",
               "answer":"The tool answered: 27 degrees"},
             "streamedTools":{"type":"function","name":"get_current_weather","has":["location"],"finish":"tool_calls"},
             "vision":"[1 image] What's in this image?",
             "error":{"status":429,"message":"slow down"}}""";

    @TempDir
    static Path directory;

    private static FakeUpstream upstream;
    private static GatewayProcess gateway;

    /** Who answers. */
    private enum Service {
        OPENAI(
                "openai/gpt-5.4",
                "/v1/chat/completions",
                Answer.echo(),
                Answer.json(
                        429,
                        "{\"error\":{\"message\":\"slow down\",\"type\":\"requests\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}")),
        ANTHROPIC(
                "anthropic/claude-opus-4-6",
                "/v1/messages",
                AnthropicFake.answer(),
                AnthropicFake.error(429, "rate_limit_error", "slow down")),
        BEDROCK(
                "bedrock/" + BedrockFake.MODEL,
                "/model/",
                BedrockFake.model(),
                Answer.json(429, Headers.of("x-amzn-errortype", "ThrottlingException"), "{\"message\":\"slow down\"}"));

        private final String model;
        private final String path;
        private final Answer answer;
        private final Answer refusal;

        Service(String model, String path, Answer answer, Answer refusal) {
            this.model = model;
            this.path = path;
            this.answer = answer;
            this.refusal = refusal;
        }
    }

    @BeforeAll
    static void start() {
        Node.require();
        upstream = FakeUpstream.start();
        gateway = GatewayProcess.start(
                directory,
                Map.of(
                        "GATEWAY_PROVIDERS_OPENAI_BASE_URL", upstream.baseUrl() + "/v1",
                        "GATEWAY_PROVIDERS_ANTHROPIC_BASE_URL", upstream.baseUrl(),
                        "GATEWAY_PROVIDERS_BEDROCK_BASE_URL", upstream.baseUrl()));
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

    private static Answer answer(ReceivedRequest request) {
        Service asked = Stream.of(Service.values())
                .filter(service -> request.target().startsWith(service.path))
                .findFirst()
                .orElseThrow();
        return request.text().contains("Be refused") ? asked.refusal : asked.answer;
    }

    private static JsonNode run(String client, List<Service> services, String cases, String image) {
        upstream.answerWith(Answer.from(TranslatedNodeIT::answer));
        return Node.run(
                Map.of("BASE_URL", gateway.api(), "API_KEY", KEY),
                "translated.mjs",
                client,
                services.stream().map(service -> service.model).collect(Collectors.joining(",")),
                cases,
                image);
    }

    @ParameterizedTest
    @CsvSource({
        "openai (npm),              RateLimitError",
        "@ai-sdk/openai,            APICallError",
        "@ai-sdk/openai-compatible, APICallError"
    })
    @DisplayName("chat, stream, tools, vision and errors are the same to an application, whoever answers")
    void indistinguishable(String client, String error) {
        List<Service> services = List.of(Service.values());

        JsonNode seen = run(client, services, "chat,stream,tools,streamedTools,vision,error", PNG);

        for (Service service : services) {
            JsonNode its = seen.path(service.model);
            assertThat(((ObjectNode) its.path("error")).remove("error").asText())
                    .isEqualTo(error);
            assertThat(its).as("%s", service).isEqualTo(Node.json(SEEN));
            assertThat(upstream.requests())
                    .filteredOn(request -> request.target().startsWith(service.path))
                    .as("%s", service)
                    .hasSize(7);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai (npm)", "@ai-sdk/openai"})
    @DisplayName("a client that leaves it to the provider to fetch an image can do so with Anthropic")
    void imageByAddress(String client) {
        String address = "https://example.com/a.jpg";

        JsonNode seen = run(client, List.of(Service.ANTHROPIC), "vision", address);

        assertThat(seen.path(Service.ANTHROPIC.model).path("vision").asText())
                .isEqualTo("[1 image] What's in this image?");
        assertThat(upstream.awaitRequest().json().findValue("source"))
                .isEqualTo(Node.json("{\"type\":\"url\",\"url\":\"" + address + "\"}"));
    }
}
