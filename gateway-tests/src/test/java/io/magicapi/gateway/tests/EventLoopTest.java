package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static io.magicapi.gateway.tests.AnswerClient.ask;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig.Admin;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.blockhound.BlockHound;

/**
 * Event loops do not block: BlockHound, which watches the JDK's blocking methods, sees none of them on one. It rewrites
 * the JDK's classes, so that this class has a JVM of its own (see the pom).
 */
@Tag("blockhound")
class EventLoopTest {

    private static final String EVENT_LOOP = "vert.x-eventloop-thread-";

    /** Each blocking call, with where it came from. */
    private static final Queue<String> blocking = new ConcurrentLinkedQueue<>();

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway()
            .environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY)
            .config(config -> config.withAdmin(
                    new Admin(true, "127.0.0.1", 0, config.admin().key(), true)));

    @BeforeAll
    static void watch() {
        BlockHound.builder()
                .nonBlockingThreadPredicate(
                        others -> others.or(thread -> thread.getName().startsWith(EVENT_LOOP)))
                // Where several threads allocate at once, Netty spreads them over more buffers and frees the old ones,
                // and may wait meanwhile until another thread is done with allocating from one of them.
                .allowBlockingCallsInside(
                        "io.netty.buffer.AdaptivePoolingAllocator$MagazineGroup", "tryExpandMagazines")
                .blockingMethodCallback(method -> blocking.add(method + "\n" + stack()))
                .install();
    }

    private static String stack() {
        return Arrays.stream(Thread.currentThread().getStackTrace())
                .map(frame -> "    at " + frame)
                .collect(Collectors.joining("\n"));
    }

    @BeforeEach
    void forget() {
        blocking.clear();
    }

    @Test
    @DisplayName("BlockHound is on: it notices an event loop that parks")
    void noticed() {
        Vertx vertx = Vertx.vertx();
        try {
            vertx.runOnContext(now -> LockSupport.parkNanos(1));

            await().untilAsserted(() -> assertThat(blocking).isNotEmpty());
            assertThat(blocking).allSatisfy(call -> assertThat(call).contains("park", "EventLoopTest"));
        } finally {
            vertx.close().await();
        }
    }

    @Test
    @DisplayName("no request blocks an event loop, whether it succeeds or fails")
    void requests() {
        assertThat(ask(gateway, CHAT).status()).isEqualTo(200);
        gateway.upstream().enqueue(Streams.plain(), Faults.closeMidStream(), Streams.jsonCompletion());
        assertThat(ask(gateway, STREAM).whole()).isTrue();
        assertThat(ask(gateway, STREAM).whole()).isFalse();
        assertThat(ask(gateway, STREAM).whole()).isTrue();
        try (AnswerClient client = new AnswerClient(gateway)) {
            String file = "x".repeat(1 << 20);
            String form = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n" + file
                    + "\r\n--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nwhisper\r\n--b--\r\n";
            client.send("POST /v1/audio/transcriptions HTTP/1.1\r\nhost: gateway\r\nx-provider: groq\r\nauthorization: "
                    + "Bearer " + AnswerClient.KEY + "\r\ncontent-type: multipart/form-data; boundary=b\r\n"
                    + "content-length: " + form.length() + "\r\n\r\n" + form);
            assertThat(client.read().status()).isEqualTo(200);
        }
        gateway.upstream().enqueue(Faults.htmlError(502), Answer.json(429, "{}"), Faults.garbage());
        assertThat(ask(gateway, CHAT).status()).isEqualTo(502);
        assertThat(ask(gateway, CHAT).status()).isEqualTo(429);
        assertThat(ask(gateway, CHAT).status()).isEqualTo(502);
        assertThat(ask(gateway, "{").status()).isEqualTo(400);
        assertThat(ask(gateway, "nobody", CHAT, new String[0]).status()).isEqualTo(400);
        try (AnswerClient client = new AnswerClient(gateway)) {
            assertThat(client.send("GET /v1/models HTTP/1.1\r\nhost: gateway\r\n\r\n")
                            .read()
                            .status())
                    .isEqualTo(200);
        }
        gateway.upstream().enqueue(Faults.stallMidStream(2));
        try (AnswerClient client = new AnswerClient(gateway)) {
            client.chat(STREAM).readUntil("data: ");
            client.reset();
        }
        gateway.upstream().awaitClientClosed();

        assertThat(blocking).isEmpty();
    }

    @Test
    @DisplayName("a plugin that goes and comes back under requests blocks no event loop")
    void swap() throws IOException {
        Path jar = gateway.plugins().resolve(GroqJar.PATH.getFileName());

        Files.delete(jar);
        await().atMost(Duration.ofSeconds(10)).until(() -> ask(gateway, CHAT).status() == 400);
        Files.copy(GroqJar.PATH, jar);
        await().atMost(Duration.ofSeconds(10)).until(() -> ask(gateway, CHAT).status() == 200);

        assertThat(blocking).isEmpty();
    }

    @Test
    @DisplayName("no request to the admin API blocks an event loop, uploads included")
    void admin() throws IOException {
        AdminCalls admin = AdminCalls.of(gateway);
        String file = "{\"file\":\"" + GroqJar.PATH.getFileName() + "\"}";

        assertThat(admin.get("/admin/plugins").status()).isEqualTo(200);
        assertThat(admin.post("/admin/plugins/verify", file).status()).isEqualTo(200);
        assertThat(admin.post("/admin/plugins/load", file).status()).isEqualTo(200);
        assertThat(admin.post("/admin/plugins/groq/reload").status()).isEqualTo(200);
        assertThat(admin.post("/admin/plugins/groq/explode").status()).isEqualTo(404);
        assertThat(admin.send("GET", "/", BodyPublishers.noBody()).status()).isEqualTo(401);
        assertThat(admin.post("/admin/plugins", BodyPublishers.ofFile(GroqJar.PATH))
                        .status())
                .isEqualTo(200);
        assertThat(admin.post("/admin/plugins", "no jar").status()).isEqualTo(422);

        assertThat(blocking).isEmpty();
    }
}
