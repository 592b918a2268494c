package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What Groq's own SDKs put on the wire (groq 1.7.0 for Python, groq-sdk 1.6.0 for JavaScript), given the gateway as
 * their base URL: they ask for {@code /openai/v1/…}.
 */
class GroqSdkPathsTest {

    private static final String BODY =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}],\"model\":\"mixtral-8x7b-32768\"%s}";

    private static final String PYTHON = """
            Accept-Encoding: gzip, deflate
            Connection: close
            Accept: application/json
            User-Agent: Groq/Python 1.7.0
            X-Stainless-Lang: python
            X-Stainless-Package-Version: 1.7.0
            X-Stainless-OS: Linux
            X-Stainless-Arch: x64
            X-Stainless-Runtime: CPython
            X-Stainless-Runtime-Version: 3.11.7
            Authorization: Bearer gsk_canary_groq_sdk
            x-provider: groq
            X-Stainless-Async: false
            x-stainless-retry-count: 0
            x-stainless-read-timeout: 60
            """;

    private static final String JAVASCRIPT = """
            connection: close
            Accept: application/json
            User-Agent: Groq/JS 1.6.0
            X-Stainless-Retry-Count: 0
            X-Stainless-Lang: js
            X-Stainless-Package-Version: 1.6.0
            X-Stainless-OS: Linux
            X-Stainless-Arch: x64
            X-Stainless-Runtime: node
            X-Stainless-Runtime-Version: v20.20.2
            authorization: Bearer gsk_canary_groq_sdk
            x-provider: groq
            accept-language: *
            sec-fetch-mode: cors
            accept-encoding: gzip, deflate
            """;

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    @Test
    @DisplayName("a chat of the Python SDK reaches Groq's path with its bytes unchanged")
    void pythonChat() throws IOException {
        String body = BODY.formatted("");

        String answer = send("chat/completions", PYTHON, "application/json", bytes(body));

        assertThat(answer).startsWith("HTTP/1.1 200 ").contains("\"content\":\"Hello!\"");
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.target()).isEqualTo("/openai/v1/chat/completions");
        assertThat(received.text()).isEqualTo(body);
        assertThat(received.headers("authorization")).containsExactly("Bearer gsk_canary_groq_sdk");
    }

    @Test
    @DisplayName("a stream of the JavaScript SDK, which accepts only JSON, is a stream all the same")
    void javascriptStream() throws IOException {
        String answer =
                send("chat/completions", JAVASCRIPT, "application/json", bytes(BODY.formatted(",\"stream\":true")));

        assertThat(answer).startsWith("HTTP/1.1 200 ").contains("text/event-stream", "data: [DONE]");
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.headers("accept-language")).isEmpty();
        assertThat(received.headers("sec-fetch-mode")).isEmpty();
    }

    @Test
    @DisplayName("audio of the Python SDK reaches Groq's path with its bytes unchanged")
    void pythonAudio() throws IOException {
        String boundary = "d48e01a1fa0b0576582e82115efb8593";
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        form.writeBytes(bytes("--" + boundary + "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
                + "whisper-large-v3\r\n--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; "
                + "filename=\"a.wav\"\r\nContent-Type: audio/x-wav\r\n\r\n"));
        byte[] sound = new byte[5000];
        for (int i = 0; i < sound.length; i++) {
            sound[i] = (byte) i;
        }
        form.writeBytes(sound);
        form.writeBytes(bytes("\r\n--" + boundary + "--\r\n"));

        String answer =
                send("audio/transcriptions", PYTHON, "multipart/form-data; boundary=" + boundary, form.toByteArray());

        assertThat(answer).startsWith("HTTP/1.1 200 ").contains("{\"text\":\"transcribed ");
        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.target()).isEqualTo("/openai/v1/audio/transcriptions");
        assertThat(received.header("content-type")).hasValue("multipart/form-data; boundary=" + boundary);
        assertThat(received.body()).isEqualTo(form.toByteArray());
    }

    private static String send(String operation, String headers, String contentType, byte[] body) throws IOException {
        String head = "POST /openai/v1/" + operation + " HTTP/1.1\nHost: 127.0.0.1:" + gateway.port() + "\n" + headers
                + "Content-Type: " + contentType + "\nContent-Length: " + body.length + "\n\n";
        try (Socket socket = new Socket("127.0.0.1", gateway.port())) {
            socket.setSoTimeout(10_000);
            OutputStream out = socket.getOutputStream();
            out.write(bytes(head.replace("\n", "\r\n")));
            out.write(body);
            out.flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
