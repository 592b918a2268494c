package io.magicapi.gateway.echo;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.api.Headers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.ByteArrayInputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EchoServerTest {

    private static final String CHAT =
            "{\"model\":\"hi\",\"messages\":[{\"role\":\"user\",\"content\":\"one two\"}],\"stream\":true}";

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client = HttpClient.newHttpClient();
    private EchoServer server;

    @BeforeEach
    void start() throws Exception {
        server = await(EchoServer.start(vertx));
    }

    @AfterEach
    void stop() throws Exception {
        await(vertx.close());
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.await(10, TimeUnit.SECONDS);
    }

    private HttpResponse<String> post(EchoServer to, String path, String type, BodyPublisher body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(to.baseUrl() + path))
                .header("content-type", type)
                .POST(body)
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    @DisplayName("over the wire comes what the answers say, headers and bytes")
    void wire() throws Exception {
        EchoAnswer expected = EchoAnswers.answer(
                EchoRequest.of("POST", "/v1/chat/completions", CHAT.getBytes(StandardCharsets.UTF_8)));

        HttpResponse<String> response =
                post(server, "/v1/chat/completions", "application/json", BodyPublishers.ofString(CHAT));

        assertThat(response.body()).isEqualTo(new String(expected.body(), StandardCharsets.UTF_8));
        assertThat(response.headers().firstValue("transfer-encoding")).hasValue("chunked");
        expected.headers()
                .forEach((name, value) ->
                        assertThat(response.headers().firstValue(name)).hasValue(value));
    }

    @Test
    @DisplayName("a plain answer comes with its length")
    void length() throws Exception {
        HttpResponse<String> response = post(server, "/else", "application/json", BodyPublishers.ofString("{}"));

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.headers().firstValue("content-length"))
                .hasValue(Integer.toString(response.body().length()));
    }

    @Test
    @DisplayName("an upload is counted, not held, however it is framed")
    void upload() throws Exception {
        byte[] megabytes = new byte[5 << 20];

        for (BodyPublisher body : new BodyPublisher[] {
            BodyPublishers.ofByteArray(megabytes),
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(megabytes))
        }) {
            HttpResponse<String> response =
                    post(server, "/v1/audio/transcriptions", "multipart/form-data; boundary=x", body);

            assertThat(response.body()).isEqualTo("{\"text\":\"transcribed 5242880 bytes received\"}");
        }
    }

    @Test
    @DisplayName("a body that is too large is refused")
    void tooLarge() throws Exception {
        HttpResponse<String> response = post(
                server,
                "/v1/chat/completions",
                "application/json",
                BodyPublishers.ofByteArray(new byte[(32 << 20) + 1]));

        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(response.body()).contains("\"code\":\"request_too_large\"");
    }

    @Test
    @DisplayName("other answers can be given, and those that cannot be made become a 500")
    void otherAnswers() throws Exception {
        EchoServer other = await(EchoServer.start(vertx, request -> {
            if (request.target().equals("/v1/broken")) {
                throw new IllegalStateException("broken");
            }
            return EchoAnswer.of(418, Headers.of("x-method", request.method()), request.body());
        }));

        HttpResponse<String> answered = post(other, "/v1/a", "text/plain", BodyPublishers.ofString("tea"));
        assertThat(answered.statusCode()).isEqualTo(418);
        assertThat(answered.headers().firstValue("x-method")).hasValue("POST");
        assertThat(answered.body()).isEqualTo("tea");
        HttpResponse<String> broken = post(other, "/v1/broken", "text/plain", BodyPublishers.noBody());
        assertThat(broken.statusCode()).isEqualTo(500);
        assertThat(broken.body()).contains("\"error\":{").doesNotContain("broken");
    }

    @Test
    @DisplayName("when it is closed, its port is")
    void closes() throws Exception {
        await(server.close());

        Assertions.assertThatThrownBy(() -> post(server, "/v1/models", "application/json", BodyPublishers.noBody()))
                .isInstanceOf(ConnectException.class);
    }

    @Test
    @DisplayName("the provider in front of it needs no key, and passes nobody's on")
    void provider() {
        EchoProvider provider = new EchoProvider(server.baseUrl());

        assertThat(provider.name()).isEqualTo("echo");
        assertThat(provider.baseUrl()).isEqualTo("http://127.0.0.1:" + server.port());
        assertThat(provider.models()).extracting(Object::toString).containsExactly("hello", "hi");
    }
}
