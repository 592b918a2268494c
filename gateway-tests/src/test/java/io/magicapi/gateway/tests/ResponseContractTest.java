package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static io.magicapi.gateway.tests.AnswerClient.ask;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of an upstream's answer reaches the client, and in which form. */
class ResponseContractTest {

    @RegisterExtension
    static final GatewayExtension gateway =
            GroqJar.gateway().plugin(PluginJar.of("nowhere").provider("nowhere", "http://127.0.0.1:9"));

    /** What Groq adds to OpenAI's answer, in an order and with numbers that no serialiser would reproduce. */
    private static final String GROQ_COMPLETION = "{ \"id\":\"chatcmpl-1\",\"choices\":[{\"message\":{\"role\":"
            + "\"assistant\",\"content\":\"Gr\\u00fc\\ud800\\u0000\",\"reasoning\":\"because\",\"executed_tools\":[{\"x\":"
            + "1e-8}]}}],\"usage\":{\"queue_time\":0.000000010,\"prompt_tokens\":9,\"prompt_time\":9007199254740993,"
            + "\"completion_tokens\":2,\"completion_time\":1E+2,\"total_tokens\":11},\"x_groq\":{\"id\":\"req_1\"},"
            + "\"service_tier\":\"on_demand\",\n\t\"unheard_of\":[ ] }";

    private static final String OPENAI_ERROR = "{ \"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,"
            + "\"code\":\"rate_limit_exceeded\", \"failed_generation\":\"<fn>\"} }";

    private static Reply errorOf(Answer answer) {
        gateway.upstream().enqueue(answer);
        return ask(gateway, CHAT);
    }

    private static void assertFourFields(Reply reply) {
        assertThat(reply.whole()).as("whole: %s", reply).isTrue();
        assertThat(reply.header("content-type")).hasValue("application/json");
        assertThat(reply.error().isObject()).as("has an error: %s", reply).isTrue();
        assertThat(reply.error().properties().stream().map(field -> field.getKey()))
                .containsExactly("message", "type", "param", "code");
        assertThat(reply.error().path("message").asText()).isNotBlank();
        assertThat(reply.error().path("type").asText()).isNotBlank();
        assertThat(reply.header("x-request-id"))
                .hasValueSatisfying(id -> assertThat(id).isNotBlank());
    }

    @Test
    @DisplayName("R21: status and body pass byte for byte, unknown fields and odd numbers included")
    void bodyIsUntouched() {
        gateway.upstream().enqueue(Answer.json(200, GROQ_COMPLETION));

        Reply reply = ask(gateway, CHAT);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text()).isEqualTo(GROQ_COMPLETION);
        assertThat(reply.header("content-type")).hasValue("application/json");
        assertThat(reply.header("x-gateway-provider")).hasValue("groq");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201, 202, 203, 206, 299})
    @DisplayName("R21: every success passes with its own status")
    void successStatuses(int status) {
        gateway.upstream().enqueue(Answer.json(status, "{}"));

        Reply reply = ask(gateway, CHAT);

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.text()).isEqualTo("{}");
    }

    @Test
    @DisplayName("R21: a 204 has neither body nor framing")
    void noContent() {
        gateway.upstream().enqueue(Answer.raw("HTTP/1.1 204 No Content\r\n\r\n"));

        Reply reply = ask(gateway, CHAT);

        assertThat(reply.status()).isEqualTo(204);
        assertThat(reply.header("content-length")).isEmpty();
        assertThat(reply.header("transfer-encoding")).isEmpty();
    }

    @Test
    @DisplayName("R21: binary bodies pass byte for byte, with type and disposition")
    void binary() {
        byte[] audio = new byte[100_000];
        for (int i = 0; i < audio.length; i++) {
            audio[i] = (byte) (i * 31);
        }
        Headers headers = Headers.of("content-type", "audio/wav").with("content-disposition", "attachment");
        gateway.upstream().enqueue(Answer.split(200, headers, audio, 7777));

        Reply reply = ask(gateway, CHAT);

        assertThat(reply.body()).isEqualTo(audio);
        assertThat(reply.header("content-type")).hasValue("audio/wav");
        assertThat(reply.header("content-disposition")).hasValue("attachment");
    }

    @Test
    @DisplayName("R21: an answer to HEAD has the upstream's length and no body")
    void head() {
        gateway.upstream().enqueue(Answer.raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"));

        try (AnswerClient client = new AnswerClient(gateway)) {
            Reply reply =
                    client.request("HEAD", "/v1/files/f/content", "groq", "").readHead();

            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.header("content-length")).hasValue("5");
            assertThat(client.chat(CHAT).read().status())
                    .as("the connection is in order")
                    .isEqualTo(200);
        }
    }

    @Test
    @DisplayName("R22: hop-by-hop headers and those of the provider's infrastructure never pass")
    void strippedHeaders() {
        List<String> stripped = List.of(
                "set-cookie",
                "server",
                "via",
                "cf-ray",
                "cf-cache-status",
                "alt-svc",
                "strict-transport-security",
                "access-control-allow-origin",
                "keep-alive",
                "proxy-authenticate",
                "upgrade",
                "trailer",
                "x-powered-by",
                "location",
                "date");
        Headers headers = Headers.of();
        for (String name : stripped) {
            headers = headers.with(name, "v");
        }
        gateway.upstream()
                .enqueue(
                        Answer.json(200, headers, "{}"),
                        Answer.json(429, headers, OPENAI_ERROR),
                        Answer.chunks(
                                200,
                                headers.with("content-type", "text/event-stream"),
                                Streams.chat("x").stream()
                                        .map(event -> event.getBytes(StandardCharsets.UTF_8))
                                        .toList(),
                                java.time.Duration.ZERO));

        for (String body : List.of(CHAT, CHAT, STREAM)) {
            Reply reply = ask(gateway, body);

            assertThat(reply.whole()).isTrue();
            for (String name : stripped) {
                assertThat(reply.headers(name)).as(name).isEmpty();
            }
        }
    }

    @Test
    @DisplayName("R22: the framing of the upstream's side is not passed on, whatever it is")
    void framingIsOurs() {
        gateway.upstream()
                .enqueue(
                        Faults.tinyChunks(),
                        Faults.unframedBody(),
                        Answer.raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close, x-secret\r\n"
                                + "x-secret: s\r\n\r\n{}"));

        try (AnswerClient client = new AnswerClient(gateway)) {
            Reply chunked = client.chat(CHAT).read();
            Reply unframed = client.chat(CHAT).read();
            Reply closing = client.chat(CHAT).read();

            assertThat(List.of(chunked, unframed, closing)).allMatch(Reply::whole);
            assertThat(unframed.json().path("object").asText()).isEqualTo("chat.completion");
            assertThat(closing.header("connection")).isEmpty();
            assertThat(closing.header("x-secret")).isEmpty();
        }
    }

    @Test
    @DisplayName("R23: the upstream is asked for identity, whatever the client accepts")
    void askedForIdentity() {
        ask(gateway, CHAT, "accept-encoding: gzip, br");

        assertThat(gateway.upstream().awaitRequest().headers("accept-encoding")).containsExactly("identity");
    }

    @Test
    @DisplayName("R23: a body coded all the same passes to clients that accept the coding, and to no others")
    void contentEncoding() {
        gateway.upstream().answerWith(Faults.gzip());

        Reply accepted = ask(gateway, CHAT, "Accept-Encoding: br, gzip;q=0.5");
        Reply unasked = ask(gateway, CHAT);
        Reply refused = ask(gateway, CHAT, "Accept-Encoding: gzip;q=0");
        Reply other = ask(gateway, CHAT, "Accept-Encoding: x-gzip");

        assertThat(accepted.status()).isEqualTo(200);
        assertThat(accepted.header("content-encoding")).hasValue("gzip");
        for (Reply reply : List.of(unasked, refused, other)) {
            assertThat(reply.status()).isEqualTo(502);
            assertThat(reply.header("content-encoding")).isEmpty();
            assertFourFields(reply);
        }
    }

    @Test
    @DisplayName("R23: a coded error keeps its status, and loses its coding")
    void codedError() {
        Reply reply = errorOf(
                Answer.http(429, Headers.of("content-encoding", "br").with("retry-after", "7"), new byte[] {1, 2, 3}));

        assertThat(reply.status()).isEqualTo(429);
        assertThat(reply.header("retry-after")).hasValue("7");
        assertThat(reply.header("content-encoding")).isEmpty();
        assertFourFields(reply);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 408, 409, 413, 422, 424, 425, 429, 498, 499, 500, 502, 503, 504, 529, 599})
    @DisplayName("R24: errors in OpenAI's shape pass byte for byte, with their status")
    void openAiErrors(int status) {
        Reply plain = errorOf(Answer.json(status, OPENAI_ERROR));
        gateway.upstream().enqueue(Answer.json(status, OPENAI_ERROR));
        Reply stream = ask(gateway, STREAM);

        for (Reply reply : List.of(plain, stream)) {
            assertThat(reply.status()).isEqualTo(status);
            assertThat(reply.text()).isEqualTo(OPENAI_ERROR);
            assertThat(reply.header("content-type")).hasValue("application/json");
        }
    }

    static Stream<Arguments> foreignErrors() {
        return Stream.of(
                foreign("a web page", Faults.htmlError(502), 502, "the provider answered 502 and did not say why"),
                foreign("plain text", Faults.plainTextError(503), 503, "upstream connect error"),
                foreign("nothing", Faults.emptyError(500), 500, "the provider answered 500 and did not say why"),
                foreign("no body at all", Answer.raw("HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n"), 503, "503"),
                foreign("FastAPI", Faults.foreignError(422), 422, "field required"),
                foreign("FastAPI, one line", Answer.json(404, "{\"detail\":\"Not Found\"}"), 404, "Not Found"),
                foreign(
                        "Mistral, message",
                        Answer.json(401, "{\"message\":\"Unauthorized\",\"request_id\":\"r\"}"),
                        401,
                        "Unauthorized"),
                foreign(
                        "Mistral, object",
                        Answer.json(
                                400,
                                "{\"object\":\"error\",\"message\":\"Invalid model: x\",\"type\":\"invalid_model\","
                                        + "\"param\":null,\"code\":\"1500\"}"),
                        400,
                        "Invalid model: x"),
                foreign(
                        "Mistral, nested",
                        Answer.json(
                                422,
                                "{\"object\":\"error\",\"message\":{\"detail\":[{\"msg\":\"too long\"}]},"
                                        + "\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}"),
                        422,
                        "too long"),
                foreign(
                        "Mistral, detail",
                        Answer.json(422, "{\"detail\":[{\"type\":\"missing\",\"msg\":\"Field required\"}]}"),
                        422,
                        "Field required"),
                foreign(
                        "Anthropic",
                        Answer.json(
                                529,
                                "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
                                        + "\"Overloaded\"},\"request_id\":\"req_1\"}"),
                        529,
                        "Overloaded"),
                foreign(
                        "Gemini",
                        Answer.json(
                                400,
                                "{\"error\":{\"code\":400,\"message\":\"API key not valid\",\"status\":"
                                        + "\"INVALID_ARGUMENT\"}}"),
                        400,
                        "API key not valid"),
                foreign(
                        "Gemini in an array",
                        Answer.json(
                                404,
                                "[{\"error\":{\"code\":404,\"message\":\"model not found\",\"status\":\"NOT_FOUND\"}}]"),
                        404,
                        "model not found"),
                foreign(
                        "vLLM",
                        Answer.json(
                                400,
                                "{\"object\":\"error\",\"message\":\"too many tokens\",\"type\":\"BadRequestError\","
                                        + "\"param\":null,\"code\":400}"),
                        400,
                        "too many tokens"),
                foreign("a string", Answer.json(500, "{\"error\":\"boom\"}"), 500, "boom"),
                foreign("half a JSON", Answer.json(500, "{\"error\":{\"message\":\"b"), 500, ""),
                foreign("JSON null", Answer.json(500, "null"), 500, ""),
                foreign("an empty object", Answer.json(500, "{}"), 500, ""),
                foreign("a number", Answer.json(500, "42"), 500, ""));
    }

    private static Arguments foreign(String name, Answer answer, int status, String message) {
        return Arguments.of(name, answer, status, message);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("foreignErrors")
    @DisplayName("R25: errors in other shapes get OpenAI's, under their own status")
    void foreignErrors(String name, Answer answer, int status, String message) {
        for (String body : List.of(CHAT, STREAM)) {
            gateway.upstream().enqueue(answer);

            Reply reply = ask(gateway, body);

            assertThat(reply.status()).isEqualTo(status);
            assertFourFields(reply);
            assertThat(reply.error().path("message").asText()).contains(message).doesNotContain("<html>");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"detail\":%s}", "{\"object\":\"error\",\"message\":{\"detail\":%s},\"param\":null}"})
    @DisplayName("R25: a list of complaints becomes one line and the field at fault; the request it quotes is left out")
    void complaints(String shape) {
        String complaints =
                "[{\"type\":\"missing\",\"loc\":[\"body\",\"messages\",0,\"role\"],\"msg\":\"Field required\","
                        + "\"input\":{\"content\":\"confidential\"}},{\"loc\":[\"body\",\"n\"],\"msg\":\"Too many\",\"input\":9},"
                        + "{\"loc\":[\"body\"],\"msg\":\"Strange\"}]";

        Reply reply = errorOf(Answer.json(422, shape.formatted(complaints)));

        assertThat(reply.status()).isEqualTo(422);
        assertFourFields(reply);
        assertThat(reply.error().path("message").asText())
                .isEqualTo("messages.0.role: Field required; n: Too many; Strange");
        assertThat(reply.error().path("param").asText()).isEqualTo("messages.0.role");
    }

    @Test
    @DisplayName("R25: an error that breaks off keeps its status; one without end is not collected")
    void unfinishedErrors() {
        Reply cut = errorOf(Answer.raw("HTTP/1.1 429 x\r\nretry-after: 3\r\ncontent-length: 100\r\n\r\n{\"error\":")
                .close());
        Reply endless = errorOf(Answer.raw("HTTP/1.1 500 x\r\ncontent-type: text/plain\r\n\r\n")
                .flood("error ".getBytes(StandardCharsets.UTF_8), 3 << 20)
                .close());

        assertThat(cut.status()).isEqualTo(429);
        assertThat(cut.header("retry-after")).hasValue("3");
        assertFourFields(cut);
        assertThat(endless.status()).isEqualTo(500);
        assertFourFields(endless);
    }

    @Test
    @DisplayName("R25: an error whose headers hold control characters does not hang")
    void oddHeaders() {
        for (String odd : List.of("\u0001", "\u007f", "\u00ff", "\u000b")) {
            for (int status : List.of(200, 500)) {
                Reply reply = errorOf(Answer.raw("HTTP/1.1 " + status + " x\r\nx-request-id: a" + odd
                        + "b\r\nx-other: a" + odd + "b\r\ncontent-length: 2\r\n\r\n{}"));

                assertThat(reply.status())
                        .as("%x %s", (int) odd.charAt(0), reply)
                        .isIn(status, 502);
            }
        }
    }

    private static final Headers RETRY_HEADERS = Headers.of("retry-after", "2.5")
            .with("retry-after-ms", "2500")
            .with("x-should-retry", "false")
            .with("x-request-id", "req_upstream")
            .with("x-ratelimit-limit-requests", "14400")
            .with("x-ratelimit-remaining-tokens", "17997")
            .with("x-ratelimit-reset-requests", "2m59.56s")
            .with("x-groq-region", "us-1")
            .with("openai-processing-ms", "12")
            .with("anthropic-ratelimit-tokens-limit", "1");

    @Test
    @DisplayName("R26: what tells clients when to retry, and the request id, pass on success, error and stream")
    void retryHeaders() {
        gateway.upstream()
                .enqueue(
                        Answer.json(200, RETRY_HEADERS, "{}"),
                        Answer.json(429, RETRY_HEADERS, OPENAI_ERROR),
                        Answer.json(503, RETRY_HEADERS, "oops"),
                        Answer.chunks(
                                200,
                                RETRY_HEADERS.with("content-type", "text/event-stream"),
                                Streams.chat("x").stream()
                                        .map(event -> event.getBytes(StandardCharsets.UTF_8))
                                        .toList(),
                                java.time.Duration.ZERO),
                        Answer.json(200, RETRY_HEADERS, OPENAI_ERROR),
                        Answer.json(
                                200,
                                RETRY_HEADERS,
                                "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"x\"}}]}"));

        for (String body : List.of(CHAT, CHAT, CHAT, STREAM, STREAM, STREAM)) {
            Reply reply = ask(gateway, body);

            RETRY_HEADERS.forEach((name, value) ->
                    assertThat(reply.headers(name)).as("%s of %s", name, reply).containsExactly(value));
        }
    }

    @Test
    @DisplayName("R26: the gateway makes a request id where the upstream has none, another for each request")
    void ownRequestId() {
        gateway.upstream()
                .enqueue(
                        Answer.json(200, "{}"),
                        Answer.json(429, OPENAI_ERROR),
                        Faults.closeBeforeHead(),
                        Streams.plain(),
                        Streams.jsonError(),
                        Streams.empty());

        List<String> ids = Stream.of(CHAT, CHAT, CHAT, STREAM, STREAM, STREAM)
                .map(body -> ask(gateway, body).header("x-request-id").orElseThrow())
                .toList();

        assertThat(ids).doesNotHaveDuplicates().allMatch(id -> id.length() >= 8);
    }

    @Test
    @DisplayName("R27: the gateway's own errors have all four fields and the status that says what to do")
    void ownErrors() {
        assertOwn(400, "invalid_json", ask(gateway, "{"));
        assertOwn(400, "provider_not_found", ask(gateway, "none", CHAT, new String[0]));
        try (AnswerClient client = new AnswerClient(gateway)) {
            client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\ncontent-length: "
                            + CHAT.length() + "\r\n\r\n")
                    .send(CHAT);
            assertOwn(401, "missing_api_key", client.read());
        }
        try (AnswerClient client = new AnswerClient(gateway)) {
            assertOwn(
                    404,
                    "unknown_url",
                    client.request("POST", "/v2/x", "groq", "{}").read());
        }
        try (AnswerClient client = new AnswerClient(gateway)) {
            client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\n"
                    + "content-length: 99999999\r\n\r\n");
            assertOwn(413, "body_too_large", client.read());
        }
        assertOwn(502, "upstream_unreachable", ask(gateway, "nowhere", CHAT, new String[0]));
        gateway.upstream().answerWith(Faults.closeBeforeHead());
        assertOwn(502, "upstream_cut", ask(gateway, CHAT));
        gateway.upstream().answerWith(Faults.garbage());
        assertOwn(502, "upstream_protocol_error", ask(gateway, CHAT));
    }

    private static void assertOwn(int status, String code, Reply reply) {
        assertThat(reply.status()).as("%s", reply).isEqualTo(status);
        assertFourFields(reply);
        assertThat(reply.error().path("code").asText()).isEqualTo(code);
        assertThat(reply.header("server")).isEmpty();
    }

    @Test
    @DisplayName("R28: 498 gains x-should-retry, a 413 of rate limits stays as it is")
    void shouldRetry() {
        Reply capacity = errorOf(Answer.json(498, OPENAI_ERROR));
        Reply decided = errorOf(Answer.json(498, Headers.of("x-should-retry", "false"), OPENAI_ERROR));
        Reply limit = errorOf(Answer.json(413, OPENAI_ERROR));
        Reply known = errorOf(Answer.json(429, OPENAI_ERROR));

        assertThat(capacity.headers("x-should-retry")).containsExactly("true");
        assertThat(decided.headers("x-should-retry")).containsExactly("false");
        assertThat(limit.headers("x-should-retry")).isEmpty();
        assertThat(limit.text()).isEqualTo(OPENAI_ERROR);
        assertThat(known.headers("x-should-retry")).isEmpty();
    }

    @Test
    @DisplayName("R29: blank lines before JSON are relayed at once, and the body stays as it is")
    void leadingBlankLines() {
        String head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        gateway.upstream()
                .enqueue(Answer.raw(head)
                        .chunk("\n")
                        .pause(java.time.Duration.ofMillis(300))
                        .chunk("\n" + GROQ_COMPLETION)
                        .lastChunk());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(CHAT);
            gateway.upstream().awaitRequest();
            long begin = System.nanoTime();
            client.readUntil("\r\n\r\n1\r\n\n");
            assertThat(System.nanoTime() - begin).isLessThan(250_000_000L);
            client.readUntil("\r\n0\r\n\r\n");
        }

        gateway.upstream().enqueue(Faults.leadingBlankLines());
        assertThat(ask(gateway, CHAT).text()).startsWith("\n\n\n{").endsWith("}");
    }

    @Test
    @DisplayName("R30: a request that meets a stale connection is sent again on a fresh one, and answered")
    void staleConnection() {
        gateway.upstream().answerWith(Faults.closeIfReused());

        try (AnswerClient client = new AnswerClient(gateway)) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.chat(CHAT).read().status()).isEqualTo(200);
            }
        }

        assertThat(gateway.upstream().requests())
                .extracting(r -> r.placeOnConnection())
                .contains(2);
    }

    @Test
    @DisplayName("R30: it is sent again once, not twice, and never on a fresh connection's failure")
    void replayedOnce() {
        try (AnswerClient client = new AnswerClient(gateway)) {
            assertThat(client.chat(CHAT).read().status()).isEqualTo(200);
            gateway.upstream().answerWith(Faults.closeBeforeHead());

            assertOwn(502, "upstream_cut", client.chat(CHAT).read());
            assertThat(gateway.upstream().requests())
                    .as("one to make a connection, one that finds it stale, one on a fresh one")
                    .hasSize(3);

            assertOwn(502, "upstream_cut", client.chat(CHAT).read());
            assertThat(gateway.upstream().requests())
                    .as("there was no connection to reuse")
                    .hasSize(4);
        }
    }

    static Stream<Arguments> begunAnswers() {
        return Stream.of(
                Arguments.of("FIN in the head", Faults.closeInHead()),
                Arguments.of("RST in the head", Faults.resetInHead()),
                Arguments.of("one byte", Answer.raw("H").close()),
                Arguments.of(
                        "interim answer",
                        Answer.raw("HTTP/1.1 100 Continue\r\n\r\n").close()),
                Arguments.of("FIN in the body", Faults.closeMidBody()),
                Arguments.of("RST in the body", Faults.resetMidBody()),
                Arguments.of("garbage", Faults.garbage()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("begunAnswers")
    @DisplayName("R30: nothing is sent again once a byte of an answer has come")
    void notReplayedAfterFirstByte(String name, Answer begun) {
        try (AnswerClient client = new AnswerClient(gateway)) {
            assertThat(client.chat(CHAT).read().status()).isEqualTo(200);
            gateway.upstream().enqueue(begun);

            Reply reply = client.chat(CHAT).read();

            List<ReceivedRequest> requests = gateway.upstream().requests();
            assertThat(requests).hasSize(2);
            assertThat(requests.get(1).connection())
                    .as("on the connection of the first")
                    .isEqualTo(requests.get(0).connection());
            assertThat(reply.status() == 502 || !reply.whole()).as("%s", reply).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 301, 302, 303, 304, 305, 307, 308})
    @DisplayName("R15: redirects are not followed; the key goes nowhere, and the client gets a 502")
    void redirects(int status) {
        String elsewhere = gateway.upstream().baseUrl() + "/elsewhere";

        Reply reply = errorOf(Answer.http(status, Headers.of("location", elsewhere), new byte[0]));

        assertOwn(502, "upstream_protocol_error", reply);
        assertThat(reply.header("location")).isEmpty();
        assertThat(gateway.upstream().requests()).hasSize(1);
    }

    @Test
    @DisplayName("R27: statuses that are none become a 502; 100 and 103 are waited through")
    void statuses() {
        assertOwn(502, "upstream_protocol_error", errorOf(Faults.informational(102)));
        assertOwn(502, "upstream_protocol_error", errorOf(Faults.informational(101)));
        assertOwn(502, "upstream_protocol_error", errorOf(Faults.informational(199)));
        assertOwn(502, "upstream_protocol_error", errorOf(Faults.status(999)));
        assertOwn(502, "upstream_protocol_error", errorOf(Faults.status(600)));
        assertThat(errorOf(Faults.informationalFirst(100)).status()).isEqualTo(200);
        assertThat(errorOf(Faults.informationalFirst(103)).status()).isEqualTo(200);
    }

    @Test
    @DisplayName("R38: an error before the first byte of a stream is an ordinary JSON error")
    void errorInsteadOfStream() {
        gateway.upstream()
                .enqueue(
                        Answer.json(429, OPENAI_ERROR),
                        Streams.errorStatus(500),
                        Answer.raw("HTTP/1.1 2").close(),
                        Answer.openEvents(List.of()).close(),
                        Faults.htmlError(502));

        for (int status : List.of(429, 500, 502, 502, 502)) {
            Reply reply = ask(gateway, STREAM);

            assertThat(reply.status()).as("%s", reply).isEqualTo(status);
            assertThat(reply.header("content-type")).hasValue("application/json");
            assertThat(reply.text()).startsWith("{").doesNotContain("\n");
            assertThat(reply.error().path("message").isTextual()).isTrue();
            assertThat(reply.whole()).isTrue();
        }
    }

    @Test
    @DisplayName("R24: an error answered before an upload was read reaches the client, and the connection is given up")
    void refusedUpload() {
        gateway.upstream().enqueue(Faults.refuseBody());
        String boundary = "----b";
        String file = "x".repeat(1000);

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.send("POST /v1/files HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\nauthorization: Bearer "
                    + AnswerClient.KEY + "\r\ncontent-type: multipart/form-data; boundary=" + boundary
                    + "\r\ncontent-length: 2000\r\n\r\n" + file);
            Reply reply = client.read();

            assertThat(reply.status()).isEqualTo(413);
            assertThat(reply.error().path("message").asText()).isEqualTo("too large");
            gateway.upstream().awaitClientClosed();
            client.send(file);
            JsonNode next = client.chat(CHAT).read().json();
            assertThat(next.path("object").asText()).isEqualTo("chat.completion");
        }
    }
}
