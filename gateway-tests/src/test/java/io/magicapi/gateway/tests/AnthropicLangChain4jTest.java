package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** LangChain4j's model for OpenAI, which is not to notice that it talks to Anthropic. */
class AnthropicLangChain4jTest {

    private static final String MODEL = "anthropic/claude-opus-5-5";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @RegisterExtension
    static final GatewayExtension gateway = AnthropicFake.gateway();

    @BeforeEach
    void answer() {
        gateway.upstream().answerWith(AnthropicFake.answer());
    }

    private static OpenAiChatModel model() {
        return OpenAiChatModel.builder()
                .baseUrl(gateway.uri("/v1").toString())
                .apiKey("sk-ant-canary")
                .modelName(MODEL)
                .returnThinking(true)
                .maxRetries(0)
                .timeout(PATIENCE)
                .build();
    }

    private static ChatResponse streamed(ChatRequest request) throws Exception {
        CompletableFuture<ChatResponse> end = new CompletableFuture<>();
        OpenAiStreamingChatModel.builder()
                .baseUrl(gateway.uri("/v1").toString())
                .apiKey("sk-ant-canary")
                .modelName(MODEL)
                .returnThinking(true)
                .timeout(PATIENCE)
                .build()
                .chat(request, new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String partial) {}

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        end.complete(response);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        end.completeExceptionally(failure);
                    }
                });
        return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static ChatRequest withTool(UserMessage question) {
        return ChatRequest.builder()
                .messages(question)
                .toolSpecifications(ToolSpecification.builder()
                        .name("get_current_weather")
                        .parameters(JsonObjectSchema.builder()
                                .addStringProperty("location")
                                .build())
                        .build())
                .build();
    }

    @Test
    @DisplayName("a chat completion comes back whole")
    void chat() {
        ChatResponse response = model().chat(UserMessage.from("Hello there"));

        assertThat(response.aiMessage().text()).isEqualTo("Hello there");
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(response.tokenUsage().totalTokenCount()).isEqualTo(20);
    }

    @Test
    @DisplayName("a streamed answer is put together, with the usage it always asks for")
    void stream() throws Exception {
        ChatResponse response = streamed(
                ChatRequest.builder().messages(UserMessage.from("Hello there")).build());

        assertThat(response.aiMessage().text()).isEqualTo("Hello there");
        assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(18);
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        UserMessage question = UserMessage.from("What's the weather in Bangalore?");
        ChatResponse asks = model().chat(withTool(question));

        assertThat(asks.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
        ToolExecutionRequest call = asks.aiMessage().toolExecutionRequests().get(0);
        assertThat(call.arguments()).isEqualTo("{\"location\":\"Bangalore, India\"}");
        ChatResponse answers =
                model().chat(question, asks.aiMessage(), ToolExecutionResultMessage.from(call, "27 degrees"));
        assertThat(answers.aiMessage().text()).isEqualTo("The tool answered: 27 degrees");
    }

    @Test
    @DisplayName("a streamed tool call is put together")
    void streamedTools() throws Exception {
        ChatResponse response = streamed(withTool(UserMessage.from("What's the weather in Bangalore?")));

        ToolExecutionRequest call = response.aiMessage().toolExecutionRequests().get(0);
        assertThat(call.name()).isEqualTo("get_current_weather");
        assertThat(call.arguments()).isEqualTo("{\"location\":\"Bangalore, India\"}");
    }

    @Test
    @DisplayName("an image is seen")
    void vision() {
        ChatResponse response = model().chat(UserMessage.from(
                TextContent.from("What's in this image?"), ImageContent.from("https://example.com/a.jpg")));

        assertThat(response.aiMessage().text()).isEqualTo("[1 image] What's in this image?");
    }

    @Test
    @DisplayName("what the model thought is read where LangChain4j looks for it")
    void thinking() throws Exception {
        gateway.upstream().enqueue(Answer.events(golden()));

        ChatResponse response = streamed(
                ChatRequest.builder().messages(UserMessage.from("27 * 453?")).build());

        assertThat(response.aiMessage().thinking()).isEqualTo("First, 27 * 453");
        assertThat(response.aiMessage().text()).isEqualTo("12231");
        assertThat(response.finishReason()).isEqualTo(FinishReason.CONTENT_FILTER);
    }

    private static String golden() throws IOException {
        return Files.readString(Path.of("../plugin-anthropic/src/test/resources/golden/streams/thinking.events.txt"));
    }

    @Test
    @DisplayName("a rate limit becomes RateLimitException, with Anthropic's words")
    void rateLimit() {
        gateway.upstream().enqueue(AnthropicFake.error(429, "rate_limit_error", "slow down"));

        assertThatThrownBy(() -> model().chat("hi"))
                .isInstanceOf(RateLimitException.class)
                .hasMessageContaining("slow down");
    }
}
