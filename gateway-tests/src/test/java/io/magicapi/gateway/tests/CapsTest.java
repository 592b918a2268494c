package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.ask;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig.Limits;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** More clients than the gateway takes are told so, at once. */
class CapsTest {

    private static final int MOST = 4;

    @RegisterExtension
    static final GatewayExtension fewConnections = limited(MOST, 1000);

    @RegisterExtension
    static final GatewayExtension fewRequests = limited(1000, MOST);

    private static GatewayExtension limited(int connections, int inFlight) {
        return GroqJar.gateway().config(config -> {
            Limits usual = config.server().limits();
            Limits limits = new Limits(
                    usual.body(), usual.upload(), usual.headerBlock(), usual.requestLine(), connections, inFlight);
            return config.withServer(config.server()
                    .with(config.server().port(), limits, config.server().timeouts()));
        });
    }

    private static void assertRefused(Reply reply) {
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.whole()).isTrue();
        assertThat(reply.header("retry-after")).hasValue("1");
        assertThat(reply.header("connection")).hasValue("close");
        assertThat(reply.error().path("code").asText()).isEqualTo("overloaded");
        assertThat(reply.error().path("type").asText()).isEqualTo("server_error");
        assertThat(reply.error().path("message").asText()).contains("server.limits.");
    }

    private static Reply get(GatewayExtension gateway, String path) {
        try (AnswerClient client = new AnswerClient(gateway)) {
            return client.request("GET", path, "groq", "").read();
        }
    }

    @Test
    @DisplayName("R5: beyond server.limits.connections requests are answered 503, questions for health are not")
    void connections() {
        List<AnswerClient> idle = new ArrayList<>();
        for (int i = 0; i < MOST; i++) {
            AnswerClient client = new AnswerClient(fewConnections);
            idle.add(client);
            assertThat(client.chat(CHAT).read().status()).isEqualTo(200);
        }
        fewConnections.upstream().reset();

        try (AnswerClient surplus = new AnswerClient(fewConnections)) {
            assertRefused(surplus.chat(CHAT).read());
            assertThat(surplus.isClosed()).isTrue();
        }
        assertThat(get(fewConnections, "/health/live").status()).isEqualTo(200);
        assertThat(fewConnections.upstream().requests()).isEmpty();
        assertThat(idle.get(0).chat(CHAT).read().status()).isEqualTo(200);

        idle.forEach(AnswerClient::close);
        await().untilAsserted(
                        () -> assertThat(ask(fewConnections, CHAT).status()).isEqualTo(200));
    }

    @Test
    @DisplayName("R5: beyond server.limits.in-flight requests are answered 503, questions for health are not")
    void inFlight() {
        List<AnswerClient> waiting = new ArrayList<>();
        for (int i = 0; i < MOST; i++) {
            fewRequests.upstream().enqueue(Faults.silence());
            waiting.add(new AnswerClient(fewRequests).chat(CHAT));
            fewRequests.upstream().awaitRequest();
        }
        fewRequests.upstream().reset();

        assertRefused(ask(fewRequests, CHAT));
        assertRefused(get(fewRequests, "/v1/models"));
        assertThat(get(fewRequests, "/health/live").status()).isEqualTo(200);
        assertThat(get(fewRequests, "/health/ready").status()).isEqualTo(200);
        assertThat(fewRequests.upstream().requests()).isEmpty();

        waiting.forEach(AnswerClient::close);
        await().untilAsserted(() -> assertThat(ask(fewRequests, CHAT).status()).isEqualTo(200));
    }
}
