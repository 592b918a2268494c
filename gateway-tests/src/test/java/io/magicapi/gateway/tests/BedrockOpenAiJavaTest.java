package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
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
import io.magicapi.gateway.api.Headers;
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

    private static String baseUrl() {
        return gateway.uri("/v1").toString();
    }

    private static OpenAIClient client;

    @BeforeAll
    static void open() {
        client = OpenAIOkHttpClient.builder()
                .baseUrl(baseUrl())
                .apiKey(KEY)
                .timeout(PATIENCE)
                .build();
    }

    @AfterAll
    static void close() {
        client.close();
    }

    private static ChatCompletionCreateParams.Builder hello() {
        return ChatCompletionCreateParams.builder().model(MODEL).addUserMessage("Hello there");
    }

    private static FunctionDefinition weather() {
        return FunctionDefinition.builder()
                .name("get_current_weather")
                .parameters(FunctionParameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty(
                                "properties", JsonValue.from(Map.of("location", Map.of("type", "string"))))
                        .build())
                .build();
    }

    private static ChatCompletion accumulated(ChatCompletionCreateParams params) {
        ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> chunks =
                client.chat().completions().createStreaming(params)) {
            chunks.stream().forEach(whole::accumulate);
        }
        return whole.chatCompletion();
    }

    @Test
    @DisplayName("a chat completion comes back whole, and valid")
    void chat() {
        ChatCompletion completion =
                client.chat().completions().create(hello().temperature(0.7).build());

        assertThat(completion.validate().choices().get(0).message().content()).hasValue("Hello there");
        assertThat(completion.choices().get(0).finishReason().asString()).isEqualTo("stop");
        assertThat(completion.usage().orElseThrow().totalTokens()).isEqualTo(11);
        assertThat(gateway.upstream().awaitRequest().target()).isEqualTo(BedrockFake.PATH + "converse");
    }

    @Test
    @DisplayName("a streamed answer is put together, with the usage that was asked for")
    void stream() {
        ChatCompletion completion = accumulated(hello().streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build());

        assertThat(completion.choices().get(0).message().content()).hasValue("Hello there");
        assertThat(completion.usage().orElseThrow().completionTokens()).isEqualTo(3);
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        ChatCompletionCreateParams question = hello().addFunctionTool(weather()).build();
        ChatCompletion asks = client.chat().completions().create(question);

        assertThat(asks.choices().get(0).finishReason().asString()).isEqualTo("tool_calls");
        ChatCompletionMessage message = asks.choices().get(0).message();
        ChatCompletionMessageFunctionToolCall call =
                message.toolCalls().orElseThrow().get(0).asFunction();
        assertThat(call.function().arguments()).isEqualTo("{\"location\":\"Bangalore\"}");

        ChatCompletion answers = client.chat()
                .completions()
                .create(question.toBuilder()
                        .addMessage(message)
                        .addMessage(ChatCompletionToolMessageParam.builder()
                                .toolCallId(call.id())
                                .content("27 degrees")
                                .build())
                        .build());

        assertThat(answers.choices().get(0).message().content()).hasValue("The tool answered: 27 degrees");
    }

    @Test
    @DisplayName("a streamed tool call is put together")
    void streamedTools() {
        ChatCompletion completion =
                accumulated(hello().addFunctionTool(weather()).build());

        assertThat(completion.choices().get(0).finishReason().asString()).isEqualTo("tool_calls");
        assertThat(completion
                        .choices()
                        .get(0)
                        .message()
                        .toolCalls()
                        .orElseThrow()
                        .get(0)
                        .asFunction()
                        .function()
                        .arguments())
                .isEqualTo("{\"location\":\"Bangalore\"}");
    }

    @Test
    @DisplayName("an image is seen")
    void vision() {
        List<ChatCompletionContentPart> parts = List.of(
                ChatCompletionContentPart.ofText(ChatCompletionContentPartText.builder()
                        .text("What is it?")
                        .build()),
                ChatCompletionContentPart.ofImageUrl(ChatCompletionContentPartImage.builder()
                        .imageUrl(ChatCompletionContentPartImage.ImageUrl.builder()
                                .url("data:image/png;base64," + PNG)
                                .build())
                        .build()));

        ChatCompletion completion = client.chat()
                .completions()
                .create(ChatCompletionCreateParams.builder()
                        .model(MODEL)
                        .addUserMessageOfArrayOfContentParts(parts)
                        .build());

        assertThat(completion.choices().get(0).message().content()).hasValue("[image] What is it?");
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

        assertThatThrownBy(() -> client.chat().completions().create(hello().build()))
                .isInstanceOfSatisfying(BadRequestException.class, refusal -> {
                    assertThat(refusal.getMessage()).contains("Malformed input request");
                    assertThat(refusal.code()).hasValue("ValidationException");
                });
    }
}
