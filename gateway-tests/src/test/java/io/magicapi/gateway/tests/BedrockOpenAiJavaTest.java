package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.BadRequestException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** OpenAI's Java SDK, which does not notice that Bedrock answers it. */
class BedrockOpenAiJavaTest {

    private static final String KEY = "bedrock-api-key-canary";
    private static final String MODEL = "bedrock/" + BedrockFake.MODEL;
    private static final String PNG = "iVBORw0KGgo=";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @RegisterExtension
    static final GatewayExtension gateway = BedrockFake.gateway();

    @BeforeEach
    void bedrock() {
        gateway.upstream().answerWith(BedrockFake.model());
    }

    private static OpenAIClient client;
    private static OpenAiJavaCalls calls;

    @BeforeAll
    static void open() {
        client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.uri("/v1").toString())
                .apiKey(KEY)
                .timeout(PATIENCE)
                .build();
        calls = new OpenAiJavaCalls(client);
    }

    @AfterAll
    static void close() {
        client.close();
    }

    private static ChatCompletionCreateParams.Builder hello() {
        return ChatCompletionCreateParams.builder().model(MODEL).addUserMessage("Hello there");
    }

    @Test
    @DisplayName("a chat completion comes back whole, and valid")
    void chat() {
        assertThat(calls.chat(hello().temperature(0.7)).totalTokens()).isEqualTo(11);
        assertThat(gateway.upstream().awaitRequest().target()).isEqualTo(BedrockFake.PATH + "converse");
    }

    @Test
    @DisplayName("a streamed answer is put together, with the usage that was asked for")
    void stream() {
        assertThat(calls.stream(hello()).completionTokens()).isEqualTo(3);
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        assertThat(calls.tools(hello())).isEqualTo("{\"location\":\"Bangalore\"}");
    }

    @Test
    @DisplayName("a streamed tool call is put together")
    void streamedTools() {
        assertThat(calls.streamedTools(hello())).isEqualTo("{\"location\":\"Bangalore\"}");
    }

    @Test
    @DisplayName("an image is seen")
    void vision() {
        assertThat(calls.vision(MODEL, "What is it?", "data:image/png;base64," + PNG))
                .isEqualTo("[1 image] What is it?");
        JsonNode image = gateway.upstream().awaitRequest().json().at("/messages/0/content/1/image");
        assertThat(image.at("/source/bytes").asText()).isEqualTo(PNG);
    }

    @Test
    @DisplayName("an error is the client's own exception, with Bedrock's words")
    void error() {
        gateway.upstream()
                .enqueue(Answer.json(
                        400,
                        Headers.of("x-amzn-errortype", "ValidationException"),
                        "{\"message\":\"Malformed input request\"}"));

        assertThatThrownBy(() -> calls.ask(hello().build()))
                .isInstanceOfSatisfying(BadRequestException.class, refusal -> {
                    assertThat(refusal.getMessage()).contains("Malformed input request");
                    assertThat(refusal.code()).hasValue("ValidationException");
                });
    }
}
