package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that leave, at moments and in ways that StreamContractTest does not have: nothing of theirs stays. */
class ClientLeavesTest {

    private static final Duration AT_ONCE = Duration.ofSeconds(1);
    private static final Duration CONNECT = Duration.ofSeconds(2);

    /** Accepts connections, and never says a word. */
    private static final ServerSocket silent = listen();

    private static final Vertx vertx = Vertx.vertx();

    @RegisterExtension
    static final GatewayExtension gateway =
            GroqJar.gateway().config(config -> config.withServer(config.server().withHttp2Cleartext(true)));

    @RegisterExtension
    static final GatewayExtension noTls = GroqJar.gateway()
            .deadlines(new Deadlines(CONNECT, Duration.ofSeconds(20), Duration.ofSeconds(20)))
            .config(ClientLeavesTest::toSilent);

    private static ServerSocket listen() {
        try {
            return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static GatewayConfig toSilent(GatewayConfig config) {
        Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
        providers.replaceAll((name, settings) -> settings.withBaseUrl("https://127.0.0.1:" + silent.getLocalPort()));
        return config.withProviders(providers);
    }

    @AfterAll
    static void close() throws Exception {
        silent.close();
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("R4: a client that closes its half of the connection has left")
    void halfClose() {
        for (Answer answer : List.of(Faults.silence(), Faults.stallMidStream(2))) {
            gateway.upstream().enqueue(answer);
            try (AnswerClient client = new AnswerClient(gateway)) {
                client.chat(STREAM);
                gateway.upstream().awaitRequest();
                client.halfClose();
                gateway.upstream().awaitClientClosed(AT_ONCE);
            }
        }
    }

    @Test
    @DisplayName("R4: a client that leaves while its provider is being connected to is not waited for")
    void beforeConnected() {
        try (AnswerClient client = new AnswerClient(noTls)) {
            client.chat(CHAT);
            await().until(() -> noTls.gateway().inFlight() == 1);
            client.reset();
            await().atMost(AT_ONCE).until(() -> noTls.gateway().inFlight() == 0);
        }
    }

    @Test
    @DisplayName("R4: a reset HTTP/2 stream ends its upstream at once, and the other streams go on")
    void resetStream() throws TimeoutException {
        HttpClient client = vertx.createHttpClient(
                new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_2).setHttp2ClearTextUpgrade(false));
        try {
            for (Answer answer :
                    List.of(Faults.silence(), Faults.stallMidStream(2), Faults.floodStream(Long.MAX_VALUE))) {
                gateway.upstream().enqueue(answer, Faults.late(Duration.ofMillis(300)));
                HttpClientRequest leaving = send(client);
                gateway.upstream().awaitRequest();
                HttpClientRequest staying = send(client);
                gateway.upstream().awaitRequest();

                leaving.reset(8).await(10, TimeUnit.SECONDS);

                gateway.upstream().awaitClientClosed(AT_ONCE);
                assertThat(staying.response()
                                .compose(response -> response.body())
                                .await(10, TimeUnit.SECONDS)
                                .toString())
                        .endsWith(Streams.DONE);
            }
        } finally {
            client.close();
        }
    }

    private static HttpClientRequest send(HttpClient client) throws TimeoutException {
        HttpClientRequest request = client.request(HttpMethod.POST, gateway.port(), "127.0.0.1", "/v1/chat/completions")
                .await(10, TimeUnit.SECONDS);
        request.putHeader("x-provider", "groq")
                .putHeader("authorization", "Bearer k")
                .putHeader("content-type", "application/json")
                .end(Buffer.buffer(STREAM));
        return request;
    }

    @Test
    @DisplayName("R4: 1,000 clients that leave at any moment leave no connection, lease, deadline or memory behind")
    void thousand() {
        List<Answer> answers = List.of(
                Faults.silence(),
                Faults.stallInHead(),
                Faults.stallMidStream(0),
                Faults.stallMidStream(2),
                Faults.stallMidBody(),
                Streams.paced(Duration.ofMillis(20)));
        leave(answers, 200);
        long heap = Heap.used();
        // A pooled connection remembers its last request, which is over; and so do other gateways of these tests.
        int leases = Heap.count(Lease.class);
        int deadlines = Heap.count(Deadline.class);

        leave(answers, 1000);

        await().atMost(5, TimeUnit.SECONDS).untilAsserted(() -> {
            // What is open is idle in the pool.
            assertThat(gateway.upstream().openConnections()).isLessThan(20);
            assertThat(Crowd.connectionsAt(gateway.port())).isZero();
        });
        await().atMost(5, TimeUnit.SECONDS).untilAsserted(() -> {
            assertThat(Heap.count(Lease.class) - leases).as("leases").isLessThan(30);
            assertThat(Heap.count(Deadline.class) - deadlines).as("deadlines").isLessThan(30);
        });
        assertThat(Heap.used() - heap).as("bytes of heap").isLessThan(4L << 20);
    }

    private static void leave(List<Answer> answers, int times) {
        for (int i = 0; i < times; i++) {
            gateway.upstream().reset();
            gateway.upstream().enqueue(answers.get(i % answers.size()));
            AnswerClient client = new AnswerClient(gateway);
            String body = i % 2 == 0 ? STREAM : CHAT;
            switch (i % 5) {
                case 0 -> client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n");
                case 1 ->
                    client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\n"
                            + "content-length: 100\r\n\r\n{");
                case 2 ->
                    client.send("POST /v1/files HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\n"
                            + "authorization: Bearer k\r\ncontent-type: multipart/form-data; boundary=b\r\n"
                            + "content-length: 100000\r\n\r\n--b\r\n");
                case 3 -> client.chat(body);
                default -> {
                    client.chat(body);
                    gateway.upstream().awaitRequest();
                }
            }
            if (i % 7 < 3) {
                client.close();
            } else {
                client.reset();
            }
        }
        await().atMost(5, TimeUnit.SECONDS).until(() -> gateway.gateway().inFlight() == 0);
        gateway.upstream().reset();
    }
}
