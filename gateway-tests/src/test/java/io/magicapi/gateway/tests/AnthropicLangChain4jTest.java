package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** LangChain4j's model for OpenAI, which is not to notice that it talks to Anthropic. */
class AnthropicLangChain4jTest {

    private static final String MODEL = "anthropic/claude-opus-5-5";

    @RegisterExtension
    static final GatewayExtension gateway = AnthropicFake.gateway();

    private final LangChain4jCalls calls = new LangChain4jCalls(model(), streaming());

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
                .timeout(LangChain4jCalls.PATIENCE)
                .build();
    }

    private static OpenAiStreamingChatModel streaming() {
        return OpenAiStreamingChatModel.builder()
                .baseUrl(gateway.uri("/v1").toString())
                .apiKey("sk-ant-canary")
                .modelName(MODEL)
                .returnThinking(true)
                .timeout(LangChain4jCalls.PATIENCE)
                .build();
    }

    @Test
    @DisplayName("a chat completion comes back whole")
    void chat() {
        assertThat(calls.chat().totalTokenCount()).isEqualTo(20);
    }

    @Test
    @DisplayName("a streamed answer is put together, with the usage it always asks for")
    void stream() throws Exception {
        assertThat(calls.stream().inputTokenCount()).isEqualTo(18);
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        assertThat(calls.tools()).isEqualTo("{\"location\":\"Bangalore, India\"}");
    }

    @Test
    @DisplayName("a streamed tool call is put together")
    void streamedTools() throws Exception {
        assertThat(calls.streamedTools()).isEqualTo("{\"location\":\"Bangalore, India\"}");
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
        LangChain4jCalls.Collected collected = new LangChain4jCalls.Collected();

        streaming().chat("27 * 453?", collected);

        ChatResponse response = collected.response();
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
