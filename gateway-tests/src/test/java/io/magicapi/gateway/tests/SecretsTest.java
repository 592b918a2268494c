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
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.event.Level;

/** A key is seen by the provider it is for, and by nobody else. */
class SecretsTest {

    /** A key that the gateway holds, as against the client's own. */
    private static final String HELD = "gsk_held_canary_9876543210zyxwvutsrqponmlkjihg";

    private static final String PROMPT = "canary-of-the-prompt";
    private static final String ANSWER = "canary-of-the-answer";

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway()
            .environment("GROQ_API_KEY", HELD)
            .plugin(PluginJar.of("leaky").source("""
                    package com.leaky;

                    import io.magicapi.gateway.api.*;
                    import org.pf4j.Extension;

                    @Extension
                    public class LeakyProvider implements Provider {
                        @Override
                        public String name() {
                            return "leaky";
                        }

                        @Override
                        public String baseUrl() {
                            return "http://127.0.0.1:9";
                        }

                        @Override
                        public Exchange open(Call call) {
                            String key = call.credential().orElseThrow().reveal();
                            throw new IllegalStateException("I failed with " + key + " on " + call.body().json(),
                                    new RuntimeException(key));
                        }
                    }
                    """));

    private static String with(String body, String prompt) {
        return body.replace("hi", prompt);
    }

    @Test
    @DisplayName("R15: neither key, prompt nor answer is logged, nor shown to the client, whatever happens")
    void neverSeen() {
        List<Reply> replies = new ArrayList<>();
        List<String> logged;
        try (LogCapture log = LogCapture.of("io.magicapi.gateway", Level.TRACE);
                LogCapture root = LogCapture.of(org.slf4j.Logger.ROOT_LOGGER_NAME)) {
            gateway.upstream()
                    .enqueue(
                            Answer.json(200, "{\"x\":\"" + ANSWER + "\"}"),
                            Answer.events(Streams.chat(ANSWER)),
                            Answer.json(401, "{\"error\":{\"message\":\"Invalid API Key\",\"type\":\"t\"}}"),
                            Faults.htmlError(502),
                            Faults.garbage(),
                            Faults.closeMidStream(),
                            Answer.openEvents(Streams.chat(ANSWER).subList(0, 2))
                                    .reset(),
                            Faults.redirect("http://127.0.0.1:9/"),
                            Faults.nulInHead());
            for (String body : List.of(CHAT, STREAM, CHAT, CHAT, CHAT, STREAM, STREAM, CHAT, CHAT)) {
                replies.add(AnswerClient.ask(gateway, with(body, PROMPT)));
            }
            replies.add(AnswerClient.ask(gateway, "leaky", with(CHAT, PROMPT), new String[0]));
            replies.add(AnswerClient.ask(gateway, "none", with(CHAT, PROMPT), new String[0]));
            replies.add(AnswerClient.ask(gateway, with(CHAT, PROMPT).replace("}]", "")));
            try (AnswerClient held = new AnswerClient(gateway)) {
                held.send("POST /v1/chat/completions?key=" + KEY + " HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\n"
                                + "content-length: " + CHAT.length() + "\r\n\r\n")
                        .send(CHAT);
                replies.add(held.read());
            }
            try (AnswerClient malformed = new AnswerClient(gateway)) {
                malformed.send(
                        "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer " + KEY + "\0\r\n\r\n");
                replies.add(malformed.read());
            }
            await().until(() -> gateway.gateway().inFlight() == 0);
            logged = new ArrayList<>(log.lines());
            logged.addAll(root.lines());
        }

        assertThat(logged).as("access lines were captured").anyMatch(line -> line.contains("path="));
        assertThat(logged).as("the plugin's failure was captured").anyMatch(line -> line.contains("leaky"));
        assertThat(logged)
                .noneMatch(line ->
                        line.contains(KEY) || line.contains(HELD) || line.contains(PROMPT) || line.contains(ANSWER));
        for (Reply reply : replies) {
            assertThat(new String(reply.raw(), StandardCharsets.UTF_8))
                    .doesNotContain(KEY)
                    .doesNotContain(HELD)
                    .doesNotContain(PROMPT);
        }
    }

    @Test
    @DisplayName("R15: a 401 that quotes part of the key is relayed, and not logged")
    void quotedKey() {
        gateway.upstream()
                .enqueue(
                        Answer.json(
                                401,
                                "{\"error\":{\"message\":\"Incorrect API key provided: " + HELD.substring(0, 12)
                                        + "\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}"));

        try (LogCapture log = LogCapture.of("io.magicapi.gateway", Level.TRACE);
                AnswerClient client = new AnswerClient(gateway)) {
            Reply reply = client.chat(CHAT).read();
            await().until(() -> gateway.gateway().inFlight() == 0);

            assertThat(reply.status()).isEqualTo(401);
            assertThat(log.lines()).noneMatch(line -> line.contains(HELD.substring(0, 12)));
        }
    }

    @Test
    @DisplayName("R15: a provider's error that quotes the whole key reaches the client without it, streamed or not")
    void quotedWholeKey() {
        String quoting = "{\"error\":{\"message\":\"upstream failed for Bearer " + KEY
                + "\",\"type\":\"server_error\",\"param\":null,\"code\":null}}";
        gateway.upstream()
                .enqueue(
                        Answer.json(500, quoting),
                        Answer.http(
                                500,
                                Headers.of("content-type", "text/plain"),
                                ("failed for " + KEY).getBytes(StandardCharsets.UTF_8)),
                        Answer.events("data: " + quoting + "\n\n"));

        List<Reply> replies = List.of(
                AnswerClient.ask(gateway, CHAT),
                AnswerClient.ask(gateway, CHAT),
                AnswerClient.ask(gateway, CHAT.replace("}]}", "}],\"stream\":true}")));

        for (Reply reply : replies) {
            assertThat(new String(reply.raw(), StandardCharsets.UTF_8))
                    .contains("***")
                    .doesNotContain(KEY);
        }
    }

    @Test
    @DisplayName("R15: each key reaches the provider it is for, once")
    void reachesProvider() {
        AnswerClient.ask(gateway, CHAT);

        assertThat(gateway.upstream().awaitRequest().headers("authorization")).containsExactly("Bearer " + KEY);
    }
}
