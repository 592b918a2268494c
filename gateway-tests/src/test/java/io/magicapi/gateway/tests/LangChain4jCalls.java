package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Calls of LangChain4j that have to come to the same with any provider, and are checked here for it. What differs is
 * returned, for the test of a provider to check.
 */
final class LangChain4jCalls {

    /** How long each call may take. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final UserMessage HELLO = UserMessage.from("Hello there");
    private static final UserMessage QUESTION = UserMessage.from("What's the weather in Bangalore?");

    private static final ChatRequest WITH_TOOL = ChatRequest.builder()
            .messages(QUESTION)
            .toolSpecifications(ToolSpecification.builder()
                    .name("get_current_weather")
                    .description("Get the current weather in a given location")
                    .parameters(JsonObjectSchema.builder()
                            .addStringProperty("location")
                            .required("location")
                            .build())
                    .build())
            .build();

    private final OpenAiChatModel model;
    private final OpenAiStreamingChatModel streaming;

    LangChain4jCalls(OpenAiChatModel model, OpenAiStreamingChatModel streaming) {
        this.model = model;
        this.streaming = streaming;
    }

    /** Says {@code Hello there}, which comes back whole. {@return what it used} */
    TokenUsage chat() {
        return greeted(model.chat(HELLO));
    }

    /** The same, streamed. {@return what it used, which LangChain4j always asks for} */
    TokenUsage stream() throws Exception {
        return greeted(streamed(ChatRequest.builder().messages(HELLO).build()));
    }

    private static TokenUsage greeted(ChatResponse response) {
        assertThat(response.aiMessage().text()).isEqualTo("Hello there");
        assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
        return response.tokenUsage();
    }

    /** Offers a tool, which is called, and gives its result, which is answered. {@return the call's arguments} */
    String tools() {
        ChatResponse asks = model.chat(WITH_TOOL);
        ToolExecutionRequest call = toolCall(asks);

        ChatResponse answers =
                model.chat(QUESTION, asks.aiMessage(), ToolExecutionResultMessage.from(call, "27 degrees"));

        assertThat(answers.aiMessage().text()).isEqualTo("The tool answered: 27 degrees");
        return call.arguments();
    }

    /** Offers a tool, which is called in a stream. {@return the call's arguments, put together} */
    String streamedTools() throws Exception {
        return toolCall(streamed(WITH_TOOL)).arguments();
    }

    private static ToolExecutionRequest toolCall(ChatResponse response) {
        assertThat(response.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
        ToolExecutionRequest call = response.aiMessage().toolExecutionRequests().get(0);
        assertThat(call.name()).isEqualTo("get_current_weather");
        return call;
    }

    private ChatResponse streamed(ChatRequest request) throws Exception {
        Collected collected = new Collected();
        streaming.chat(request, collected);
        return collected.response();
    }

    /** Waits for the end of a stream. */
    static class Collected implements StreamingChatResponseHandler {

        private final CompletableFuture<ChatResponse> end = new CompletableFuture<>();

        ChatResponse response() throws Exception {
            return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        @Override
        public void onCompleteResponse(ChatResponse response) {
            end.complete(response);
        }

        @Override
        public void onError(Throwable failure) {
            end.completeExceptionally(failure);
        }
    }
}
