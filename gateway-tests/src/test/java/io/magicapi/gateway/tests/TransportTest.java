package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static io.magicapi.gateway.tests.AnswerClient.ask;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.magicapi.gateway.config.GatewayConfig.NetworkTransport;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What depends on how the system is talked to: above all whether it tells that a peer is gone. All other tests use the
 * transport that the gateway chooses by itself.
 */
class TransportTest {

    private static final Duration SOON = Duration.ofSeconds(5);
    private static final int TIMES = 30;

    @RegisterExtension
    static final GatewayExtension ioUring = with(NetworkTransport.IO_URING);

    @RegisterExtension
    static final GatewayExtension epoll = with(NetworkTransport.EPOLL);

    @RegisterExtension
    static final GatewayExtension nio = with(NetworkTransport.NIO);

    private static GatewayExtension with(NetworkTransport transport) {
        return GroqJar.gateway()
                .config(config -> config.withServer(config.server().withTransport(transport)));
    }

    /** The gateway with a transport; the test ends here if this machine does not have it. */
    private static GatewayExtension gateway(NetworkTransport transport) {
        GatewayExtension gateway = switch (transport) {
            case IO_URING -> ioUring;
            case EPOLL -> epoll;
            default -> nio;
        };
        assumeTrue(gateway.gateway().transport().equals(transport.name().toLowerCase(Locale.ROOT)));
        return gateway;
    }

    private static void awaitNoneLeft(GatewayExtension gateway) {
        await().atMost(SOON).until(() -> gateway.gateway().inFlight() == 0);
        await().atMost(SOON).until(() -> Crowd.connectionsAt(gateway.port()) == 0);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL", "NIO"})
    @DisplayName("a client that resets its connection right after its request is noticed")
    void clientResets(NetworkTransport transport) {
        GatewayExtension gateway = gateway(transport);
        gateway.upstream().answerWith(Faults.silence());
        for (int i = 0; i < TIMES; i++) {
            new AnswerClient(gateway).chat(i % 2 == 0 ? CHAT : STREAM).reset();
        }

        awaitNoneLeft(gateway);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL", "NIO"})
    @DisplayName("a client that resets its connection while it is being answered is noticed")
    void clientResetsMidStream(NetworkTransport transport) {
        GatewayExtension gateway = gateway(transport);
        for (Answer answer : List.of(
                Faults.stallMidStream(2), Faults.floodStream(Long.MAX_VALUE), Streams.paced(Duration.ofMillis(5)))) {
            gateway.upstream().answerWith(answer);
            for (int i = 0; i < TIMES; i++) {
                AnswerClient client = new AnswerClient(gateway).chat(STREAM);
                client.readUntil("data:");
                client.reset();
            }
        }

        awaitNoneLeft(gateway);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL", "NIO"})
    @DisplayName("an upstream that resets its connection, with a part of the answer or without, is noticed")
    void upstreamResets(NetworkTransport transport) {
        GatewayExtension gateway = gateway(transport);
        Answer withItsPart = Answer.raw(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
                .reset();
        for (Answer answer : List.of(withItsPart, Faults.resetInHead(), Faults.resetMidStream())) {
            for (int i = 0; i < TIMES / 3; i++) {
                gateway.upstream().enqueue(answer, answer, answer);
                AnswerClient.Reply reply = ask(gateway, i % 2 == 0 ? CHAT : STREAM);
                assertThat(reply.status() != 200
                                || !reply.whole()
                                || reply.text().contains("\"error\""))
                        .as("%s", reply)
                        .isTrue();
                gateway.upstream().reset();
            }
        }
    }
}
