package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Anthropic plugin in a running gateway: what clients of OpenAI's API get from it. */
class AnthropicTest {

    private static final String HELLO = chat("");
    private static final String STREAM = chat(",\"stream\":true");
    private static final String TOOLS =
            ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"parameters\":{\"type\":\"object\"}}}]";

    @RegisterExtension
    static final GatewayExtension gateway = AnthropicFake.gateway();

    @RegisterExtension
    static final GatewayExtension strict = AnthropicFake.gateway().options("anthropic", "unmapped-fields", "reject");

    @BeforeEach
    void answer() {
        gateway.upstream().answerWith(AnthropicFake.answer());
    }

    private static String chat(String fields) {
        return "{\"model\":\"claude-opus-4-6\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello there\"}]" + fields
                + "}";
    }

    private static Reply ask(String body, String... headers) {
        return AnswerClient.ask(gateway, "anthropic", body, headers);
    }

    // Good answers

    @Test
    @DisplayName("a message comes back as a completion, with its usage and Anthropic's request id")
    void plain() {
        Reply reply = ask(HELLO);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("content-type")).hasValue("application/json");
        assertThat(reply.header("x-request-id")).hasValue("req_fake");
        assertThat(reply.headers("x-gateway-warning")).isEmpty();
        JsonNode completion = reply.json();
        assertThat(completion.path("object").asText()).isEqualTo("chat.completion");
        assertThat(completion.at("/choices/0/message/content").asText()).isEqualTo("Hello there");
        assertThat(completion.at("/usage/total_tokens").asInt()).isEqualTo(20);
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.headers("x-api-key")).containsExactly(AnswerClient.KEY);
        assertThat(received.json().path("max_tokens").asInt()).isEqualTo(128_000);
    }

    @Test
    @DisplayName("a stream comes back as chunks, without usage, which was not asked for, and ends with [DONE]")
    void stream() {
        Reply reply = ask(STREAM);

        assertThat(reply.whole()).isTrue();
        assertThat(reply.header("content-type")).hasValue("text/event-stream");
        assertThat(reply.text().replaceAll("\"created\":\\d+", "\"created\":0"))
                .isEqualTo(chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null")
                        + chunk("{\"content\":\"Hello \"}", "null")
                        + chunk("{\"content\":\"there\"}", "null")
                        + chunk("{}", "\"stop\"")
                        + "data: [DONE]\n\n");
    }

    private static String chunk(String delta, String finishReason) {
        return "data: {\"id\":\"msg_fake\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"claude-fake\","
                + "\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + finishReason + "}]}\n\n";
    }

    @Test
    @DisplayName("usage that was asked for comes in a chunk of its own, and adds up with what the cache did")
    void includeUsage() {
        Reply reply = ask(chat(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

        assertThat(reply.text())
                .contains("\"choices\":[],\"usage\":{\"prompt_tokens\":18,\"completion_tokens\":2,\"total_tokens\":20,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":3}")
                .endsWith("data: [DONE]\n\n");
    }

    @Test
    @DisplayName("a tool use comes back as a tool call")
    void tools() {
        JsonNode choice = ask(chat(TOOLS)).json().at("/choices/0");

        assertThat(choice.path("finish_reason").asText()).isEqualTo("tool_calls");
        assertThat(choice.at("/message/content").isNull()).isTrue();
        assertThat(choice.at("/message/tool_calls/0/function").toString())
                .isEqualTo("{\"name\":\"get_weather\",\"arguments\":\"{\\\"location\\\":\\\"Bangalore, India\\\"}\"}");
    }

    @Test
    @DisplayName("a streamed tool use comes back as pieces of a tool call")
    void streamedTools() {
        String text = ask(chat(TOOLS + ",\"stream\":true")).text();

        assertThat(text)
                .contains(
                        "{\"tool_calls\":[{\"index\":0,\"id\":\"toolu_fake\",\"type\":\"function\","
                                + "\"function\":{\"name\":\"get_weather\",\"arguments\":\"\"}}]}",
                        "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"location\\\":\\\"Bangalore, \"}}]}",
                        "\"finish_reason\":\"tool_calls\"")
                .endsWith("data: [DONE]\n\n");
    }

    @Test
    @DisplayName("a stream request that is answered whole is a stream for the client all the same")
    void notStreamed() {
        gateway.upstream()
                .answerWith(Answer.json(
                        200,
                        "{\"type\":\"message\",\"id\":\"m\",\"model\":\"c\",\"stop_reason\":\"end_turn\","
                                + "\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}],\"usage\":{}}"));

        Reply reply = ask(STREAM);

        assertThat(reply.text()).contains("\"content\":\"Hi\"").endsWith("data: [DONE]\n\n");
    }

    @Test
    @DisplayName("limits are told under OpenAI's names")
    void limits() {
        gateway.upstream()
                .answerWith(AnthropicFake.error(
                        429,
                        Headers.of("retry-after", "9")
                                .with("anthropic-ratelimit-tokens-remaining", "0")
                                .with("anthropic-ratelimit-tokens-reset", "2020-01-01T00:00:00Z"),
                        "rate_limit_error",
                        "slow down"));

        Reply reply = ask(HELLO);

        assertThat(reply.status()).isEqualTo(429);
        assertThat(reply.header("retry-after")).hasValue("9");
        assertThat(reply.header("x-ratelimit-remaining-tokens")).hasValue("0");
        assertThat(reply.header("x-ratelimit-reset-tokens")).hasValue("0s");
        assertThat(reply.head()).doesNotContainIgnoringCase("anthropic-ratelimit");
    }

    @Test
    @DisplayName("models that Anthropic lists are listed")
    void models() {
        gateway.upstream().answerWith(Answer.json(200, "{\"data\":[{\"type\":\"model\",\"id\":\"claude-x\"}]}"));

        try (AnswerClient client = new AnswerClient(gateway)) {
            Reply reply = client.request("GET", "/v1/models", "anthropic", "").read();

            assertThat(reply.json().at("/data/0/id").asText()).isEqualTo("claude-x");
            assertThat(reply.json().at("/data/0/object").asText()).isEqualTo("model");
        }
        assertThat(gateway.upstream().awaitRequest().target()).isEqualTo("/v1/models?limit=1000");
    }

    // Losses

    @Test
    @DisplayName("fields without a counterpart are left out, and named in a header")
    void dropped() {
        Reply reply = ask(chat(",\"seed\":1,\"n\":2"));

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("x-gateway-warning"))
                .hasValue("not supported by Anthropic, so left out or changed: seed, n");
    }

    @Test
    @DisplayName("where they are rejected, the client is told which one it was, and nothing is sent")
    void rejected() {
        Reply reply = AnswerClient.ask(strict, "anthropic", chat(",\"seed\":1"), new String[0]);

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error().path("param").asText()).isEqualTo("seed");
        assertThat(strict.upstream().requests()).isEmpty();
    }

    // Failures

    @ParameterizedTest
    @CsvSource({
        "400, invalid_request_error",
        "401, authentication_error",
        "402, billing_error",
        "413, request_too_large",
        "429, rate_limit_error",
        "500, api_error",
        "504, timeout_error",
        "529, overloaded_error"
    })
    @DisplayName("an error keeps its status, words and type, to whole answers and streams alike")
    void errors(int status, String type) {
        gateway.upstream().answerWith(AnthropicFake.error(status, type, "it says why"));

        for (String body : List.of(HELLO, STREAM)) {
            Reply reply = ask(body);

            assertThat(reply.status()).isEqualTo(status);
            assertThat(reply.json().toString())
                    .isEqualTo("{\"error\":{\"message\":\"it says why\",\"type\":\"" + type
                            + "\",\"param\":null,\"code\":\"" + type + "\"}}");
            assertThat(reply.header("x-request-id")).hasValue("req_fake");
        }
    }

    @Test
    @DisplayName("without a key the client gets OpenAI's 401 and learns where to put one, and nothing is sent")
    void missingKey() {
        try (AnswerClient client = new AnswerClient(gateway)) {
            Reply reply = client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-provider: anthropic\r\n"
                            + "content-type: application/json\r\ncontent-length: " + HELLO.length() + "\r\n\r\n"
                            + HELLO)
                    .read();

            assertThat(reply.status()).isEqualTo(401);
            assertThat(reply.error().path("message").asText()).contains("ANTHROPIC_API_KEY");
            assertThat(reply.error().path("code").asText()).isEqualTo("missing_api_key");
        }
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("an error in the middle of a stream is one for the client, and the stream does not end well")
    void errorMidStream() {
        List<String> events = AnthropicFake.says("Hello there").subList(0, 4);
        gateway.upstream()
                .answerWith(Answer.openEvents(events)
                        .chunk(AnthropicFake.event(
                                "error", "\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}"))
                        .lastChunk());

        Reply reply = ask(STREAM);

        assertThat(reply.whole()).isFalse();
        assertThat(reply.text())
                .contains("\"content\":\"Hello \"")
                .endsWith("event: error\ndata: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\","
                        + "\"param\":null,\"code\":\"overloaded_error\"}}\n\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 6, 7})
    @DisplayName("a stream that is cut, or just ends, is never taken for a whole one")
    void cut(int events) {
        List<String> begun = AnthropicFake.says("Hello there").subList(0, events);

        for (Answer answer : List.of(
                Answer.openEvents(begun).close(), Answer.openEvents(begun).reset(), Answer.events(begun))) {
            gateway.upstream().answerWith(answer);

            Reply reply = ask(STREAM);

            assertThat(reply.whole() && reply.status() == 200)
                    .as(reply.toString())
                    .isFalse();
            assertThat(reply.text()).contains("\"error\"").doesNotContain("[DONE]");
        }
    }

    @Test
    @DisplayName("an answer that makes no sense is a 502, and its words stay out of it")
    void malformed() {
        gateway.upstream().answerWith(Answer.json(200, "{\"type\":\"message\",\"content\":\"secret\"}"));

        Reply reply = ask(HELLO);

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.text()).contains("not a message").doesNotContain("secret");
    }
}
