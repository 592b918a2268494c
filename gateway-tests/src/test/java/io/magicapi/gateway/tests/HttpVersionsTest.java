package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The versions of HTTP that clients speak to us. The provider is spoken to in HTTP/1.1, whichever it is. */
class HttpVersionsTest {

    private static final String PLAIN = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    private static final String STREAM = PLAIN.replace("}]}", "}],\"stream\":true}");

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    @RegisterExtension
    static final GatewayExtension cleartext =
            GroqJar.gateway().config(config -> config.withServer(config.server().withHttp2Cleartext(true)));

    private static Vertx vertx;

    @BeforeAll
    static void startClient() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stopClient() throws Exception {
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    // --- HTTP/1.0

    @Test
    @DisplayName("R17: HTTP/1.0: the answer has its length, and the connection ends with it")
    void http10() {
        try (RawConnection connection = RawConnection.to(gateway)) {
            RawReply reply = connection.send(RawRequest.chat(PLAIN).http10()).read();

            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.header("transfer-encoding")).isEmpty();
            assertThat(reply.json().at("/choices/0/message/content").asText()).isEqualTo("Hi");
            assertThat(connection.isEndedByGateway()).isTrue();
        }
    }

    @Test
    @DisplayName("R17: HTTP/1.0 without Host, streamed: no chunks, the end of the connection is the end of the stream")
    void http10Stream() {
        RawReply reply =
                RawConnection.ask(gateway, RawRequest.chat(STREAM).http10().without("host"));

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("transfer-encoding")).isEmpty();
        assertThat(reply.header("content-type").orElse("")).startsWith("text/event-stream");
        assertThat(reply.text()).startsWith("data: {").endsWith(Streams.DONE);
    }

    @Test
    @DisplayName("R17: HTTP/1.0 keep-alive is honoured for an answer with a length; Expect means nothing there")
    void http10KeepAlive() {
        RawRequest request = RawRequest.chat(PLAIN).http10().header("Connection", "keep-alive");
        try (RawConnection connection = RawConnection.to(gateway)) {
            RawReply first =
                    connection.send(request.header("Expect", "100-continue")).read();

            assertThat(first.status()).isEqualTo(200);
            if (first.header("connection").orElse("").equalsIgnoreCase("keep-alive")) {
                assertThat(connection.send(request).read().status()).isEqualTo(200);
            }
        }
    }

    // --- HTTP/1.1

    @Test
    @DisplayName("R17: HTTP/1.1: one connection serves many requests, pipelined ones too, in order")
    void http11() {
        try (RawConnection connection = RawConnection.to(gateway)) {
            for (int i = 0; i < 5; i++) {
                connection.send(RawRequest.chat(PLAIN.replace("Hi", "number" + i)));
            }
            for (int i = 0; i < 5; i++) {
                RawReply reply = connection.read();
                assertThat(reply.status()).isEqualTo(200);
                assertThat(reply.text()).contains("number" + i);
            }
            RawReply stream = connection.send(RawRequest.chat(STREAM)).read();
            assertThat(stream.whole()).isTrue();
            assertThat(stream.text()).endsWith(Streams.DONE);
            assertThat(connection.send(RawRequest.chat(PLAIN)).read().status()).isEqualTo(200);
        }
    }

    @Test
    @DisplayName("R17: Connection: close is honoured")
    void connectionClose() {
        try (RawConnection connection = RawConnection.to(gateway)) {
            RawReply reply = connection
                    .send(RawRequest.chat(PLAIN).header("Connection", "close"))
                    .read();

            assertThat(reply.status()).isEqualTo(200);
            assertThat(connection.isEndedByGateway()).isTrue();
        }
    }

    // --- the JDK's client, which offers h2c with each request

    private static HttpRequest jdkRequest(GatewayExtension to, String body) {
        return HttpRequest.newBuilder(to.uri("/v1/chat/completions"))
                .timeout(Duration.ofSeconds(10))
                .header("x-provider", "groq")
                .header("authorization", "Bearer k")
                .header("content-type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R17: the offer to upgrade to h2c is ignored by default, and answered in HTTP/1.1")
    @ValueSource(strings = {PLAIN_NAME, STREAM_NAME})
    void offerIgnored(String kind) throws IOException, InterruptedException {
        HttpResponse<String> response =
                HttpClient.newHttpClient().send(jdkRequest(gateway, body(kind)), BodyHandlers.ofString());

        assertServed(kind, response, HttpClient.Version.HTTP_1_1);
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.headers("upgrade")).isEmpty();
        assertThat(received.headers("http2-settings")).isEmpty();
        assertThat(received.headers("connection")).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R17: with server.http2-cleartext the offer is taken, and the next request comes as HTTP/2")
    @ValueSource(strings = {PLAIN_NAME, STREAM_NAME})
    void offerTaken(String kind) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();

        for (int i = 0; i < 2; i++) {
            HttpResponse<String> response = client.send(jdkRequest(cleartext, body(kind)), BodyHandlers.ofString());

            assertServed(kind, response, HttpClient.Version.HTTP_2);
            ReceivedRequest received = cleartext.upstream().awaitRequest();
            assertThat(received.text()).isEqualTo(body(kind));
            assertThat(received.headers("host"))
                    .containsExactly("127.0.0.1:" + cleartext.upstream().port());
        }
    }

    private static final String PLAIN_NAME = "plain";
    private static final String STREAM_NAME = "stream";

    private static String body(String kind) {
        return kind.equals(STREAM_NAME) ? STREAM : PLAIN;
    }

    private static void assertServed(String kind, HttpResponse<String> response, HttpClient.Version version) {
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.version()).isEqualTo(version);
        assertThat(response.headers().firstValue("x-request-id")).isPresent();
        if (kind.equals(STREAM_NAME)) {
            assertThat(response.body()).startsWith("data: {").endsWith(Streams.DONE);
        } else {
            assertThat(response.body()).contains("\"content\":\"Hi\"");
        }
    }

    // --- prior knowledge

    private record H2Reply(int status, HttpVersion version, List<String> headerNames, String text) {}

    /** Asks several times at once over one HTTP/2 connection. */
    private static List<H2Reply> askAtOnce(int times, HttpMethod method, String path, Buffer body) {
        io.vertx.core.http.HttpClient client = vertx.createHttpClient(
                new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_2).setHttp2ClearTextUpgrade(false));
        try {
            return IntStream.range(0, times)
                    .mapToObj(i -> client.request(method, cleartext.port(), "127.0.0.1", path)
                            .compose(request -> request.putHeader("x-provider", "groq")
                                    .putHeader("authorization", "Bearer k")
                                    .putHeader("content-type", "application/json")
                                    .send(body))
                            .compose(HttpVersionsTest::read))
                    .toList()
                    .stream()
                    .map(reply -> {
                        try {
                            return reply.await(10, TimeUnit.SECONDS);
                        } catch (java.util.concurrent.TimeoutException e) {
                            throw new AssertionError(e);
                        }
                    })
                    .toList();
        } finally {
            client.close();
        }
    }

    private static io.vertx.core.Future<H2Reply> read(HttpClientResponse response) {
        return response.body()
                .map(body -> new H2Reply(
                        response.statusCode(),
                        response.version(),
                        List.copyOf(response.headers().names()),
                        body.toString()));
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R17: with server.http2-cleartext HTTP/2 is spoken by prior knowledge, without connection headers")
    @ValueSource(strings = {PLAIN_NAME, STREAM_NAME})
    void priorKnowledge(String kind) {
        List<H2Reply> replies = askAtOnce(20, HttpMethod.POST, "/v1/chat/completions", Buffer.buffer(body(kind)));

        assertThat(replies).hasSize(20).allSatisfy(reply -> {
            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.version()).isEqualTo(HttpVersion.HTTP_2);
            assertThat(reply.headerNames()).doesNotContain("connection", "keep-alive", "transfer-encoding");
            assertThat(reply.text()).contains("Hi");
            assertThat(reply.text().endsWith(Streams.DONE)).isEqualTo(kind.equals(STREAM_NAME));
        });
        assertThat(cleartext.upstream().requests())
                .hasSize(20)
                .allSatisfy(received -> assertThat(received.version()).isEqualTo("HTTP/1.1"));
    }

    @Test
    @DisplayName("R17: a refused HTTP/2 request leaves the other streams of its connection alone")
    void refusedStream() {
        cleartext.upstream().answerWith(Answer.json(200, "{}"));

        List<H2Reply> refused = askAtOnce(3, HttpMethod.TRACE, "/v1/files", Buffer.buffer());
        List<H2Reply> tricks = askAtOnce(3, HttpMethod.GET, "/v1/files/%2e%2e/x", Buffer.buffer());
        List<H2Reply> tooLarge =
                askAtOnce(2, HttpMethod.POST, "/v1/chat/completions", Buffer.buffer(new byte[33 * 1024 * 1024]));

        assertThat(refused).extracting(H2Reply::status).containsOnly(405);
        assertThat(tricks).extracting(H2Reply::status).containsOnly(400);
        assertThat(tooLarge).extracting(H2Reply::status).containsOnly(413);
        assertThat(refused).extracting(H2Reply::text).allMatch(text -> text.contains("method_not_allowed"));
        assertThat(cleartext.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R17: with server.http2-cleartext HTTP/1.1 is still spoken")
    void http11OnCleartext() {
        assertThat(RawConnection.ask(cleartext, RawRequest.chat(PLAIN)).status())
                .isEqualTo(200);
    }
}
