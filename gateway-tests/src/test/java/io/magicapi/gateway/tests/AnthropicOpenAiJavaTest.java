package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.InternalServerException;
import com.openai.errors.OpenAIException;
import com.openai.errors.RateLimitException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionContentPart;
import com.openai.models.chat.completions.ChatCompletionContentPartImage;
import com.openai.models.chat.completions.ChatCompletionContentPartText;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** OpenAI's Java SDK, which is not to notice that it talks to Anthropic. */
class AnthropicOpenAiJavaTest {

    @RegisterExtension
    static final GatewayExtension gateway = AnthropicFake.gateway();

    private static OpenAIClient client;

    @BeforeAll
    static void open() {
        client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.uri("/v1").toString())
                .apiKey("sk-ant-canary")
                .timeout(Duration.ofSeconds(20))
                .responseValidation(true)
                .maxRetries(0)
                .build();
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
                .model("anthropic/claude-opus-5-5")
                .addSystemMessage("Be brief.")
                .addUserMessage("Hello there");
    }

    private static ChatCompletion accumulated(ChatCompletionCreateParams params) {
        ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> chunks =
                client.chat().completions().createStreaming(params)) {
            chunks.stream().forEach(whole::accumulate);
        }
        return whole.chatCompletion();
    }

    private static FunctionDefinition weatherTool() {
        return FunctionDefinition.builder()
                .name("get_current_weather")
                .parameters(FunctionParameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty(
                                "properties", JsonValue.from(Map.of("location", Map.of("type", "string"))))
                        .build())
                .build();
    }

    private static ChatCompletionMessageFunctionToolCall toolCall(ChatCompletion completion) {
        assertThat(completion.choices().get(0).finishReason().asString()).isEqualTo("tool_calls");
        return completion
                .choices()
                .get(0)
                .message()
                .toolCalls()
                .orElseThrow()
                .get(0)
                .asFunction();
    }

    @Test
    @DisplayName("a chat completion comes back whole and valid")
    void chat() {
        ChatCompletion completion = client.chat().completions().create(hello().build());

        assertThat(completion.validate().choices().get(0).message().content()).hasValue("Hello there");
        assertThat(completion.usage().orElseThrow().totalTokens()).isEqualTo(20);
        assertThat(gateway.upstream().awaitRequest().json().at("/system/0/text").asText())
                .isEqualTo("Be brief.");
    }

    @Test
    @DisplayName("a streamed answer is put together, with the usage that was asked for")
    void stream() {
        ChatCompletion completion = accumulated(hello().streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build());

        assertThat(completion.choices().get(0).message().content()).hasValue("Hello there");
        assertThat(completion.usage().orElseThrow().promptTokens()).isEqualTo(18);
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        ChatCompletionCreateParams question =
                hello().addFunctionTool(weatherTool()).build();
        ChatCompletion asks = client.chat().completions().create(question);
        ChatCompletionMessage message = asks.choices().get(0).message();

        assertThat(toolCall(asks).function().arguments()).isEqualTo("{\"location\":\"Bangalore, India\"}");
        ChatCompletion answers = client.chat()
                .completions()
                .create(question.toBuilder()
                        .addMessage(message)
                        .addMessage(ChatCompletionToolMessageParam.builder()
                                .toolCallId(toolCall(asks).id())
                                .content("27 degrees")
                                .build())
                        .build());
        assertThat(answers.choices().get(0).message().content()).hasValue("The tool answered: 27 degrees");
    }

    @Test
    @DisplayName("a streamed tool call is put together")
    void streamedTools() {
        ChatCompletion completion =
                accumulated(hello().addFunctionTool(weatherTool()).build());

        assertThat(toolCall(completion).function().name()).isEqualTo("get_current_weather");
        assertThat(toolCall(completion).function().arguments()).isEqualTo("{\"location\":\"Bangalore, India\"}");
    }

    @Test
    @DisplayName("images are seen, by address and as data")
    void vision() {
        List<ChatCompletionContentPart> parts = List.of(
                ChatCompletionContentPart.ofText(
                        ChatCompletionContentPartText.builder().text("What?").build()),
                image("https://example.com/a.jpg"),
                image("data:image/png;base64,iVBORw0KGgo="));

        ChatCompletion completion = client.chat()
                .completions()
                .create(ChatCompletionCreateParams.builder()
                        .model("anthropic/claude-opus-5-5")
                        .addUserMessageOfArrayOfContentParts(parts)
                        .build());

        assertThat(completion.choices().get(0).message().content()).hasValue("[2 image] What?");
    }

    private static ChatCompletionContentPart image(String url) {
        return ChatCompletionContentPart.ofImageUrl(ChatCompletionContentPartImage.builder()
                .imageUrl(ChatCompletionContentPartImage.ImageUrl.builder()
                        .url(url)
                        .build())
                .build());
    }

    @Test
    @DisplayName("errors are the SDK's own, by status")
    void errors() {
        gateway.upstream()
                .enqueue(
                        AnthropicFake.error(429, "rate_limit_error", "slow down"),
                        AnthropicFake.error(529, "overloaded_error", "Overloaded"));

        assertThatThrownBy(() -> client.chat().completions().create(hello().build()))
                .isInstanceOf(RateLimitException.class)
                .hasMessageContaining("slow down");
        assertThatThrownBy(() -> client.chat().completions().create(hello().build()))
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

        assertThatThrownBy(() -> accumulated(hello().build())).isInstanceOf(OpenAIException.class);
    }
}
