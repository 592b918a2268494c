package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.audio.Audio;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.audio.AudioTranscriptionRequest;
import dev.langchain4j.model.catalog.ModelDescription;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.openai.OpenAiAudioTranscriptionModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiModelCatalog;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.TokenUsage;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.tests.LangChain4jCalls.Collected;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * LangChain4j with the JDK's HTTP client, which offers to upgrade every clear-text connection to HTTP/2 and asks for no
 * compression.
 */
class LangChain4jTest {

    private static final String KEY = "gsk_canary_langchain4j";
    private static final String MODEL = "openai/gpt-oss-20b";

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    @RegisterExtension
    static final GatewayExtension misbehaving = AllForms.gateway();

    private final LangChain4jCalls calls = new LangChain4jCalls(model().build(), streaming());

    private static String baseUrl() {
        return gateway.uri("/v1").toString();
    }

    private static OpenAiChatModel.OpenAiChatModelBuilder model() {
        return OpenAiChatModel.builder()
                .baseUrl(baseUrl())
                .apiKey(KEY)
                .modelName("groq/" + MODEL)
                .timeout(LangChain4jCalls.PATIENCE);
    }

    @Test
    @DisplayName("a chat completion comes back whole; the provider is named by the model")
    void chat() {
        TokenUsage usage = calls.chat();

        assertThat(usage.totalTokenCount()).isPositive();
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.target()).isEqualTo("/openai/v1/chat/completions");
        assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        assertThat(received.json().path("model").asText()).isEqualTo(MODEL);
        assertThat(received.headers("upgrade")).isEmpty();
        assertThat(received.headers("http2-settings")).isEmpty();
    }

    @Test
    @DisplayName("with the header, a model that has a slash is left as it is")
    void providerInHeader() {
        String answer = model().modelName(MODEL)
                .customHeaders(Map.of("x-provider", "groq"))
                .build()
                .chat("Hello there");

        assertThat(answer).isEqualTo("Hello there");
        assertThat(gateway.upstream().awaitRequest().json().path("model").asText())
                .isEqualTo(MODEL);
    }

    @Test
    @DisplayName("a large request survives the offer to upgrade")
    void large() {
        String much = "word ".repeat(200_000);

        assertThat(model().build().chat(much)).isNotEmpty();

        assertThat(gateway.upstream().awaitRequest().bodyLength()).isGreaterThan(1_000_000);
    }

    @Test
    @DisplayName("an image is passed on with its text")
    void vision() {
        ChatResponse response = model().build()
                .chat(UserMessage.from(
                        TextContent.from("What's in this image?"),
                        ImageContent.from("https://upload.wikimedia.org/wikipedia/commons/f/f2/LPU-v1-die.jpg")));

        assertThat(response.aiMessage().text()).isEqualTo("[1 image] What's in this image?");
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        assertThat(calls.tools()).contains("\"location\"");
    }

    @Test
    @DisplayName("a streamed tool call is put together")
    void streamedTools() throws Exception {
        assertThat(calls.streamedTools()).startsWith("{").endsWith("}").contains("\"location\"");
    }

    @Test
    @DisplayName("a streamed answer is put together, with the usage it always asks for")
    void stream() throws Exception {
        assertThat(calls.stream().outputTokenCount()).isEqualTo(2);
    }

    private static OpenAiStreamingChatModel streaming() {
        return streaming(baseUrl(), "groq/" + MODEL);
    }

    private static OpenAiStreamingChatModel streaming(String baseUrl, String model) {
        return OpenAiStreamingChatModel.builder()
                .baseUrl(baseUrl)
                .apiKey(KEY)
                .modelName(model)
                .timeout(LangChain4jCalls.PATIENCE)
                .build();
    }

    @Test
    @DisplayName("embeddings come back as they were")
    void embeddings() {
        OpenAiEmbeddingModel model = OpenAiEmbeddingModel.builder()
                .baseUrl(baseUrl())
                .apiKey(KEY)
                .modelName("groq/text-embedding-3-small")
                .build();

        assertThat(model.embed("Hello there").content().vector()).isNotEmpty();
        assertThat(gateway.upstream().awaitRequest().target()).isEqualTo("/openai/v1/embeddings");
    }

    @Test
    @DisplayName("the models of all providers are listed, under names that can be sent as they are")
    void models() {
        List<ModelDescription> models = OpenAiModelCatalog.builder()
                .baseUrl(baseUrl())
                .apiKey(KEY)
                .build()
                .listModels();

        assertThat(models).extracting(ModelDescription::name).contains("groq/openai/gpt-oss-20b", "echo/hello");
    }

    @Test
    @DisplayName("audio reaches the provider that its model names, without the prefix")
    void audio() {
        String text = OpenAiAudioTranscriptionModel.builder()
                .baseUrl(baseUrl())
                .apiKey(KEY)
                .modelName("groq/whisper-large-v3")
                .build()
                .transcribe(AudioTranscriptionRequest.builder()
                        .audio(Audio.builder()
                                .binaryData(new byte[100_000])
                                .mimeType("audio/wav")
                                .build())
                        .build())
                .text();

        assertThat(text).startsWith("transcribed ");
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.bodyLength()).isGreaterThan(100_000);
        assertThat(received.text()).contains("whisper-large-v3").doesNotContain("groq/whisper-large-v3");
    }

    @Test
    @DisplayName("a key that Groq refuses becomes AuthenticationException, with Groq's words")
    void unauthorized() {
        gateway.upstream().answerWith(Answer.json(401, error("Invalid API Key")));

        assertThatThrownBy(() -> model().build().chat("hi"))
                .isInstanceOf(AuthenticationException.class)
                .hasMessageContaining("Invalid API Key");
        assertThat(gateway.upstream().requests()).hasSize(1);
    }

    @Test
    @DisplayName("a rate limit is tried again, and one that persists becomes RateLimitException")
    void rateLimit() {
        Answer refusal = Answer.json(429, Headers.of("retry-after", "1"), error("slow down"));
        gateway.upstream().enqueue(refusal);
        assertThat(model().build().chat("Hello there")).isEqualTo("Hello there");
        assertThat(gateway.upstream().requests()).hasSize(2);

        gateway.upstream().enqueue(refusal);
        assertThatThrownBy(() -> model().maxRetries(0).build().chat("hi"))
                .isInstanceOf(RateLimitException.class)
                .hasMessageContaining("slow down");
    }

    @Test
    @DisplayName("a server error is tried again")
    void serverError() {
        gateway.upstream().enqueue(Answer.json(500, error("oops")));

        assertThat(model().build().chat("Hello there")).isEqualTo("Hello there");
        assertThat(gateway.upstream().requests()).hasSize(2);
    }

    @Test
    @DisplayName("the gateway's own refusals are errors like any other")
    void ownRefusal() {
        assertThatThrownBy(() -> model().customHeaders(Map.of("x-provider", "grok"))
                        .build()
                        .chat("hi"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("no provider named");
    }

    @Test
    @DisplayName("cancelling a stream ends the request to Groq at once")
    void abort() {
        gateway.upstream().enqueue(Faults.stallMidStream(3));

        streaming().chat("hi", new Collected() {
            @Override
            public void onPartialResponse(PartialResponse partial, PartialResponseContext context) {
                context.streamingHandle().cancel();
            }
        });

        assertThat(gateway.upstream().awaitClientClosed().withinAnswer()).isTrue();
    }

    @Test
    @DisplayName("every whole stream is read; every broken one, and every other fault, raises as documented")
    void outcomes() {
        String baseUrl = misbehaving.uri("/v1").toString();
        AllForms.ask(
                "LangChain4j",
                misbehaving,
                model -> {
                    Collected collected = new Collected();
                    streaming(baseUrl, model).chat("hi", collected);
                    return collected.response().aiMessage().text();
                },
                model -> model().baseUrl(baseUrl).modelName(model).build().chat("hi"));
    }

    private static String error(String message) {
        return "{\"error\":{\"message\":\"" + message
                + "\",\"type\":\"some_error\",\"param\":null,\"code\":\"some_code\"}}";
    }
}
