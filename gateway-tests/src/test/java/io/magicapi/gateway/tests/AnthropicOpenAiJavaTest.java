package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.InternalServerException;
import com.openai.errors.OpenAIException;
import com.openai.errors.RateLimitException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** OpenAI's Java SDK, which is not to notice that it talks to Anthropic. */
class AnthropicOpenAiJavaTest {

    private static final String MODEL = "anthropic/claude-opus-5-5";

    @RegisterExtension
    static final GatewayExtension gateway = AnthropicFake.gateway();

    private static OpenAIClient client;
    private static OpenAiJavaCalls calls;

    @BeforeAll
    static void open() {
        client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.uri("/v1").toString())
                .apiKey("sk-ant-canary")
                .timeout(Duration.ofSeconds(20))
                .responseValidation(true)
                .maxRetries(0)
                .build();
        calls = new OpenAiJavaCalls(client);
    }

    @AfterAll
    static void close() {
        client.close();
    }

    @BeforeEach
    void answer() {
        gateway.upstream().answerWith(AnthropicFake.answer());
    }

    private static ChatCompletionCreateParams.Builder hello() {
        return ChatCompletionCreateParams.builder()
                .model(MODEL)
                .addSystemMessage("Be brief.")
                .addUserMessage("Hello there");
    }

    @Test
    @DisplayName("a chat completion comes back whole and valid")
    void chat() {
        assertThat(calls.chat(hello()).totalTokens()).isEqualTo(20);
        assertThat(gateway.upstream().awaitRequest().json().at("/system/0/text").asText())
                .isEqualTo("Be brief.");
    }

    @Test
    @DisplayName("a streamed answer is put together, with the usage that was asked for")
    void stream() {
        assertThat(calls.stream(hello()).promptTokens()).isEqualTo(18);
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        assertThat(calls.tools(hello())).isEqualTo("{\"location\":\"Bangalore, India\"}");
    }

    @Test
    @DisplayName("a streamed tool call is put together")
    void streamedTools() {
        assertThat(calls.streamedTools(hello())).isEqualTo("{\"location\":\"Bangalore, India\"}");
    }

    @Test
    @DisplayName("images are seen, by address and as data")
    void vision() {
        assertThat(calls.vision(MODEL, "What?", "https://example.com/a.jpg", "data:image/png;base64,iVBORw0KGgo="))
                .isEqualTo("[2 image] What?");
    }

    @Test
    @DisplayName("errors are the SDK's own, by status")
    void errors() {
        gateway.upstream()
                .enqueue(
                        AnthropicFake.error(429, "rate_limit_error", "slow down"),
                        AnthropicFake.error(529, "overloaded_error", "Overloaded"));

        assertThatThrownBy(() -> calls.ask(hello().build()))
                .isInstanceOf(RateLimitException.class)
                .hasMessageContaining("slow down");
        assertThatThrownBy(() -> calls.ask(hello().build()))
                .isInstanceOf(InternalServerException.class)
                .hasMessageContaining("Overloaded");
    }

    @Test
    @DisplayName("a stream that Anthropic breaks off raises")
    void brokenStream() {
        gateway.upstream()
                .enqueue(Answer.openEvents(AnthropicFake.says("Hello there").subList(0, 4))
                        .chunk(AnthropicFake.event(
                                "error", "\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}"))
                        .lastChunk());

        assertThatThrownBy(() -> calls.accumulated(hello().build())).isInstanceOf(OpenAIException.class);
    }
}
