package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import io.netty.util.internal.PlatformDependent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that stop reading cost next to nothing. */
class BackPressureTest {

    private static final int READERS = 100;
    private static final long MEMORY = 64L << 20;

    /** Netty's pools of the gateway, and of the upstream and the clients that share this JVM. */
    private static final long POOLS = 192L << 20;

    /** What a client's and an upstream's socket take at most by themselves. */
    private static final long SOCKETS = 32L << 20;

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    @Test
    @DisplayName("S4: 100 clients that stop reading a 1 GiB answer cost less than 64 MiB together, and slow nobody")
    void stalledReaders() {
        String body = AnswerClient.CHAT.replace("\"m\"", "\"flood\"");
        gateway.upstream()
                .answerWith(Answer.from(
                        request -> request.text().contains("flood") ? Faults.floodBody(1L << 30) : Streams.plain()));
        AnswerClient.ask(gateway, AnswerClient.STREAM);
        long heap = Heap.used();
        long direct = PlatformDependent.usedDirectMemory();

        try (Crowd crowd = new Crowd(gateway, READERS)) {
            crowd.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-provider: groq\r\nauthorization: Bearer k\r\n"
                            + "content-type: application/json\r\ncontent-length: " + body.length() + "\r\n\r\n" + body);
            awaitStandstill();

            try (GoodTraffic good = new GoodTraffic(gateway, AnswerClient.STREAM)) {
                assertThat(Heap.used() - heap).as("bytes of heap").isLessThan(MEMORY);
            }
            assertThat(PlatformDependent.usedDirectMemory() - direct)
                    .as("bytes beside the heap, those of the upstream included")
                    .isLessThan(POOLS);
            assertThat(gateway.upstream().bytesSent()).isLessThan(READERS * SOCKETS);
            assertThat(gateway.gateway().inFlight()).isEqualTo(READERS);
        }
        await().untilAsserted(() -> assertThat(gateway.gateway().inFlight()).isZero());
    }

    @Test
    @DisplayName("S4: 12 bodies of 16 MiB for a provider that does not read cost less than 64 MiB beside the heap")
    void stalledUpstream() {
        String body =
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + "a".repeat(16 << 20) + "\"}]}";
        gateway.upstream().answerWith(Faults.unreadBody());
        long direct = PlatformDependent.usedDirectMemory();

        List<AnswerClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                clients.add(new AnswerClient(gateway).chat(body));
            }
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> gateway.upstream().openConnections() >= clients.size());
            await().during(Duration.ofMillis(500))
                    .untilAsserted(() -> assertThat(PlatformDependent.usedDirectMemory() - direct)
                            .as("bytes beside the heap")
                            .isLessThan(MEMORY));
        } finally {
            clients.forEach(AnswerClient::close);
        }
        await().untilAsserted(() -> assertThat(gateway.gateway().inFlight()).isZero());
    }

    private static void awaitStandstill() {
        long[] last = {-1, 0};
        await().pollInterval(Duration.ofMillis(300))
                .atMost(Duration.ofSeconds(30))
                .until(() -> {
                    long now = gateway.upstream().bytesSent();
                    boolean still = gateway.gateway().inFlight() == READERS && now == last[0];
                    last[0] = now;
                    return still;
                });
    }
}
