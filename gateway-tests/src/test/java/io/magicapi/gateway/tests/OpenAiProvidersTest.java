package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.KEY;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each service that speaks OpenAI's API, with the paths, errors and streams it really has. */
class OpenAiProvidersTest {

    @RegisterExtension
    static final GatewayExtension gateway = OpenAiJar.gateway();

    private static Reply ask(String provider, Answer answer, String body, String... headers) {
        gateway.upstream().enqueue(answer);
        return AnswerClient.ask(gateway, provider, body, headers);
    }

    @Test
    @DisplayName("every provider of the plugin is here")
    void all() {
        assertThat(gateway.gateway().providers())
                .extracting(ProviderGeneration::name)
                .containsAll(OpenAiJar.PLACES.keySet())
                .hasSize(OpenAiJar.PLACES.size() + 1); // and echo
    }

    // Requests

    @ParameterizedTest
    @CsvSource({
        "openai,            /v1/chat/completions",
        "openai-compatible, /v1/chat/completions",
        "azure,             /openai/v1/chat/completions",
        "cerebras,          /v1/chat/completions",
        "cohere,            /compatibility/v1/chat/completions",
        "deepseek,          /v1/chat/completions",
        "fireworks,         /inference/v1/chat/completions",
        "gemini,            /v1beta/openai/chat/completions",
        "lm-studio,         /v1/chat/completions",
        "mistral,           /v1/chat/completions",
        "ollama,            /v1/chat/completions",
        "openrouter,        /api/v1/chat/completions",
        "perplexity,        /chat/completions",
        "sambanova,         /v1/chat/completions",
        "together,          /v1/chat/completions",
        "vllm,              /v1/chat/completions",
        "xai,               /v1/chat/completions"
    })
    @DisplayName(
            "a chat reaches the service's own path, byte for byte, with the caller's key where the service wants it")
    void request(String provider, String target) {
        String completion = "{ \"choices\" : [ ] , \"odd\":1e-8 }";

        Reply reply = ask(provider, Answer.json(200, completion), CHAT, "openai-organization: org-1", "x-title: T");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text()).isEqualTo(completion);
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.target()).isEqualTo(target);
        assertThat(received.text()).isEqualTo(CHAT);
        assertThat(received.headers("openai-organization")).containsExactly("org-1");
        assertThat(received.headers("x-title")).containsExactly("T");
        boolean azure = provider.equals("azure");
        assertThat(received.headers("authorization")).isEqualTo(azure ? List.of() : List.of("Bearer " + KEY));
        assertThat(received.headers("api-key")).isEqualTo(azure ? List.of(KEY) : List.of());
    }

    @ParameterizedTest
    @CsvSource({
        "openai,            401",
        "azure,             401",
        "together,          401",
        "openai-compatible, 200",
        "ollama,            200",
        "vllm,              200",
        "lm-studio,         200"
    })
    @DisplayName("without any key services on the internet are not asked, and the operator's own servers are")
    void noKey(String provider, int status) {
        RawReply reply = RawConnection.ask(
                gateway,
                RawRequest.post("/v1/chat/completions", CHAT)
                        .header("x-provider", provider)
                        .without("authorization"));

        assertThat(reply.status()).as("%s", reply).isEqualTo(status);
        assertThat(gateway.upstream().requests()).hasSize(status == 200 ? 1 : 0);
        gateway.upstream()
                .requests()
                .forEach(received ->
                        assertThat(received.headers("authorization")).isEmpty());
    }

    // Errors

    /** What a service says, and what the client is told. */
    record ErrorCase(
            String provider,
            int status,
            String contentType,
            String body,
            String message,
            String type,
            @Nullable String code) {

        @Override
        public String toString() {
            return provider + " " + status + " " + body;
        }
    }

    private static ErrorCase json(
            String provider, int status, String body, String message, String type, @Nullable String code) {
        return new ErrorCase(provider, status, "application/json", body.replace('\'', '"'), message, type, code);
    }

    static Stream<ErrorCase> errors() {
        return Stream.of(
                json(
                        "openai",
                        401,
                        "{'error':{'message':'Incorrect API key provided','type':'invalid_request_error','param':null,"
                                + "'code':'invalid_api_key'}}",
                        "Incorrect API key provided",
                        "invalid_request_error",
                        "invalid_api_key"),
                json(
                        "azure",
                        401,
                        "{'error':{'code':'401','message':'Access denied due to invalid subscription key'}}",
                        "Access denied due to invalid subscription key",
                        "upstream_error",
                        "401"),
                json(
                        "azure",
                        400,
                        "{'error':{'message':'The response was filtered','type':null,'param':'prompt',"
                                + "'code':'content_filter','status':400}}",
                        "The response was filtered",
                        "upstream_error",
                        "content_filter"),
                json(
                        "cerebras",
                        401,
                        "{'message':'Wrong API Key','type':'invalid_request_error','param':'api_key',"
                                + "'code':'wrong_api_key'}",
                        "Wrong API Key",
                        "invalid_request_error",
                        "wrong_api_key"),
                json(
                        "cohere",
                        401,
                        "{'id':'1','message':'invalid api token'}",
                        "invalid api token",
                        "upstream_error",
                        null),
                json(
                        "deepseek",
                        401,
                        "{'error':{'message':'Authentication Fails','type':'authentication_error','param':null,"
                                + "'code':'invalid_request_error'}}",
                        "Authentication Fails",
                        "invalid_request_error",
                        "authentication_error"),
                new ErrorCase(
                        "deepseek",
                        401,
                        "text/plain",
                        "Authentication Fails (auth header format should be Bearer sk-...)",
                        "Authentication Fails (auth header format should be Bearer sk-...)",
                        "authentication_error",
                        "upstream_error"),
                json(
                        "deepseek",
                        402,
                        "{'error':{'message':'Insufficient Balance','type':'unknown_error','param':null,"
                                + "'code':'invalid_request_error'}}",
                        "Insufficient Balance",
                        "invalid_request_error",
                        "unknown_error"),
                json("fireworks", 401, "{'error':'unauthorized'}", "unauthorized", "upstream_error", null),
                json(
                        "gemini",
                        400,
                        "[{'error':{'code':400,'message':'API key not valid. Please pass a valid API key.',"
                                + "'status':'INVALID_ARGUMENT','details':[{'reason':'API_KEY_INVALID'}]}}]",
                        "API key not valid. Please pass a valid API key.",
                        "invalid_request_error",
                        "invalid_api_key"),
                json(
                        "gemini",
                        404,
                        "[{'error':{'code':404,'message':'models/x is not found','status':'NOT_FOUND'}}]",
                        "models/x is not found",
                        "NOT_FOUND",
                        "404"),
                json(
                        "gemini",
                        400,
                        "[{'error':{'code':400,'message':'Invalid JSON payload','status':'INVALID_ARGUMENT'}}]",
                        "Invalid JSON payload",
                        "INVALID_ARGUMENT",
                        "400"),
                json(
                        "mistral",
                        400,
                        "{'object':'error','message':'Invalid model: x','type':'invalid_model','param':null,"
                                + "'code':'1500'}",
                        "Invalid model: x",
                        "invalid_model",
                        "1500"),
                json("mistral", 401, "{'detail':'Unauthorized'}", "Unauthorized", "upstream_error", null),
                json(
                        "mistral",
                        422,
                        "{'detail':[{'type':'missing','loc':['body','model'],'msg':'Field required','input':{}}]}",
                        "model: Field required",
                        "upstream_error",
                        null),
                json("mistral", 400, "{'error':{'message':'No','type':'invalid'}}", "No", "invalid", null),
                json(
                        "openrouter",
                        401,
                        "{'error':{'message':'No auth credentials found','code':401}}",
                        "No auth credentials found",
                        "upstream_error",
                        "401"),
                json(
                        "openrouter",
                        429,
                        "{'error':{'message':'Provider returned error','code':429,'metadata':{'raw':'slow down',"
                                + "'provider_name':'BaseTen'}}}",
                        "Provider returned error (BaseTen): slow down",
                        "upstream_error",
                        "429"),
                new ErrorCase(
                        "perplexity",
                        401,
                        "text/html",
                        "<html><head><title>401 Authorization Required</title></head></html>",
                        "the provider answered 401 and did not say why",
                        "authentication_error",
                        "upstream_error"),
                json(
                        "together",
                        401,
                        "{'id':'1','error':{'message':'Invalid API key','type':'invalid_request_error','param':null,"
                                + "'code':'invalid_api_key'}}",
                        "Invalid API key",
                        "invalid_request_error",
                        "invalid_api_key"),
                json(
                        "vllm",
                        400,
                        "{'object':'error','message':'too long','type':'BadRequestError','param':null,'code':400}",
                        "too long",
                        "BadRequestError",
                        "400"),
                json(
                        "xai",
                        400,
                        "{'code':'Client specified an invalid argument','error':'Incorrect API key provided'}",
                        "Incorrect API key provided",
                        "upstream_error",
                        "Client specified an invalid argument"));
    }

    @ParameterizedTest
    @MethodSource("errors")
    @DisplayName("an error of a service is told in OpenAI's shape and under its own status, whether asked for a stream")
    void error(ErrorCase given) {
        byte[] bytes = given.body().getBytes(StandardCharsets.UTF_8);
        for (String body : List.of(CHAT, STREAM)) {
            Reply reply = ask(
                    given.provider(),
                    Answer.http(given.status(), Headers.of("content-type", given.contentType()), bytes),
                    body);

            assertThat(reply.status()).isEqualTo(given.status());
            assertThat(reply.header("content-type")).hasValue("application/json");
            JsonNode error = reply.error();
            assertThat(error.path("message").asText()).isEqualTo(given.message());
            assertThat(error.path("type").asText()).isEqualTo(given.type());
            assertThat(error.path("code").textValue()).isEqualTo(given.code());
        }
    }

    @ParameterizedTest
    @CsvSource({"429, 503", "401, 401", "400, 400", "502, 502"})
    @DisplayName("an error that OpenRouter sends with status 200 is an error, with a status of its own")
    void errorInGoodAnswer(int code, int status) {
        String error = "{\"error\":{\"message\":\"Provider returned error\",\"code\":" + code
                + ",\"metadata\":{\"raw\":\"no more\",\"provider_name\":\"P\"}}}";

        Reply reply = ask("openrouter", Answer.json(200, error), CHAT);

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.error().path("message").asText()).contains("no more");
    }

    // Streams

    private static Answer stream(String... events) {
        return Answer.events(events);
    }

    @ParameterizedTest
    @CsvSource({
        "together, eos",
        "mistral, model_length",
        "mistral, error",
        "deepseek, insufficient_system_resource",
        "cohere, complete"
    })
    @DisplayName("a finish reason of the service's own passes, and ends a stream; a missing [DONE] is added")
    void finishReason(String provider, String reason) {
        List<String> events = new ArrayList<>(List.of(Streams.word("Hi"), Streams.finish(reason)));

        Reply reply = ask(provider, Answer.events(events), STREAM);

        assertThat(reply.whole()).isTrue();
        assertThat(reply.text()).isEqualTo(String.join("", events) + Streams.DONE);
    }

    @Test
    @DisplayName("what OpenRouter, DeepSeek and Perplexity send besides events passes byte for byte")
    void harmless() {
        Map<String, List<String>> streams = Map.of(
                "openrouter",
                List.of(": OPENROUTER PROCESSING\n\n", Streams.word("Hi"), Streams.finish("stop"), Streams.DONE),
                "deepseek",
                List.of(
                        ": keep-alive\n\n",
                        Streams.word("Hi"),
                        ": keep-alive\n\n",
                        Streams.finish("stop"),
                        Streams.DONE),
                "perplexity",
                Stream.of(Streams.word("Hi"), Streams.finish("stop"), Streams.DONE)
                        .map(event -> event.replace("\n\n", "\r\n\r\n"))
                        .toList());
        streams.forEach((provider, events) -> {
            Reply reply = ask(provider, Answer.events(events), STREAM);

            assertThat(reply.whole()).as(provider).isTrue();
            assertThat(reply.text()).as(provider).isEqualTo(String.join("", events));
        });
    }

    @Test
    @DisplayName("blank lines that DeepSeek sends before a whole answer pass")
    void blankLines() {
        String answer = "\n\n\n{\"choices\":[]}";

        assertThat(ask("deepseek", Answer.json(200, answer), CHAT).text()).isEqualTo(answer);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "openrouter | {'id':'1','error':{'code':502,'message':'gone'},'choices':[{'delta':{'content':''},"
                        + "'finish_reason':'error'}]}",
                "vllm       | {'object':'error','message':'gone','type':'InternalServerError','param':null,'code':500}",
                "gemini     | {'error':{'code':503,'message':'gone','status':'UNAVAILABLE'}}"
            })
    @DisplayName("an error in the middle of a stream is an error to every client, and the stream is cut")
    void errorInStream(String provider, String event) {
        Reply reply = ask(provider, stream(Streams.word("Hi"), "data: " + event.replace('\'', '"') + "\n\n"), STREAM);

        assertThat(reply.whole()).isFalse();
        assertThat(reply.text())
                .startsWith(Streams.word("Hi"))
                .contains("event: error\ndata: ")
                .contains("\"message\":\"gone\"")
                .doesNotContain("[DONE]");
    }

    // Headers

    @ParameterizedTest
    @CsvSource({
        "together, x-tokenlimit-remaining,              x-ratelimit-remaining-tokens",
        "mistral,  x-ratelimit-remaining-req-minute,    x-ratelimit-remaining-requests",
        "cerebras, x-ratelimit-remaining-tokens-minute, x-ratelimit-remaining-tokens"
    })
    @DisplayName("limits reach the client under OpenAI's names, on success, error and stream")
    void limits(String provider, String name, String openAiName) {
        Headers headers = Headers.of(name, "7").with("retry-after", "2");
        List<Answer> answers = List.of(
                Answer.json(200, headers, "{}"),
                Answer.json(429, headers, "{}"),
                Answer.chunks(
                        200,
                        headers.with("content-type", "text/event-stream"),
                        Streams.chat("x").stream()
                                .map(event -> event.getBytes(StandardCharsets.UTF_8))
                                .toList(),
                        java.time.Duration.ZERO));

        for (int i = 0; i < answers.size(); i++) {
            Reply reply = ask(provider, answers.get(i), i == 2 ? STREAM : CHAT);

            assertThat(reply.headers(openAiName)).containsExactly("7");
            assertThat(reply.headers("retry-after")).containsExactly("2");
        }
    }
}
