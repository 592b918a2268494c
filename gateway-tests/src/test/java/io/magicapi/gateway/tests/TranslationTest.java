package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A provider that speaks another language than OpenAI's: whole answers and streams are translated, and whatever a plugin
 * does with them, the client's answer ends whole or visibly broken. The upstream here says {@code {"say":"…"}}, in
 * streams as events {@code word}, {@code end} and {@code oops}, or as the same in frames with a length in front.
 */
class TranslationTest {

    private static final String SOURCE = """
            import com.fasterxml.jackson.databind.node.*;
            import io.magicapi.gateway.api.*;
            import java.nio.ByteBuffer;
            import java.util.function.Consumer;
            import org.pf4j.Extension;

            @Extension
            public class %1$s implements Provider {
                static final JsonNodeFactory JSON = JsonNodeFactory.instance;

                @Override public String name() { return "%2$s"; }
                @Override public String baseUrl() { return "http://localhost:1"; }
                @Override public boolean blocking() { return %3$s; }

                @Override public Exchange open(Call call) {
                    ObjectNode body = JSON.objectNode();
                    body.put("ask", call.body().json().at("/messages/0/content").asText());
                    body.put("thread", Thread.currentThread().getName());
                    Headers headers = processHeaders(call.headers(), call);
                    return Exchange.of(UpstreamRequest.of("POST", "/ask", headers, Body.of(body)), this::handler);
                }

                ResponseHandler handler(ResponseHead head) {
                    String type = head.headers().get("content-type").orElse("");
                    if (type.startsWith("text/event-stream")) {
                        return ResponseHandler.events(new Words()).withWarning("translated");
                    }
                    if (type.equals("application/framed")) {
                        return ResponseHandler.frames(new Lengths(), new Words());
                    }
                    if (type.equals("application/odd")) {
                        throw new IllegalStateException("odd");
                    }
                    if (type.equals("application/nothing")) {
                        return null;
                    }
                    return ResponseHandler.body(this::whole)
                            .withHeaders(Headers.of("x-ratelimit-remaining-requests", "7"));
                }

                Body whole(Body received) {
                    if (received.json().has("error")) {
                        ObjectNode error = JSON.objectNode();
                        error.putObject("error").put("message", received.json().get("error").asText())
                                .put("type", "translated").putNull("param").put("code", "t");
                        return Body.of(error);
                    }
                    ObjectNode made = JSON.objectNode().put("id", "1").put("object", "chat.completion");
                    ObjectNode choice = made.putArray("choices").addObject().put("index", 0);
                    choice.putObject("message").put("role", "assistant")
                            .put("content", received.json().get("say").asText())
                            .put("thread", Thread.currentThread().getName());
                    choice.put("finish_reason", "stop");
                    made.putObject("usage").put("prompt_tokens", 3).put("completion_tokens", 4).put("total_tokens", 7);
                    return Body.of(made);
                }

                static final class Words implements FrameTransform {
                    @Override public void onFrame(Frame frame, FrameSink sink) {
                        switch (frame.name()) {
                            case "word" -> {
                                ObjectNode chunk = JSON.objectNode().put("id", "1");
                                ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
                                choice.putObject("delta").put("content", frame.json().get("w").asText());
                                choice.putNull("finish_reason");
                                sink.event(chunk);
                            }
                            case "end" -> {
                                ObjectNode last = JSON.objectNode().put("id", "1");
                                ObjectNode choice = last.putArray("choices").addObject().put("index", 0);
                                choice.putObject("delta");
                                choice.put("finish_reason", "stop");
                                sink.event(last);
                                ObjectNode usage = JSON.objectNode().put("id", "1");
                                usage.putArray("choices");
                                usage.putObject("usage").put("prompt_tokens", 3).put("completion_tokens", 4)
                                        .put("total_tokens", 7);
                                sink.event(usage);
                                sink.done();
                            }
                            case "oops" -> sink.error(frame.text(), "overloaded_error");
                            case "throw" -> throw new StackOverflowError();
                            case "refuse" -> throw new ProviderException(
                                    ProviderException.Kind.BAD_ANSWER, "this is no answer");
                            default -> { }
                        }
                    }
                }

                static final class Lengths implements FrameDecoder {
                    private final java.io.ByteArrayOutputStream held = new java.io.ByteArrayOutputStream();

                    @Override public void feed(ByteBuffer bytes, Consumer<Frame> frames) {
                        while (bytes.hasRemaining()) {
                            held.write(bytes.get());
                            byte[] all = held.toByteArray();
                            if (all.length == 1 + all[0]) {
                                String[] parts = new String(all, 1, all[0]).split(" ", 2);
                                frames.accept(Frame.of(parts[0], parts[1].getBytes()));
                                held.reset();
                            }
                        }
                    }

                    @Override public void end(Consumer<Frame> frames) {
                        if (held.size() > 0) {
                            throw new ProviderException(ProviderException.Kind.BAD_ANSWER, "bytes are missing");
                        }
                    }
                }
            }
            """;

    private static final String WORDS =
            "event: word\ndata: {\"w\":\"Grüß \"}\n\nevent: ping\ndata: {}\n\nevent: word\ndata: {\"w\":\"🎉\"}\n\n";
    private static final String END = "event: end\ndata: {}\n\n";

    private static final Headers EVENTS = Headers.of("content-type", "text/event-stream");
    private static final Headers FRAMED = Headers.of("content-type", "application/framed");

    @RegisterExtension
    static final GatewayExtension gateway = new GatewayExtension()
            .plugin(PluginJar.of("words")
                    .source(SOURCE.formatted("Quick", "quick", "false"))
                    .source(SOURCE.formatted("Slow", "slow", "true")))
            .provider("quick", "")
            .provider("slow", "");

    private static Reply ask(String provider, String body) {
        return AnswerClient.ask(gateway, provider, body, new String[0]);
    }

    private static Answer stream(String events) {
        return Answer.split(200, EVENTS, events.getBytes(StandardCharsets.UTF_8), Integer.MAX_VALUE);
    }

    private static byte[] frames(String... frames) {
        StringBuilder bytes = new StringBuilder();
        for (String frame : frames) {
            bytes.append((char) frame.length()).append(frame);
        }
        return bytes.toString().getBytes(StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("a whole answer is translated, and so is the request")
    void whole(String provider) {
        gateway.upstream().enqueue(Answer.json(200, "{\"say\":\"Grüß Gott\"}"));

        Reply reply = ask(provider, CHAT);

        assertThat(gateway.upstream().awaitRequest().json().path("ask").asText())
                .isEqualTo("hi");
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.json().at("/choices/0/message/content").asText()).isEqualTo("Grüß Gott");
        assertThat(reply.header("content-type")).contains("application/json");
        assertThat(reply.header("x-ratelimit-remaining-requests")).contains("7");
        assertThat(reply.header("x-gateway-provider")).contains(provider);
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("a stream is translated event by event, wherever the network cuts it, on whichever thread")
    void streamed(String provider) {
        byte[] events = (WORDS + END).getBytes(StandardCharsets.UTF_8);
        for (int size : new int[] {1, 2, 3, 7, events.length}) {
            gateway.upstream().enqueue(Answer.split(200, EVENTS, events, size));

            Reply reply = ask(provider, STREAM);

            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.header("content-type")).contains("text/event-stream");
            assertThat(reply.header("x-gateway-warning")).contains("translated");
            assertThat(reply.whole()).as("%s", reply).isTrue();
            assertThat(reply.text()).isEqualTo("""
                    data: {"id":"1","choices":[{"index":0,"delta":{"content":"Grüß "},"finish_reason":null}]}

                    data: {"id":"1","choices":[{"index":0,"delta":{"content":"🎉"},"finish_reason":null}]}

                    data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

                    data: [DONE]

                    """);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("usage goes to clients that asked for it")
    void usage(String provider) {
        gateway.upstream().enqueue(stream(WORDS + END));

        Reply reply = ask(
                provider,
                STREAM.replace("\"stream\":true", "\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

        assertThat(reply.text()).contains("\"total_tokens\":7").endsWith("data: [DONE]\n\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("frames of the plugin's own framing are translated likewise")
    void framed(String provider) {
        gateway.upstream().enqueue(Answer.split(200, FRAMED, frames("word {\"w\":\"a\"}", "other x", "end {}"), 3));

        Reply reply = ask(provider, STREAM);

        assertThat(reply.whole()).as("%s", reply).isTrue();
        assertThat(reply.text()).contains("\"content\":\"a\"").endsWith("data: [DONE]\n\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("a stream that fails, is cut or is not understood ends visibly")
    void broken(String provider) {
        gateway.upstream()
                .enqueue(
                        stream(WORDS + "event: oops\ndata: too busy\n\n" + END),
                        stream(WORDS + "event: throw\ndata: x\n\n" + END),
                        stream(WORDS + "event: refuse\ndata: x\n\n" + END),
                        stream(WORDS + "event: word\ndata: nonsense\n\n" + END),
                        stream(WORDS));
        for (String code : List.of(
                "overloaded_error",
                "provider_failed",
                "upstream_protocol_error",
                "upstream_protocol_error",
                "upstream_cut")) {
            Reply reply = ask(provider, STREAM);

            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.text())
                    .startsWith("data: {\"id\":\"1\"")
                    .contains("event: error\ndata: {\"error\":{")
                    .contains("\"code\":\"" + code + "\"")
                    .doesNotContain("[DONE]");
            assertThat(reply.whole()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("a connection that is lost is told in the stream, or by the status if nothing has been sent")
    void lost(String provider) {
        gateway.upstream().enqueue(Answer.openEvents(List.of(WORDS)).close());

        Reply reply = ask(provider, STREAM);

        assertThat(reply.text()).contains("\"code\":\"upstream_cut\"").doesNotContain("[DONE]");
        assertThat(reply.status() == 502).isEqualTo(reply.whole());
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("frames of which bytes are missing are a visible failure")
    void missingBytes(String provider) {
        byte[] whole = frames("word {\"w\":\"a\"}", "end {}");
        gateway.upstream().enqueue(Answer.split(200, FRAMED, Arrays.copyOf(whole, whole.length - 1), 4));

        Reply reply = ask(provider, STREAM);

        assertThat(reply.text()).contains("event: error", "bytes are missing").doesNotContain("[DONE]");
        assertThat(reply.whole()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("an answer that is not understood is a 502, a plugin that fails on it a 500")
    void notUnderstood(String provider) {
        gateway.upstream()
                .enqueue(
                        Answer.json(200, "<html>"),
                        Answer.json(200, "{}"),
                        Answer.http(200, Headers.of("content-type", "application/odd"), new byte[] {1}),
                        Answer.http(200, Headers.of("content-type", "application/nothing"), new byte[] {1}),
                        stream(WORDS + END),
                        Answer.http(
                                200,
                                Headers.of("content-type", "application/json").with("content-encoding", "gzip"),
                                new byte[] {1}));

        assertThat(ask(provider, CHAT).error().path("code").asText()).isEqualTo("upstream_protocol_error");
        assertThat(ask(provider, CHAT).error().path("code").asText()).isEqualTo("provider_failed");
        assertThat(ask(provider, CHAT).error().path("code").asText()).isEqualTo("provider_failed");
        assertThat(ask(provider, CHAT).error().path("code").asText()).isEqualTo("provider_failed");
        assertThat(ask(provider, CHAT).error().path("code").asText())
                .as("a stream that nobody asked for")
                .isEqualTo("provider_failed");
        assertThat(ask(provider, CHAT).error().path("code").asText()).isEqualTo("upstream_protocol_error");
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("errors are translated and keep their status, even if the plugin cannot read them")
    void errors(String provider) {
        gateway.upstream()
                .enqueue(Answer.json(429, "{\"error\":\"slow down\"}"), Answer.json(529, "oops"), Answer.json(401, ""));

        Reply limited = ask(provider, CHAT);
        assertThat(limited.status()).isEqualTo(429);
        assertThat(limited.error().path("message").asText()).isEqualTo("slow down");
        assertThat(limited.error().path("type").asText()).isEqualTo("translated");
        Reply odd = ask(provider, STREAM);
        assertThat(odd.status()).isEqualTo(529);
        assertThat(odd.error().path("message").asText()).isEqualTo("oops");
        assertThat(ask(provider, CHAT).status()).isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("a stream request that is answered as a whole becomes a stream")
    void wholeForStream(String provider) {
        gateway.upstream().enqueue(Answer.json(200, "{\"say\":\"all at once\"}"));

        Reply reply = ask(provider, STREAM);

        assertThat(reply.header("content-type")).contains("text/event-stream");
        assertThat(reply.text()).contains("\"content\":\"all at once\"").endsWith("data: [DONE]\n\n");
        assertThat(reply.whole()).isTrue();
    }

    @Test
    @DisplayName("small bodies are translated on the event loop, large ones on worker threads")
    void threads() {
        String large = "x".repeat(300 * 1024);
        gateway.upstream()
                .enqueue(
                        Answer.json(200, "{\"say\":\"\"}"),
                        Answer.json(200, "{\"say\":\"" + large + "\"}"),
                        Answer.json(200, "{\"say\":\"\"}"));

        assertThat(thread(ask("quick", CHAT))).contains("eventloop");
        assertThat(thread(ask("quick", CHAT))).contains("plugin-calls");
        ask("quick", CHAT.replace("\"hi\"", "\"" + large + "\""));

        List<String> opened = gateway.upstream().requests().stream()
                .map(request -> request.json().path("thread").asText())
                .toList();
        assertThat(opened.get(0)).contains("eventloop");
        assertThat(opened.get(2)).contains("plugin-calls");
    }

    private static String thread(Reply reply) {
        return reply.json().at("/choices/0/message/thread").asText();
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "slow"})
    @DisplayName("a client that leaves amid a translated stream cancels its request to the provider")
    void leaves(String provider) {
        gateway.upstream().enqueue(Answer.openEvents(List.of(WORDS)).stall());

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(provider, STREAM, new String[0]);
            client.readUntil("Gr");
        }

        assertThat(gateway.upstream().awaitClientClosed().withinAnswer()).isTrue();
    }
}
