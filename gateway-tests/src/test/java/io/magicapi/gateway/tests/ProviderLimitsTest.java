package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.ProviderLimits;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More requests than a provider is sent at once wait for their turn, and what leaves the queue leaves nothing there. */
class ProviderLimitsTest {

    private static final int MOST = 2;
    private static final int WAITING = 2;
    private static final Duration TURN = Duration.ofSeconds(1);
    private static final Duration AT_ONCE = Duration.ofSeconds(1);

    @RegisterExtension
    static final GatewayExtension gateway = limited(Duration.ofSeconds(20));

    @RegisterExtension
    static final GatewayExtension impatient = limited(TURN);

    private final List<AnswerClient> clients = new ArrayList<>();

    private static GatewayExtension limited(Duration turn) {
        return GroqJar.gateway()
                .deadlines(new Deadlines(turn, Duration.ofSeconds(20), Duration.ofSeconds(20)))
                .config(config -> {
                    Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
                    providers.replaceAll((name, settings) -> settings.withLimits(new ProviderLimits(MOST, WAITING)));
                    return config.withProviders(providers);
                });
    }

    @BeforeEach
    void script() {
        List.of(gateway, impatient)
                .forEach(each -> each.upstream().answerWith(Answer.from(ProviderLimitsTest::answer)));
    }

    @AfterEach
    void leave() {
        clients.forEach(AnswerClient::close);
    }

    private static Answer answer(ReceivedRequest request) {
        return request.text().contains("\"hold\"") ? Faults.silence() : Streams.plain();
    }

    /** Sends a request for a model, by which the upstream knows it. */
    private AnswerClient send(GatewayExtension to, String body, String model) {
        AnswerClient client = new AnswerClient(to);
        clients.add(client);
        return client.chat(body.replace("\"m\"", "\"" + model + "\""));
    }

    private AnswerClient send(String model) {
        return send(gateway, STREAM, model);
    }

    /** Takes all slots. {@return who holds them} */
    private List<AnswerClient> fill(GatewayExtension of) {
        List<AnswerClient> holders = new ArrayList<>();
        for (int i = 0; i < MOST; i++) {
            long reached = holding(of) + 1;
            holders.add(send(of, STREAM, "hold"));
            await().untilAsserted(() -> assertThat(holding(of)).isEqualTo(reached));
        }
        return holders;
    }

    private static long holding(GatewayExtension at) {
        return models(at).stream().filter("hold"::equals).count();
    }

    private static void awaitInFlight(int requests) {
        await().atMost(AT_ONCE).untilAsserted(() -> {
            assertThat(gateway.gateway().inFlight()).isEqualTo(requests);
            assertThat(leases()).isEqualTo(requests);
        });
    }

    private static int leases() {
        return gateway.gateway().providers().stream()
                .mapToInt(provider -> provider.inFlight())
                .sum();
    }

    private static List<String> models() {
        return models(gateway);
    }

    /** {@return the models of the requests that reached the upstream} */
    private static List<String> models(GatewayExtension at) {
        return at.upstream().requests().stream()
                .map(request -> request.text().replaceAll("(?s).*\"model\":\"(.*?)\".*", "$1"))
                .toList();
    }

    @Test
    @DisplayName("L1: requests beyond providers.<name>.limits.in-flight wait, and are served in the order they came")
    void inTurn() {
        List<AnswerClient> holders = fill(gateway);
        AnswerClient first = send("first");
        awaitInFlight(MOST + 1);
        AnswerClient second = send("second");
        awaitInFlight(MOST + 2);
        assertThat(models()).containsOnly("hold");

        holders.get(0).close();

        assertThat(first.read().whole()).isTrue();
        assertThat(second.read().whole()).isTrue();
        assertThat(models()).endsWith("first", "second");
    }

    @Test
    @DisplayName("L2: a client that leaves while its request waits never reaches the provider, and the next is served")
    void leavesWhileWaiting() {
        List<AnswerClient> holders = fill(gateway);
        awaitInFlight(MOST);
        int deadlines = Heap.count(Deadline.class);
        int leases = Heap.count(Lease.class);
        for (int i = 0; i < 20; i++) {
            AnswerClient leaves = send("leaves");
            awaitInFlight(MOST + 1);
            if (i % 2 == 0) {
                leaves.reset();
            } else {
                leaves.close();
            }
            awaitInFlight(MOST);
        }
        AnswerClient leaves = send("leaves");
        awaitInFlight(MOST + 1);
        AnswerClient next = send("next");
        awaitInFlight(MOST + 2);

        leaves.reset();
        awaitInFlight(MOST + 1);
        AnswerClient last = send("last"); // has the place of the one that left
        awaitInFlight(MOST + 2);
        holders.forEach(AnswerClient::close);

        assertThat(next.read().whole()).isTrue();
        assertThat(last.read().whole()).isTrue();
        clients.forEach(AnswerClient::close);
        awaitInFlight(0);
        assertThat(models()).doesNotContain("leaves").contains("next", "last");
        await().untilAsserted(
                        () -> { // a histogram is a garbage collection
                            assertThat(Heap.count(Lease.class) - leases)
                                    .as("leases")
                                    .isLessThanOrEqualTo(0);
                            assertThat(Heap.count(Deadline.class) - deadlines)
                                    .as("deadlines")
                                    .isLessThanOrEqualTo(0);
                        });
        fill(gateway); // all slots are back
    }

    @Test
    @DisplayName("L3: beyond providers.<name>.limits.waiting the answer is 503 with Retry-After, at once")
    void full() {
        fill(gateway);
        for (int i = 0; i < WAITING; i++) {
            send("waits");
        }
        awaitInFlight(MOST + WAITING);

        long begin = System.nanoTime();
        Reply reply = send(gateway, CHAT, "surplus").read();

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(AT_ONCE);
        assertOverloaded(reply, "2 more wait (providers.groq.limits)");
        assertThat(models()).doesNotContain("surplus");
    }

    @Test
    @DisplayName("L4: who waits for longer than deadlines.connect is answered 503 with Retry-After")
    void tooLong() {
        fill(impatient);

        long begin = System.nanoTime();
        Reply reply = send(impatient, CHAT, "waits").read();

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(TURN, TURN.plus(Duration.ofMillis(500)));
        assertOverloaded(reply, "none of them ended in time (providers.groq.limits)");
        assertThat(impatient.upstream().requests()).hasSize(MOST);
    }

    @Test
    @DisplayName("L5: every way in which a request ends gives its slot back")
    void givenBack() {
        List<Answer> ends = List.of(
                Streams.plain(),
                Answer.json(200, "{}"),
                Faults.status(500),
                Faults.resetBeforeHead(),
                Faults.garbage(),
                Faults.resetMidStream(),
                Faults.closeMidBody(),
                Faults.badChunkSize(),
                Faults.closeAfterAnswer());
        for (Answer end : ends) {
            gateway.upstream().answerWith(end);
            for (int i = 0; i <= MOST; i++) {
                send(gateway, STREAM, "m").read();
                send(gateway, CHAT, "m").read();
            }
        }
        gateway.upstream().answerWith(Streams.doneThenOpen());
        for (int i = 0; i <= MOST; i++) {
            send(gateway, STREAM, "m").read();
        }

        gateway.upstream().answerWith(Answer.from(ProviderLimitsTest::answer));
        awaitInFlight(0);
        fill(gateway);
    }

    private static void assertOverloaded(Reply reply, String message) {
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.whole()).isTrue();
        assertThat(reply.header("retry-after")).hasValue("1");
        assertThat(reply.error().path("code").asText()).isEqualTo("overloaded");
        assertThat(reply.error().path("type").asText()).isEqualTo("server_error");
        assertThat(reply.error().path("message").asText()).contains(message);
    }
}
