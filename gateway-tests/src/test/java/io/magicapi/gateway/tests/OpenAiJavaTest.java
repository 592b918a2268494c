package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.audio.transcriptions.TranscriptionCreateParams;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.completions.CompletionUsage;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.models.Model;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's Java SDK (OkHttp), told nothing but another base URL and the header. */
class OpenAiJavaTest {

    private static final String KEY = "gsk_canary_openai_java";
    private static final String MODEL = "openai/gpt-oss-20b";

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    @RegisterExtension
    static final GatewayExtension misbehaving = AllForms.gateway();

    private static OpenAIClient client;
    private static OpenAiJavaCalls calls;
    private static OpenAIClient withoutHeader;
    private static OpenAIClient ofMisbehaving;

    @BeforeAll
    static void open() {
        client = builder().putHeader("x-provider", "groq").build();
        calls = new OpenAiJavaCalls(client);
        withoutHeader = builder().build();
        ofMisbehaving = builder(misbehaving).build();
    }

    @AfterAll
    static void close() {
        List.of(client, withoutHeader, ofMisbehaving).forEach(OpenAIClient::close);
    }

    private static OpenAIOkHttpClient.Builder builder() {
        return builder(gateway);
    }

    private static OpenAIOkHttpClient.Builder builder(GatewayExtension through) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(through.uri("/v1").toString())
                .apiKey(KEY)
                .timeout(Duration.ofSeconds(20));
    }

    private static ChatCompletionCreateParams.Builder hello() {
        return ChatCompletionCreateParams.builder().model(MODEL).addUserMessage("Hello there");
    }

    @Test
    @DisplayName("a chat completion comes back whole, and the model with its slash and the key reach Groq")
    void chat() {
        CompletionUsage usage = calls.chat(hello().temperature(0.7));

        assertThat(usage.totalTokens()).isPositive();
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.requestLine()).isEqualTo("POST /openai/v1/chat/completions HTTP/1.1");
        assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        assertThat(received.headers("x-provider")).isEmpty();
        assertThat(received.json().path("model").asText()).isEqualTo(MODEL);
    }

    @Test
    @DisplayName("a model with the provider's name in front needs no header")
    void providerInModel() {
        ChatCompletion completion = withoutHeader
                .chat()
                .completions()
                .create(hello().model("groq/" + MODEL).build());

        assertThat(OpenAiJavaCalls.text(completion)).isEqualTo("Hello there");
        assertThat(gateway.upstream().awaitRequest().json().path("model").asText())
                .isEqualTo(MODEL);
    }

    @Test
    @DisplayName("an image is passed on with its text")
    void vision() {
        String image = "https://upload.wikimedia.org/wikipedia/commons/f/f2/LPU-v1-die.jpg";

        String answer = calls.vision("llama-3.2-11b-vision-preview", "What's in this image?", image);

        assertThat(answer).isEqualTo("[1 image] What's in this image?");
        JsonNode content = gateway.upstream().awaitRequest().json().at("/messages/0/content");
        assertThat(content.at("/1/image_url/url").asText()).isEqualTo(image);
    }

    @Test
    @DisplayName("a tool is called, and its result answered")
    void tools() {
        assertThat(calls.tools(hello())).contains("\"location\"");
    }

    @Test
    @DisplayName("a streamed tool call is put together")
    void streamedTools() {
        assertThat(calls.streamedTools(hello())).startsWith("{").endsWith("}").contains("\"location\"");
    }

    @Test
    @DisplayName("a streamed answer is put together, with the usage that was asked for")
    void stream() {
        assertThat(calls.stream(hello()).completionTokens()).isEqualTo(2);
    }

    @Test
    @DisplayName("embeddings, which it asks for in base64, come back as they were")
    void embeddings() {
        CreateEmbeddingResponse response = client.embeddings()
                .create(EmbeddingCreateParams.builder()
                        .model("text-embedding-3-small")
                        .input("Hello there")
                        .build());

        assertThat(response.data()).hasSize(1);
        assertThat(response.data().get(0).embedding()).isNotEmpty();
        assertThat(gateway.upstream()
                        .awaitRequest()
                        .json()
                        .path("encoding_format")
                        .asText())
                .isEqualTo("base64");
    }

    @Test
    @DisplayName("the models of all providers are listed, under names that can be sent as they are")
    void models() {
        List<String> ids =
                withoutHeader.models().list().items().stream().map(Model::id).toList();

        assertThat(ids).contains("groq/openai/gpt-oss-20b", "echo/hello");
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("the slash in a model's path, percent-encoded, reaches Groq as it is")
    void modelWithSlash() {
        gateway.upstream()
                .enqueue(Answer.json(
                        200,
                        "{\"id\":\"meta-llama/llama-guard-4-12b\",\"object\":\"model\",\"created\":1,"
                                + "\"owned_by\":\"Meta\"}"));

        Model model = client.models().retrieve("meta-llama/llama-guard-4-12b");

        assertThat(model.ownedBy()).isEqualTo("Meta");
        assertThat(gateway.upstream().awaitRequest().target())
                .isEqualTo("/openai/v1/models/meta-llama%2Fllama-guard-4-12b");
    }

    @Test
    @DisplayName("audio, sent in chunks, reaches Groq whole")
    void audio(@TempDir Path directory) throws IOException {
        byte[] sound = new byte[100_000];
        Path file = Files.write(directory.resolve("speech.wav"), sound);

        String text = client.audio()
                .transcriptions()
                .create(TranscriptionCreateParams.builder()
                        .model("whisper-large-v3")
                        .file(file)
                        .build())
                .asTranscription()
                .text();

        assertThat(text).startsWith("transcribed ");
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.target()).isEqualTo("/openai/v1/audio/transcriptions");
        assertThat(received.header("content-type").orElseThrow()).startsWith("multipart/form-data; boundary=");
        assertThat(received.bodyLength()).isGreaterThan(sound.length);
        assertThat(received.text()).contains("name=\"model\"").contains("whisper-large-v3");
    }

    @Test
    @DisplayName("a key that Groq refuses becomes UnauthorizedException, with Groq's words")
    void unauthorized() {
        gateway.upstream().answerWith(Answer.json(401, error("Invalid API Key", "invalid_api_key")));

        assertThatThrownBy(() -> calls.ask(hello().build()))
                .isInstanceOfSatisfying(UnauthorizedException.class, refusal -> {
                    assertThat(refusal.getMessage()).contains("Invalid API Key");
                    assertThat(refusal.code()).hasValue("invalid_api_key");
                });
        assertThat(gateway.upstream().requests()).hasSize(1);
    }

    @Test
    @DisplayName("Groq's Retry-After is waited for")
    void retryAfter() {
        gateway.upstream()
                .enqueue(Answer.json(429, Headers.of("retry-after", "1"), error("slow down", "rate_limit_exceeded")));
        long begin = System.nanoTime();

        ChatCompletion completion = calls.ask(hello().build());

        // Without the header it would wait half a second.
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(950));
        assertThat(OpenAiJavaCalls.text(completion)).isEqualTo("Hello there");
        assertThat(gateway.upstream().requests()).hasSize(2);
    }

    @Test
    @DisplayName("a rate limit that persists becomes RateLimitException")
    void rateLimit() {
        gateway.upstream()
                .answerWith(Answer.json(
                        429, Headers.of("retry-after-ms", "10"), error("slow down", "rate_limit_exceeded")));

        assertThatThrownBy(() -> calls.ask(hello().build()))
                .isInstanceOfSatisfying(RateLimitException.class, refusal -> {
                    assertThat(refusal.getMessage()).contains("slow down");
                    assertThat(refusal.headers().values("retry-after-ms")).containsExactly("10");
                });
        assertThat(gateway.upstream().requests()).hasSize(3);
    }

    @Test
    @DisplayName("a server error is tried again")
    void serverError() {
        gateway.upstream().enqueue(Answer.json(500, Headers.of("retry-after-ms", "10"), error("oops", "server_error")));

        ChatCompletion completion = calls.ask(hello().build());

        assertThat(OpenAiJavaCalls.text(completion)).isEqualTo("Hello there");
        assertThat(gateway.upstream().requests()).hasSize(2);
    }

    @Test
    @DisplayName("the gateway's own refusals are errors like any other")
    void ownRefusal() {
        assertThatThrownBy(() -> withoutHeader
                        .chat()
                        .completions()
                        .create(hello().putAdditionalHeader("x-provider", "grok")
                                .build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("no provider named \"grok\"");
    }

    @Test
    @DisplayName("leaving a stream ends the request to Groq at once")
    void abort() {
        gateway.upstream().enqueue(Faults.stallMidStream(3));

        try (StreamResponse<ChatCompletionChunk> chunks =
                client.chat().completions().createStreaming(hello().build())) {
            Iterator<ChatCompletionChunk> each = chunks.stream().iterator();
            assertThat(each.next().choices()).isNotEmpty();
            assertThat(each.next().choices().get(0).delta().content()).hasValue("word ");
        }

        assertThat(gateway.upstream().awaitClientClosed(Duration.ofSeconds(2)).withinAnswer())
                .isTrue();
    }

    @Test
    @DisplayName("every whole stream is read; every broken one, and every other fault, raises as documented")
    void outcomes() {
        AllForms.ask(
                "openai-java",
                misbehaving,
                model -> text(hello().model(model).build()),
                model -> ofMisbehaving
                        .chat()
                        .completions()
                        .create(hello().model(model).build())
                        .choices()
                        .toString());
    }

    private static String text(ChatCompletionCreateParams params) {
        try (StreamResponse<ChatCompletionChunk> chunks =
                ofMisbehaving.chat().completions().createStreaming(params)) {
            return chunks.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .flatMap(choice -> choice.delta().content().stream())
                    .collect(Collectors.joining());
        }
    }

    private static String error(String message, String code) {
        return "{\"error\":{\"message\":\"" + message + "\",\"type\":\"some_error\",\"param\":null,\"code\":\"" + code
                + "\"}}";
    }
}
