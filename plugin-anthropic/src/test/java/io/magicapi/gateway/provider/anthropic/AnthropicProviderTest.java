package io.magicapi.gateway.provider.anthropic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.testkit.TestCall;
import io.magicapi.gateway.testkit.TestContext;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnthropicProviderTest {

    private static final String CHAT =
            "{\"model\":\"claude-opus-5-5\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"seed\":1}";

    private final AnthropicProvider anthropic = new AnthropicProvider(() -> Golden.NOW);

    private static Body body(String json) {
        return Body.of(json.getBytes(StandardCharsets.UTF_8));
    }

    private ResponseHandler handler(String chat, int status, Headers headers) {
        Exchange exchange = anthropic.open(TestCall.chat(chat).withCredential("k"));
        return exchange.response(ResponseHead.of(status, headers));
    }

    @Test
    @DisplayName("it is called anthropic, is reached at api.anthropic.com, and serves chats and models")
    void identity() {
        assertThat(anthropic.name()).isEqualTo("anthropic");
        assertThat(anthropic.baseUrl()).isEqualTo("https://api.anthropic.com");
        assertThat(anthropic.keyVariable()).hasValue("ANTHROPIC_API_KEY");
        assertThat(anthropic.operations()).containsExactly(Operation.CHAT_COMPLETIONS, Operation.MODELS);
    }

    @Test
    @DisplayName("a chat goes to /v1/messages with the key and the version in Anthropic's headers")
    void chat() {
        Call call = TestCall.chat(CHAT)
                .withCredential("sk-ant-test")
                .withHeader("anthropic-beta", "files-api-2025-04-14")
                .withHeader("openai-organization", "org-1");

        UpstreamRequest request = anthropic.open(call).request();

        assertThat(request.method()).isEqualTo("POST");
        assertThat(request.path()).isEqualTo("/v1/messages");
        assertThat(request.headers())
                .isEqualTo(Headers.of("content-type", "application/json")
                        .with("anthropic-beta", "files-api-2025-04-14")
                        .with("x-api-key", "sk-ant-test")
                        .with("anthropic-version", "2023-06-01"));
        assertThat(request.body().json().path("max_tokens").asInt()).isEqualTo(128_000);
    }

    @Test
    @DisplayName(
            "models up to Claude 4.5 go on with an answer of which they are given the beginning; newer ones refuse")
    void continues() {
        assertThat(anthropic.continuesAnswers("claude-haiku-4-5")).isTrue();
        assertThat(anthropic.continuesAnswers("claude-sonnet-4-5-20250929")).isTrue();
        assertThat(anthropic.continuesAnswers("claude-sonnet-4-6")).isFalse();
        assertThat(anthropic.continuesAnswers("claude-opus-5-5")).isFalse();
        assertThat(anthropic.continuesAnswers("claude-not-listed")).isFalse();
    }

    @Test
    @DisplayName("without a key the call is refused before anything is made of it")
    void missingKey() {
        assertThatThrownBy(() -> anthropic.open(TestCall.chat("{}")))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.UNAUTHENTICATED));
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/chat/completions",
        "GET, /v1/chat/completions/abc",
        "POST, /v1/chat/completions/abc",
        "DELETE, /v1/models/abc"
    })
    @DisplayName("what Anthropic does not do is refused")
    void unsupported(String method, String path) {
        assertThatThrownBy(() -> anthropic.open(TestCall.of(method, path).withCredential("k")))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.UNSUPPORTED));
    }

    // Answers

    @Test
    @DisplayName("a stream is asked for and translated as one, and JSON that comes in its place as JSON")
    void streamOrNot() {
        String stream = "{\"stream\":true," + CHAT.substring(1);
        Headers events = Headers.of("content-type", "text/event-stream; charset=utf-8");
        Headers json = Headers.of("content-type", "application/json");

        assertThat(handler(stream, 200, events)).hasToString("events");
        assertThat(handler(stream, 200, json)).hasToString("body");
        assertThat(handler(CHAT, 200, json)).hasToString("body");
        assertThat(handler(stream, 529, json)).hasToString("body");
    }

    @Test
    @DisplayName("what was lost in translation is named, whatever the answer")
    void warning() {
        assertThat(handler(CHAT, 200, Headers.of()).warning())
                .hasValue("not supported by Anthropic, so left out or changed: seed");
        assertThat(handler(CHAT, 500, Headers.of()).warning()).isPresent();
        assertThat(handler(CHAT.replace("seed", "top_k"), 500, Headers.of()).warning())
                .hasValue("not supported by Anthropic, so left out or changed: top_k with this model");
    }

    @Test
    @DisplayName("limits and the request's id get OpenAI's names, and times become durations")
    void headers() {
        Headers received = Headers.builder()
                .add("request-id", "req_018")
                .add("retry-after", "7")
                .add("anthropic-ratelimit-requests-limit", "50")
                .add("anthropic-ratelimit-requests-remaining", "49")
                .add("anthropic-ratelimit-requests-reset", "2023-11-14T22:13:31.2Z")
                .add("anthropic-ratelimit-input-tokens-reset", "2023-11-14T22:13:20Z")
                .add("anthropic-ratelimit-tokens-reset", "2023-11-14T23:14:21+01:00")
                .add("anthropic-ratelimit-output-tokens-reset", "2023-11-14T22:00:00Z")
                .add("anthropic-ratelimit-odd-reset", "soon")
                .add("anthropic-ratelimit-odd", "1")
                .build();

        Headers made = handler(CHAT, 429, received).headers().orElseThrow();

        assertThat(made)
                .isEqualTo(Headers.builder()
                        .add("x-request-id", "req_018")
                        .add("retry-after", "7")
                        .add("x-ratelimit-limit-requests", "50")
                        .add("x-ratelimit-remaining-requests", "49")
                        .add("x-ratelimit-reset-requests", "12s")
                        .add("x-ratelimit-reset-input-tokens", "0s")
                        .add("x-ratelimit-reset-tokens", "61s")
                        .add("x-ratelimit-reset-output-tokens", "0s")
                        .build());
    }

    @Test
    @DisplayName("an error keeps its message and type, which is its code as well")
    void error() {
        Body received = body(
                "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}");

        Body made =
                handler(CHAT, 529, Headers.of()).bodyTransform().orElseThrow().apply(received);

        assertThat(made.json())
                .isEqualTo(Golden.json("{\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\","
                        + "\"param\":null,\"code\":\"overloaded_error\"}}"));
    }

    @Test
    @DisplayName("an error that is not Anthropic's is left to the gateway")
    void foreignError() {
        Body received = body("{\"detail\":\"no\"}");

        assertThat(ErrorAnswer.translate(received)).isSameAs(received);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "{\"type\":\"message\"}",
                "{\"type\":\"message\",\"content\":[],\"stop_reason\":null}",
                "{\"type\":\"completion\",\"content\":[],\"stop_reason\":\"end_turn\"}"
            })
    @DisplayName("an answer that is no whole message is a failure")
    void malformedAnswer(String received) {
        assertThatThrownBy(() -> MessagesAnswer.translate(body(received), Golden.NOW))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(failure -> assertThat(failure.kind()).isEqualTo(ProviderException.Kind.BAD_ANSWER));
    }

    // Models

    @Test
    @DisplayName("the catalogue lists each model once, and each replacement is one that serves")
    void catalogue() {
        Set<String> serving = new HashSet<>();
        anthropic.models().stream()
                .filter(model -> model.status() != Model.Status.SHUT_DOWN)
                .forEach(model -> serving.add(model.id()));

        assertThat(anthropic.models()).doesNotHaveDuplicates().hasSizeGreaterThan(10);
        assertThat(anthropic.models().stream().map(Model::id)).doesNotHaveDuplicates();
        assertThat(anthropic.models().stream().flatMap(model -> model.replacement().stream()))
                .isSubsetOf(serving);
        assertThat(anthropic.models())
                .allSatisfy(model -> assertThat(model.maxTokens()).isPresent());
    }

    @Test
    @DisplayName("Anthropic's list of models is asked for whole and becomes OpenAI's")
    void models() {
        Exchange exchange = anthropic.open(TestCall.of("GET", "/v1/models").withCredential("k"));

        assertThat(exchange.request().path()).isEqualTo("/v1/models?limit=1000");
        Body made = exchange.response(ResponseHead.of(200, Headers.of()))
                .bodyTransform()
                .orElseThrow()
                .apply(body("{\"data\":[{\"type\":\"model\",\"id\":\"claude-x\",\"display_name\":\"X\","
                        + "\"created_at\":\"2025-02-19T00:00:00Z\"}],\"has_more\":false}"));
        assertThat(made.json())
                .isEqualTo(Golden.json("{\"object\":\"list\",\"data\":[{\"id\":\"claude-x\",\"object\":\"model\","
                        + "\"created\":1739923200,\"owned_by\":\"anthropic\"}]}"));
    }

    @Test
    @DisplayName("one model is one entry, and what is none is a failure")
    void model() {
        assertThat(ModelsAnswer.translate(body("{\"id\":\"claude-x\"}")).json())
                .isEqualTo(Golden.json(
                        "{\"id\":\"claude-x\",\"object\":\"model\",\"created\":0,\"owned_by\":\"anthropic\"}"));
        assertThatThrownBy(() -> ModelsAnswer.translate(body("{}"))).isInstanceOf(ProviderException.class);
    }

    // Options

    @Test
    @DisplayName("options are read")
    void options() {
        anthropic.start(TestContext.of(anthropic, "{\"max-tokens\":77}"));

        Exchange exchange = anthropic.open(TestCall.chat(CHAT).withCredential("k"));

        assertThat(exchange.request().body().json().path("max_tokens").asInt()).isEqualTo(77);
    }

    @Test
    @DisplayName("with reject, a field that would be lost is refused")
    void reject() {
        anthropic.start(TestContext.of(anthropic, "{\"unmapped-fields\":\"reject\"}"));

        assertThatThrownBy(() -> anthropic.open(TestCall.chat(CHAT).withCredential("k")))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> assertThat(refusal.param()).hasValue("seed"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"max-token\":1}",
                "{\"max-tokens\":0}",
                "{\"max-tokens\":\"many\"}",
                "{\"max-tokens\":99999999999}",
                "{\"unmapped-fields\":\"pass\"}"
            })
    @DisplayName("an option that is unknown, or has a value that is, keeps the provider from starting")
    void badOptions(String options) {
        assertThatThrownBy(() -> anthropic.start(TestContext.of(anthropic, options)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("providers.anthropic.options");
    }
}
