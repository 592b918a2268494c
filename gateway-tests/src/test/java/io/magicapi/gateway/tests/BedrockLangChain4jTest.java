package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import io.magicapi.gateway.testkit.GatewayExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** LangChain4j's OpenAI model, which does not notice that Bedrock answers it. */
class BedrockLangChain4jTest {

    private static final String KEY = "bedrock-api-key-canary";
    private static final String MODEL = "bedrock/" + BedrockFake.MODEL;
    private static final String PNG = "iVBORw0KGgo=";

    @RegisterExtension
    static final GatewayExtension gateway = BedrockFake.gateway();

    private final LangChain4jCalls calls = new LangChain4jCalls(model(), streaming());

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
                .timeout(LangChain4jCalls.PATIENCE)
                .build();
    }

    private static OpenAiStreamingChatModel streaming() {
        return OpenAiStreamingChatModel.builder()
                .baseUrl(baseUrl())
                .apiKey(KEY)
                .modelName(MODEL)
                .timeout(LangChain4jCalls.PATIENCE)
                .build();
    }

    @Test
    @DisplayName("a chat completion comes back whole")
    void chat() {
        assertThat(calls.chat().totalTokenCount()).isEqualTo(11);
    }

    @Test
    @DisplayName("a streamed answer is put together, with its usage")
    void stream() throws Exception {
        assertThat(calls.stream().outputTokenCount()).isEqualTo(3);
    }

    @Test
    @DisplayName("a tool is called, and its result answered; a streamed call is put together")
    void tools() throws Exception {
        assertThat(calls.tools()).isEqualTo("{\"location\":\"Bangalore\"}");
        assertThat(calls.streamedTools()).isEqualTo("{\"location\":\"Bangalore\"}");
    }

    @Test
    @DisplayName("an image is seen")
    void vision() {
        ChatResponse response =
                model().chat(UserMessage.from(TextContent.from("What is it?"), ImageContent.from(PNG, "image/png")));

        assertThat(response.aiMessage().text()).isEqualTo("[1 image] What is it?");
    }
}
