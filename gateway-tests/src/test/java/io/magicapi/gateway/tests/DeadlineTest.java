package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static io.magicapi.gateway.tests.AnswerClient.ask;
import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The deadlines of an upstream that are not those of chat streams: no client waits longer. */
@Tag("alone")
class DeadlineTest {

    private static final Duration CONNECT = Duration.ofMillis(400);
    private static final Duration FIRST_BYTE = Duration.ofSeconds(20);
    private static final Duration IDLE = Duration.ofMillis(500);
    private static final Duration TOTAL = Duration.ofMillis(1100);
    private static final Duration TOTAL_STREAM = Duration.ofMillis(1700);
    /** How late a deadline may be kept on a busy machine; with it none is as late as the next of them. */
    private static final Duration TOLERANCE = Duration.ofMillis(500);

    /** Listens, and lets the system accept connections, but never says a word: TLS never comes about. */
    private static final ServerSocket silent = listen(50);

    /** Has as many connections waiting as it takes; the system does not answer further ones. */
    private static final ServerSocket full = listen(1);

    private static final List<Socket> filling = new ArrayList<>();

    private static ServerSocket listen(int backlog) {
        try {
            return new ServerSocket(0, backlog, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static GatewayExtension at(Supplier<String> baseUrl, Deadlines deadlines) {
        return GroqJar.gateway().deadlines(deadlines).config(config -> {
            Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
            providers.replaceAll((name, settings) -> settings.withBaseUrl(baseUrl.get()));
            return config.withProviders(providers);
        });
    }

    private static final Deadlines DEADLINES =
            new Deadlines(CONNECT, FIRST_BYTE, IDLE, TOTAL, Optional.of(TOTAL_STREAM));

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway().deadlines(DEADLINES);

    @RegisterExtension
    static final GatewayExtension noTls = at(() -> "https://127.0.0.1:" + silent.getLocalPort(), DEADLINES);

    @RegisterExtension
    static final GatewayExtension unanswered = at(() -> "http://127.0.0.1:" + full.getLocalPort(), DEADLINES);

    /** What is loaded at the first request is not to be measured. */
    @BeforeAll
    static void warmUp() {
        assertThat(ask(gateway, CHAT).status()).isEqualTo(200);
    }

    @AfterAll
    static void close() throws IOException {
        for (Socket socket : filling) {
            socket.close();
        }
        silent.close();
        full.close();
    }

    private static Reply timed(GatewayExtension at, String body, Duration deadline) {
        long begin = System.nanoTime();
        Reply reply = ask(at, body);
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isBetween(deadline.minusMillis(20), deadline.plus(TOLERANCE));
        return reply;
    }

    private static void assertTimeout(Reply reply) {
        assertThat(reply.status()).as("%s", reply).isEqualTo(504);
        assertThat(reply.whole()).isTrue();
        assertThat(reply.error().path("code").asText()).isEqualTo("upstream_timeout");
    }

    private static void assertUnreachable(Reply reply) {
        assertThat(reply.status()).as("%s", reply).isEqualTo(502);
        assertThat(reply.error().path("code").asText()).isEqualTo("upstream_unreachable");
    }

    @ParameterizedTest
    @ValueSource(strings = {CHAT, STREAM})
    @DisplayName("R1: a server that is silent when TLS is to be agreed upon is given up at deadlines.connect")
    void silentTls(String body) {
        assertUnreachable(timed(noTls, body, CONNECT));
    }

    @Test
    @DisplayName("R1: a server that does not accept the connection is given up at deadlines.connect")
    void fullBacklog() throws IOException {
        for (int i = 0; i < 4; i++) {
            Socket socket = new Socket();
            filling.add(socket);
            try {
                socket.connect(full.getLocalSocketAddress(), 100);
            } catch (java.net.SocketTimeoutException isFull) {
                break;
            }
        }
        assertUnreachable(timed(unanswered, CHAT, CONNECT));
    }

    @Test
    @DisplayName("R1: a plain answer that trickles is ended at deadlines.total, whether or not it has begun")
    void total() {
        gateway.upstream().enqueue(Faults.silence());
        assertTimeout(timed(gateway, CHAT, TOTAL));

        gateway.upstream().enqueue(Faults.trickle(Duration.ofMillis(20)));
        Reply cut = timed(gateway, CHAT, TOTAL);
        assertThat(cut.whole()).isFalse();
        assertThat(cut.text()).endsWith("\n\n").contains("event: error\ndata: ", "upstream_timeout");
        gateway.upstream().awaitClientClosed();
    }

    @Test
    @DisplayName("R1: a stream that goes on and on is ended at deadlines.total-stream if there is one, visibly")
    void totalStream() {
        gateway.upstream()
                .enqueue(Answer.events(Duration.ofMillis(100), Collections.nCopies(100, Streams.word("on "))));

        Reply cut = timed(gateway, STREAM, TOTAL_STREAM);

        assertThat(cut.whole()).isFalse();
        assertThat(cut.text())
                .contains("event: error\ndata: ", "upstream_timeout")
                .doesNotContain("[DONE]");
        gateway.upstream().awaitClientClosed();
    }

    @ParameterizedTest
    @ValueSource(strings = {CHAT, STREAM})
    @DisplayName("R1: an answer of which only the head comes is given up at deadlines.idle, with a 504")
    void headOnly(String body) {
        gateway.upstream().enqueue(Faults.stallMidStream(0));

        assertTimeout(timed(gateway, body, IDLE));
        gateway.upstream().awaitClientClosed();
    }

    @Test
    @DisplayName("R1: an upload that the upstream does not take is given up at deadlines.idle, however it is read")
    void uploadNotTaken() {
        gateway.upstream().answerWith(Faults.unreadBody());
        String form = "--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\n" + "x".repeat(24 << 20)
                + "\r\n--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ngroq/m\r\n--b--\r\n";

        try (AnswerClient client = new AnswerClient(gateway)) {
            client.send("POST /v1/audio/transcriptions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer k\r\n"
                            + "content-type: multipart/form-data; boundary=b\r\ncontent-length: " + form.length()
                            + "\r\n\r\n")
                    .send(form);
            long begin = System.nanoTime();

            assertTimeout(client.read());
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(TOTAL.plus(TOLERANCE));
        }
    }
}
