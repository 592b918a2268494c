package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The end of a gateway: nobody is cut off who can be served, and nobody is left without a word. */
class ShutdownTest {

    private static final Duration GRACE = Duration.ofSeconds(4);

    private final GatewayExtension gateway = GroqJar.gateway();
    private final List<AnswerClient> clients = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        gateway.start();
    }

    @AfterEach
    void stop() throws Exception {
        clients.forEach(AnswerClient::close);
        gateway.stop();
    }

    private AnswerClient client() {
        AnswerClient client = new AnswerClient(gateway);
        clients.add(client);
        return client;
    }

    private static void awaitEnd(Future<Void> shutdown, Duration patience) {
        try {
            shutdown.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("the gateway did not stop within " + patience, e);
        }
    }

    private boolean isRefused() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
            return !socket.isConnected();
        } catch (IOException refused) {
            return true;
        }
    }

    @Test
    @DisplayName("R6: 200 open streams run to their end, idle connections are closed, new ones refused")
    void drain() {
        String[] words = new String[20];
        Arrays.fill(words, "word ");
        gateway.upstream().answerWith(Answer.events(Duration.ofMillis(50), Streams.chat(words)));
        AnswerClient idle = client();
        assertThat(idle.request("GET", "/health/ready", "groq", "").read().status())
                .isEqualTo(200);
        List<AnswerClient> streams = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            streams.add(client().chat(STREAM));
        }
        streams.forEach(stream -> stream.readUntil("word "));

        Future<Void> shutdown = gateway.gateway().shutdown(Duration.ofSeconds(20));

        await().atMost(1, TimeUnit.SECONDS).until(this::isRefused);
        assertThat(idle.isClosed()).isTrue();
        streams.forEach(stream -> {
            stream.readUntil("[DONE]");
            stream.readUntil("\r\n0\r\n\r\n");
        });
        awaitEnd(shutdown, GRACE);
        assertThat(gateway.gateway().inFlight()).isZero();
    }

    @Test
    @DisplayName("R6: what is left when the drain is over is told so: streams by an error event, others by a 503")
    void brokenOff() {
        gateway.upstream().enqueue(Faults.stallMidStream(2), Faults.silence(), Faults.stallMidBody());
        AnswerClient stream = client().chat(STREAM);
        gateway.upstream().awaitRequest();
        AnswerClient plain = client().chat(CHAT);
        gateway.upstream().awaitRequest();
        AnswerClient half = client().chat(CHAT);
        gateway.upstream().awaitRequest();
        AnswerClient unread = client();
        gateway.upstream().answerWith(Faults.floodStream(Long.MAX_VALUE));
        unread.chat(STREAM).readUntil("word ");
        AnswerClient reading =
                client().send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 100\r\n\r\n{");
        await().until(() -> gateway.gateway().inFlight() == 5);

        Future<Void> shutdown = gateway.gateway().shutdown(Duration.ofMillis(300));

        Reply broken = stream.read();
        assertThat(broken.whole()).isFalse();
        assertThat(broken.text())
                .contains("word ", "event: error\ndata: {", "\"code\":\"shutting_down\"")
                .doesNotContain("[DONE]");
        Reply refused = plain.read();
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.whole()).isTrue();
        assertThat(refused.header("retry-after")).isPresent();
        assertThat(refused.error().path("code").asText()).isEqualTo("shutting_down");
        assertThat(half.read().whole()).isFalse();
        assertThat(reading.read().whole())
                .as("a request that has not come whole")
                .isFalse();
        awaitEnd(shutdown, GRACE);
        await().untilAsserted(
                        () -> assertThat(gateway.upstream().openConnections()).isZero());
    }

    @Test
    @DisplayName("R6: with nothing to do it stops at once")
    void idle() {
        client().request("GET", "/health/live", "groq", "").read();

        awaitEnd(gateway.gateway().shutdown(Duration.ofSeconds(30)), GRACE);
    }
}
