package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** LangChain4j's OpenAI model, which does not notice that Bedrock answers it. */
class BedrockLangChain4jTest {

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

    private static OpenAiChatModel model() {
        return OpenAiChatModel.builder()
                .baseUrl(baseUrl())
                .apiKey(KEY)
                .modelName(MODEL)
                .timeout(PATIENCE)
                .build();
    }

    private static ChatRequest weather(UserMessage question) {
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

    private static ChatResponse streamed(ChatRequest request) throws Exception {
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        OpenAiStreamingChatModel.builder()
                .baseUrl(baseUrl())
                .apiKey(KEY)
                .modelName(MODEL)
                .timeout(PATIENCE)
                .build()
                .chat(request, new StreamingChatResponseHandler() {
                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        whole.complete(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        whole.completeExceptionally(error);
                    }
                });
        return whole.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("a chat completion comes back whole")
    void chat() {
        ChatResponse response = model().chat(UserMessage.from("Hello there"));

        assertThat(response.aiMessage().text()).isEqualTo("Hello there");
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        assertThat(response.tokenUsage().totalTokenCount()).isEqualTo(11);
    }

    @Test
    @DisplayName("a streamed answer is put together, with its usage")
    void stream() throws Exception {
        ChatResponse response = streamed(
                ChatRequest.builder().messages(UserMessage.from("Hello there")).build());

        assertThat(response.aiMessage().text()).isEqualTo("Hello there");
        assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(3);
    }

    @Test
    @DisplayName("a tool is called, and its result answered; a streamed call is put together")
    void tools() throws Exception {
        UserMessage question = UserMessage.from("What's the weather in Bangalore?");

        ChatResponse asks = model().chat(weather(question));
        ChatResponse streamed = streamed(weather(question));

        assertThat(asks.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
        ToolExecutionRequest call = asks.aiMessage().toolExecutionRequests().get(0);
        assertThat(call.arguments()).isEqualTo("{\"location\":\"Bangalore\"}");
        assertThat(streamed.aiMessage().toolExecutionRequests().get(0).arguments())
                .isEqualTo(call.arguments());
        assertThat(model().chat(question, asks.aiMessage(), ToolExecutionResultMessage.from(call, "27 degrees"))
                        .aiMessage()
                        .text())
                .isEqualTo("The tool answered: 27 degrees");
    }

    @Test
    @DisplayName("an image is seen")
    void vision() {
        ChatResponse response =
                model().chat(UserMessage.from(TextContent.from("What is it?"), ImageContent.from(PNG, "image/png")));

        assertThat(response.aiMessage().text()).isEqualTo("[image] What is it?");
    }
}
