package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.KEY;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.Level;

/** Bedrock through the running gateway: the plugin's own jar, real sockets, and AWS's encoder on the other side. */
class BedrockTest {

    private static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    private static final String TOKEN = "session-canary-0123456789abcdef";

    /** Callers bring API keys. */
    @RegisterExtension
    static final GatewayExtension gateway = BedrockFake.gateway();

    /** The gateway holds an access key. */
    @RegisterExtension
    static final GatewayExtension signing = BedrockFake.gateway()
            .environment("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .environment("AWS_SECRET_ACCESS_KEY", SECRET)
            .environment("AWS_SESSION_TOKEN", TOKEN)
            .options("bedrock", "region", "eu-west-1");

    private static Reply ask(String body) {
        return AnswerClient.ask(gateway, "bedrock", body, new String[0]);
    }

    /** {@return the answer to a request that brings no key} */
    private static Reply askBare(GatewayExtension through, String body) {
        try (AnswerClient client = new AnswerClient(through)) {
            return client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nx-provider: bedrock\r\n"
                            + "content-type: application/json\r\ncontent-length: " + body.length() + "\r\n\r\n" + body)
                    .read();
        }
    }

    private static List<String> events(Reply reply) {
        return Arrays.stream(reply.text().split("\n\n", -1))
                .filter(event -> !event.isEmpty())
                .toList();
    }

    @Test
    @DisplayName("a chat goes to its model's converse with the API key, and comes back as OpenAI's")
    void chat() {
        gateway.upstream().enqueue(Answer.json(200, BedrockFake.ANSWERED, BedrockFake.plainText("Hello there")));

        Reply reply = ask(CHAT);

        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.requestLine()).isEqualTo("POST /model/m/converse HTTP/1.1");
        assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        assertThat(received.text()).isEqualTo("{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}");
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("x-request-id")).hasValue("request-1");
        assertThat(reply.json().at("/choices/0/message/content").asText()).isEqualTo("Hello there");
        assertThat(reply.json().at("/usage/total_tokens").asInt()).isEqualTo(11);
    }

    @Test
    @DisplayName("a stream is an event stream that ends whole, wherever its frames were cut")
    void stream() {
        byte[] frames = BedrockFake.joined(BedrockFake.textEvents("Hello there"));
        for (int size : List.of(1, 2, 7, 64, frames.length)) {
            List<byte[]> pieces = new ArrayList<>();
            for (int at = 0; at < frames.length; at += size) {
                pieces.add(Arrays.copyOfRange(frames, at, Math.min(frames.length, at + size)));
            }
            gateway.upstream().enqueue(BedrockFake.streamed(pieces));

            Reply reply = ask(STREAM);

            assertThat(reply.whole()).as("in pieces of %d", size).isTrue();
            assertThat(reply.header("content-type")).hasValue("text/event-stream");
            assertThat(events(reply))
                    .hasSize(5) // role, two words, the reason, the end; usage was not asked for
                    .allMatch(event -> event.startsWith("data: "))
                    .last()
                    .isEqualTo("data: [DONE]");
            assertThat(reply.text()).contains("\"content\":\"Hello \"", "\"finish_reason\":\"stop\"");
        }
        assertThat(gateway.upstream().awaitRequest().target()).isEqualTo("/model/m/converse-stream");
    }

    @Test
    @DisplayName("usage comes if it was asked for")
    void usage() {
        gateway.upstream().enqueue(BedrockFake.streamed(BedrockFake.textEvents("a")));

        Reply reply = ask(STREAM.replaceFirst("\\{", "{\"stream_options\":{\"include_usage\":true},"));

        assertThat(reply.text()).contains("\"choices\":[],\"usage\":{\"prompt_tokens\":8,");
    }

    @Test
    @DisplayName("without an API key the gateway's access key signs what is really sent, its host and session included")
    void signed() {
        signing.upstream().enqueue(Answer.json(200, BedrockFake.plainText("a")));

        Reply reply = askBare(signing, CHAT);

        ReceivedRequest received = signing.upstream().awaitRequest();
        assertThat(reply.status()).isEqualTo(200);
        assertThat(received.headers("x-amz-security-token")).containsExactly(TOKEN);
        assertThat(received.header("host"))
                .hasValue("127.0.0.1:" + signing.upstream().port());
        String authorization = received.header("authorization").orElseThrow();
        assertThat(authorization)
                .contains("/eu-west-1/bedrock/aws4_request, SignedHeaders=accept;content-type;host;"
                        + "x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=");
        assertThat(authorization).isEqualTo(SigV4Check.authorization("AKIDEXAMPLE", SECRET, received));
    }

    @Test
    @DisplayName("a caller's own access key signs, and goes no further")
    void callersKey() {
        gateway.upstream().enqueue(Answer.json(200, BedrockFake.plainText("a")));

        Reply reply = AnswerClient.ask(gateway, "bedrock", CHAT, new String[] {
            "x-aws-access-key-id: AKIDEXAMPLE", "X-AWS-Secret-Access-Key: " + SECRET, "x-aws-session-token: " + TOKEN
        });

        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(reply.status()).isEqualTo(200);
        assertThat(received.header("authorization"))
                .hasValue(SigV4Check.authorization("AKIDEXAMPLE", SECRET, received));
        assertThat(received.header("x-amz-security-token")).hasValue(TOKEN);
        assertThat(received.fields()).noneMatch(field -> field.name().startsWith("x-aws-"));
        assertThat(new String(received.raw(), StandardCharsets.UTF_8)).doesNotContain(SECRET);
    }

    @Test
    @DisplayName("without any credential the answer is a 401 that says how to bring one, and nothing is sent")
    void noCredential() {
        Reply reply = askBare(gateway, CHAT);

        assertThat(reply.status()).isEqualTo(401);
        assertThat(reply.error().path("message").asText()).contains("AWS_BEARER_TOKEN_BEDROCK");
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "400, ValidationException, false",
        "403, AccessDeniedException, false",
        "404, ResourceNotFoundException, false",
        "424, ModelErrorException, false",
        "429, ThrottlingException, false",
        "500, InternalServerException, false",
        "503, ServiceUnavailableException, true"
    })
    @DisplayName("an error keeps its status, words and type, streamed or not")
    void errors(int status, String type, boolean stream) {
        gateway.upstream()
                .enqueue(Answer.json(
                        status, Headers.of("x-amzn-errortype", type + ":http://internal/"), "{\"message\":\"no\"}"));

        Reply reply = ask(stream ? STREAM : CHAT);

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.error().toString())
                .isEqualTo("{\"message\":\"no\",\"type\":\"" + type + "\",\"param\":null,\"code\":\"" + type + "\"}");
    }

    @Test
    @DisplayName("an error that is a page, from a proxy in between, is an error still")
    void page() {
        gateway.upstream().enqueue(Faults.htmlError(502));

        assertThat(ask(CHAT).error().path("message").asText()).isNotEmpty().doesNotContain("<");
    }

    private static void assertBroken(Reply reply, String message) {
        assertThat(reply.whole()).as("the connection broke off").isFalse();
        assertThat(reply.text()).doesNotContain("[DONE]");
        assertThat(events(reply))
                .last()
                .asString()
                .startsWith("event: error\ndata: ")
                .contains(message);
    }

    @Test
    @DisplayName("a failure in the middle of a stream is an error event with Bedrock's words, and no end")
    void exceptionFrame() {
        List<byte[]> events =
                new ArrayList<>(BedrockFake.textEvents("Hello there").subList(0, 2));
        events.add(BedrockFake.exception("modelStreamErrorException", "the model stumbled"));
        gateway.upstream().enqueue(BedrockFake.streamed(events));

        Reply reply = ask(STREAM);

        assertBroken(reply, "\"message\":\"the model stumbled\",\"type\":\"ModelStreamErrorException\"");
        assertThat(reply.text()).contains("\"content\":\"Hello \"");
    }

    @Test
    @DisplayName("a stream that is cut within a frame, ends within one, is damaged or lacks its end is visibly broken")
    void brokenStreams() {
        List<byte[]> events = BedrockFake.textEvents("Hello there");
        byte[] whole = BedrockFake.joined(events);
        byte[] begin = BedrockFake.joined(events.subList(0, 2));
        byte[] half = Arrays.copyOf(whole, begin.length + 20);
        byte[] damaged = Arrays.copyOf(whole, begin.length + events.get(2).length);
        damaged[damaged.length - 6] ^= 1;
        gateway.upstream()
                .enqueue(
                        BedrockFake.begun(half).close(),
                        BedrockFake.begun(half).lastChunk(),
                        BedrockFake.begun(begin).chunk(Arrays.copyOfRange(damaged, begin.length, damaged.length)),
                        BedrockFake.begun(begin).lastChunk());

        for (String message : List.of("broke off", "ended in the middle of a message", "damaged", "")) {
            assertBroken(ask(STREAM), message);
        }
    }

    @Test
    @DisplayName("what is no event stream at all is refused before anything is written")
    void noStream() {
        gateway.upstream()
                .enqueue(Answer.http(
                        200,
                        Headers.of("content-type", "text/html"),
                        "<html>welcome to the hotel's network</html>".getBytes(StandardCharsets.UTF_8)));

        Reply reply = ask(STREAM);

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.text()).doesNotContain("hotel");
    }

    @Test
    @DisplayName("what Converse does not have is dropped with a warning, an image's URL is refused")
    void policies() {
        gateway.upstream().enqueue(Answer.json(200, BedrockFake.plainText("a")));

        Reply dropped = ask(CHAT.replaceFirst("\\{", "{\"seed\":7,"));
        Reply refused = ask("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
                + "\"image_url\":{\"url\":\"https://example.com/a.png\"}}]}]}");

        assertThat(dropped.header("x-gateway-warning"))
                .hasValue("not supported by Bedrock's Converse API, and dropped: seed");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.error().path("param").asText()).isEqualTo("messages[0].content[0].image_url.url");
    }

    @Test
    @DisplayName("neither secret, prompt nor answer is logged or shown, even if AWS quotes the request")
    void secrets() {
        List<Reply> replies = new ArrayList<>();
        List<String> logged;
        try (LogCapture log = LogCapture.of("io.magicapi.gateway", Level.TRACE);
                LogCapture root = LogCapture.of(org.slf4j.Logger.ROOT_LOGGER_NAME)) {
            signing.upstream()
                    .enqueue(
                            Answer.json(200, BedrockFake.plainText("answer-canary")),
                            Answer.json(
                                    403,
                                    Headers.of("x-amzn-errortype", "InvalidSignatureException"),
                                    "{\"message\":\"The signature does not match.\\n\\nThe Canonical String for this"
                                            + " request should have been\\n'x-amz-security-token:" + TOKEN + "'\"}"),
                            Faults.garbage());
            for (int i = 0; i < 3; i++) {
                replies.add(askBare(signing, CHAT.replace("hi", "prompt-canary")));
            }
            await().until(() -> signing.gateway().inFlight() == 0);
            logged = new ArrayList<>(log.lines());
            logged.addAll(root.lines());
        }

        assertThat(replies).extracting(Reply::status).containsExactly(200, 403, 502);
        assertThat(logged)
                .anyMatch(line -> line.contains("path="))
                .noneMatch(line -> line.contains(SECRET)
                        || line.contains(TOKEN)
                        || line.contains("prompt-canary")
                        || line.contains("answer-canary"));
        for (Reply reply : replies) {
            assertThat(new String(reply.raw(), StandardCharsets.UTF_8)).doesNotContain(SECRET, TOKEN);
        }
    }
}
