package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.testkit.GatewayExtension;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that no API client sends, by the byte. Behind each refused one, another is pipelined on the same connection:
 * it must not run, for it may be the body of the first as another server would have read it.
 */
class HostileRequestTest {

    private static final String CHAT = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    /** What becomes of a case. */
    private enum Fate {
        /** Answered with the status, and closed. */
        REFUSED,
        /** Served, and so is what follows. */
        SERVED
    }

    private static final String POST = "POST /v1/chat/completions HTTP/1.1\r\n";
    private static final String HEAD =
            "Host: x\r\nx-provider: groq\r\nAuthorization: Bearer k\r\n" + "Content-Type: application/json\r\n";
    private static final String SMUGGLED =
            "GET /v1/files/smuggled HTTP/1.1\r\nHost: x\r\nx-provider: groq\r\nAuthorization: Bearer k\r\n\r\n";

    private static Arguments refused(int status, String name, String wire) {
        return Arguments.of(name, Fate.REFUSED, status, wire);
    }

    private static Arguments served(String name, String wire) {
        return Arguments.of(name, Fate.SERVED, 200, wire);
    }

    private static String sized() {
        return "Content-Length: " + CHAT.length() + "\r\n\r\n" + CHAT;
    }

    private static String chunk() {
        return Integer.toHexString(CHAT.length()) + "\r\n" + CHAT + "\r\n0\r\n\r\n";
    }

    /** A request with these header lines more, and a chunked body. */
    private static String chunked(String... lines) {
        return POST + HEAD + String.join("\r\n", lines) + "\r\n\r\n" + chunk();
    }

    /** A request with these header lines more, and a body that ends with its length. */
    private static String with(String... lines) {
        return POST + HEAD + String.join("\r\n", lines) + "\r\n" + sized();
    }

    /** A chunked request with this body as it is. */
    private static String body(String wire) {
        return POST + HEAD + "Transfer-Encoding: chunked\r\n\r\n" + wire;
    }

    /** A chunked upload that begins well and goes on like this. */
    private static String upload(String path, String header, String wire) {
        return "POST /v1/" + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n" + header
                + "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\n--b\r\n\r\n" + wire;
    }

    private static String get(String requestLine, String... lines) {
        return requestLine + "\r\n" + String.join("\r\n", lines) + "\r\n\r\n";
    }

    private static final String GET_HEAD = "Host: x\r\nx-provider: groq\r\nAuthorization: Bearer k";

    static Stream<Arguments> framing() {
        String cl = "Content-Length: " + CHAT.length();
        String te = "Transfer-Encoding: chunked";
        return Stream.of(
                refused(400, "CL.TE", chunked(cl, te)),
                refused(400, "TE.CL", chunked(te, cl)),
                refused(400, "CL.TE with a length of 0", chunked("Content-Length: 0", te)),
                refused(400, "TE, tab, CL", chunked("Transfer-Encoding:\tchunked", cl)),
                refused(400, "TE folded, CL", chunked("Transfer-Encoding:\r\n chunked", cl)),
                refused(400, "HTTP/1.0 with TE", chunked(te).replace("HTTP/1.1", "HTTP/1.0")),
                refused(400, "two TE, chunked and identity, CL", chunked(te, "Transfer-Encoding: identity", cl)),
                refused(400, "TE xchunked, CL", chunked("Transfer-Encoding: xchunked", cl)),
                refused(400, "TE empty, CL", chunked("Transfer-Encoding:", cl)),
                refused(400, "TE quoted, CL", chunked("Transfer-Encoding: \"chunked\"", cl)),
                refused(400, "TE chunked, xchunked", chunked("Transfer-Encoding: chunked, xchunked")),
                refused(400, "TE chunked, xchunked on two lines", chunked(te, "Transfer-Encoding: xchunked")),
                refused(400, "TE chunked, xchunked folded", chunked("Transfer-Encoding: chunked,\r\n xchunked")),
                refused(400, "TE chunked, chunked", chunked("Transfer-Encoding: chunked, chunked")),
                refused(400, "TE chunked twice", chunked(te, te)),
                refused(501, "TE identity, chunked", chunked("Transfer-Encoding: identity, chunked")),
                refused(501, "TE gzip, chunked", chunked("Transfer-Encoding: gzip, chunked")),
                refused(400, "TE with a blank before the colon", chunked("Transfer-Encoding : chunked")),
                refused(400, "TE with a tab before the colon", chunked("Transfer-Encoding\t: chunked")),
                refused(400, "TE behind a vertical tab", chunked("Transfer-Encoding: \u000bchunked")),
                refused(400, "TE behind a NUL", chunked("Transfer-Encoding: \u0000chunked")),
                refused(400, "two equal CL", with(cl)),
                refused(400, "two different CL", with("Content-Length: 3")),
                refused(400, "CL list", POST + HEAD + "Content-Length: 3, 3\r\n\r\nabc"),
                refused(400, "CL +3", POST + HEAD + "Content-Length: +3\r\n\r\nabc"),
                refused(400, "CL -3", POST + HEAD + "Content-Length: -3\r\n\r\nabc"),
                refused(400, "CL 0x3", POST + HEAD + "Content-Length: 0x3\r\n\r\nabc"),
                refused(400, "CL 3.0", POST + HEAD + "Content-Length: 3.0\r\n\r\nabc"),
                refused(400, "CL 3 3", POST + HEAD + "Content-Length: 3 3\r\n\r\nabc"),
                refused(400, "CL overflow", POST + HEAD + "Content-Length: 99999999999999999999\r\n\r\nabc"),
                refused(400, "CL empty", POST + HEAD + "Content-Length:\r\n\r\nabc"),
                served(
                        "CL with a leading zero",
                        POST + HEAD + "Content-Length: 0" + CHAT.length() + " \r\n\r\n" + CHAT),
                refused(400, "chunk size with a bare LF", body("3\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk extension with a bare LF", body("3;a\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk with a wrong end", body("3\r\nabcXX0\r\n\r\n")),
                refused(400, "chunk ended by LF alone", body("3\r\nabc\n0\r\n\r\n")),
                refused(400, "chunk longer than its size", body("2\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk size 0x3", body("0x3\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk size -3", body("-3\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk size +3", body("+3\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk size empty", body("\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk size with blanks", body(" 3 \r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk size above 2^32", body("100000003\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk size above 2^64", body("10000000000000003\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk extension of 20 KB", body("3;" + "a".repeat(20_000) + "\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk extension with a quoted CRLF", body("3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n")),
                refused(400, "chunk size 3x, amid the body", body("1\r\n{\r\n3x\r\nabc\r\n0\r\n\r\n")),
                refused(
                        400,
                        "chunk size 3x, amid an upload that is searched",
                        upload("audio/transcriptions", "", "3x\r\nabc\r\n0\r\n\r\n")),
                served("plain chunk extension", body(chunk().replaceFirst("\r\n", ";a=b\r\n"))),
                served(
                        "a length among the trailers",
                        body(chunk().replace("0\r\n\r\n", "0\r\nContent-Length: 3\r\n\r\n"))));
    }

    static Stream<Arguments> heads() {
        return Stream.of(
                refused(400, "lines ended by LF alone", with("X: y").replace("\r\n", "\n")),
                refused(400, "TE hidden behind LF", chunked("X: y\nTransfer-Encoding: chunked")),
                refused(400, "bare CR in a value", with("X: y\rz")),
                refused(400, "CR in a name", with("X\rY: z")),
                refused(400, "NUL in a value", with("X: a\u0000b")),
                refused(400, "0x01 in a value", with("X: a\u0001b")),
                refused(400, "DEL in a name", with("X\u007f: b")),
                refused(400, "NUL in a name", with("X\u0000: b")),
                refused(400, "blank in a name", with("X Y: b")),
                refused(400, "header without a colon", with("nothing")),
                refused(400, "first header begins with a blank", POST + " X: y\r\n" + HEAD + sized()),
                refused(400, "header without a name", with(": x")),
                refused(400, "no Host", POST + HEAD.replace("Host: x\r\n", "") + sized()),
                refused(400, "two Hosts", with("Host: x")),
                refused(400, "Host that is none", with("X: y").replace("Host: x", "Host: a/evil?x#")),
                refused(400, "Host with user info", with("X: y").replace("Host: x", "Host: a@b")),
                refused(400, "empty Host", with("X: y").replace("Host: x", "Host:")),
                refused(400, "absolute form, other Host", get("GET http://evil/v1/files HTTP/1.1", GET_HEAD)),
                refused(400, "absolute form", get("GET http://x/v1/files HTTP/1.1", GET_HEAD)),
                refused(400, "authority form", get("GET x:80 HTTP/1.1", GET_HEAD)),
                refused(400, "asterisk form", get("OPTIONS * HTTP/1.1", GET_HEAD)),
                refused(400, "NUL before the request line", "\u0000" + with("X: y")),
                refused(400, "0x01 before the request line", "\u0001" + with("X: y")),
                refused(400, "NUL in the target", get("GET /v1/files\u0000 HTTP/1.1", GET_HEAD)),
                refused(400, "0x01 in the target", get("GET /v1/\u0001files HTTP/1.1", GET_HEAD)),
                refused(400, "DEL in the target", get("GET /v1/\u007ffiles HTTP/1.1", GET_HEAD)),
                refused(400, "CR in the target", get("GET /v1/files\rX HTTP/1.1", GET_HEAD)),
                refused(400, "Latin-1 in the target", get("GET /v1/\u00e9 HTTP/1.1", GET_HEAD)),
                served("several blanks in the request line", get("GET  /v1/files  HTTP/1.1", GET_HEAD)),
                served("empty lines before the request line", "\r\n\r\n" + get("GET /v1/files HTTP/1.1", GET_HEAD)),
                refused(417, "Expect: junk", with("Expect: junk")),
                refused(400, "Connection: Content-Length", with("Connection: Content-Length")),
                refused(400, "Connection: keep-alive, Host", with("Connection: keep-alive, Host")),
                served(
                        "Upgrade: h2c",
                        get(
                                "GET /v1/files HTTP/1.1",
                                GET_HEAD,
                                "Connection: Upgrade, HTTP2-Settings",
                                "Upgrade: h2c",
                                "HTTP2-Settings: AAMAAABkAAQAAP__")),
                served(
                        "Upgrade: websocket",
                        get(
                                "GET /v1/files HTTP/1.1",
                                GET_HEAD,
                                "Connection: Upgrade",
                                "Upgrade: websocket",
                                "Sec-WebSocket-Version: 13",
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")),
                refused(405, "CONNECT", get("CONNECT x:443 HTTP/1.1", GET_HEAD)),
                refused(405, "CONNECT with CRLF", get("CONNECT x%0d%0a:443 HTTP/1.1", GET_HEAD)),
                refused(405, "TRACE", get("TRACE /v1/files HTTP/1.1", GET_HEAD)),
                refused(405, "method in lower case", get("get /v1/files HTTP/1.1", GET_HEAD)),
                refused(414, "request line of 9 KiB", get("GET /v1/" + "a".repeat(9 * 1024) + " HTTP/1.1", GET_HEAD)),
                refused(431, "header of 20 KiB", with("X: " + "a".repeat(20 * 1024))),
                refused(
                        431,
                        "headers of 20 KiB together",
                        with(("X: " + "a".repeat(17) + "\r\n").repeat(1000).strip())),
                served("target of nearly 8 KiB", get("GET /v1/files/" + "a".repeat(8000) + " HTTP/1.1", GET_HEAD)),
                served("headers of nearly 16 KiB", with("X: " + "a".repeat(15_000))));
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R20: a body that two servers could measure differently is refused, and what follows it does not run")
    @MethodSource("framing")
    void ambiguousFraming(String name, Fate fate, int status, String wire) {
        assertFate(fate, status, wire);
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R18, R47: a malformed or oversized head is refused in JSON, and what follows it does not run")
    @MethodSource("heads")
    void malformedHeads(String name, Fate fate, int status, String wire) {
        assertFate(fate, status, wire);
    }

    private static void assertFate(Fate fate, int status, String wire) {
        try (RawConnection connection = RawConnection.to(gateway)) {
            connection.send(wire + SMUGGLED);
            Optional<RawReply> reply = connection.readUnlessClosed();
            if (fate == Fate.SERVED) {
                assertThat(reply)
                        .get()
                        .extracting(RawReply::status)
                        .as("%s", reply)
                        .isEqualTo(200);
                assertThat(connection.read().text()).as("what follows").contains("smuggled");
                assertThat(gateway.upstream().requests()).hasSize(2);
                return;
            }
            assertThat(reply).as("an answer").isPresent();
            reply.get().assertErrorShape();
            assertThat(reply.get().status()).as("%s", reply).isEqualTo(status);
            assertThat(connection.readUnlessClosed())
                    .as("an answer to what follows")
                    .isEmpty();
        }
        assertThat(gateway.upstream().requests()).isEmpty();
        assertThat(RawConnection.ask(gateway, RawRequest.chat(CHAT)).status())
                .as("a good request")
                .isEqualTo(200);
    }

    @Test
    @DisplayName(
            "R20: an upload that turns out malformed while it passes through is a 400, and is never whole upstream")
    void malformedUpload() {
        try (RawConnection connection = RawConnection.to(gateway)) {
            connection.send(upload("files", "x-provider: groq\r\n", ""));
            await().until(() -> gateway.upstream().bytesReceived() > 0);

            RawReply reply =
                    connection.send("3x\r\nabc\r\n0\r\n\r\n" + SMUGGLED).read();

            reply.assertRefusal(400, "invalid_request");
            assertThat(connection.readUnlessClosed()).isEmpty();
        }
        gateway.upstream().awaitClientClosed();
        assertThat(gateway.upstream().awaitRequest().isComplete()).isFalse();
        assertThat(gateway.upstream().requests()).hasSize(1);
    }

    // --- sound HTTP, bad requests

    static Stream<Arguments> badRequests() {
        return Stream.of(
                Arguments.of("malformed JSON", RawRequest.chat("{\"model\":"), 400, "invalid_json"),
                Arguments.of("no body", RawRequest.chat(""), 400, "invalid_json"),
                Arguments.of(
                        "no body and no length",
                        RawRequest.of("POST", "/v1/chat/completions").header("x-provider", "groq"),
                        400,
                        "invalid_json"),
                Arguments.of("no model", RawRequest.chat("{\"messages\":[]}"), 400, "model_required"),
                Arguments.of("model is no string", RawRequest.chat("{\"model\":1}"), 400, "model_required"),
                Arguments.of("two models", RawRequest.chat("{\"model\":\"a\",\"model\":\"b\"}"), 400, "invalid_json"),
                Arguments.of("text", typed("text/plain"), 415, "unsupported_media_type"),
                Arguments.of("XML", typed("application/xml"), 415, "unsupported_media_type"),
                Arguments.of("a form", typed("multipart/form-data; boundary=b"), 415, "unsupported_media_type"),
                Arguments.of(
                        "a coded body",
                        RawRequest.chat(CHAT).header("Content-Encoding", "gzip"),
                        415,
                        "unsupported_media_type"),
                Arguments.of("no such route", RawRequest.get("/nothing/here"), 404, "unknown_url"),
                Arguments.of("the root", RawRequest.get("/"), 404, "unknown_url"),
                Arguments.of("/v1", RawRequest.get("/v1"), 404, "unknown_url"),
                Arguments.of("a page", RawRequest.get("/index.html").header("Accept", "text/html"), 404, "unknown_url"),
                Arguments.of("POST to health", RawRequest.post("/health/live", "{}"), 405, "method_not_allowed"),
                Arguments.of("DELETE of health", RawRequest.of("DELETE", "/health/ready"), 405, "method_not_allowed"),
                Arguments.of(
                        "an upload without boundary",
                        RawRequest.of("POST", "/v1/audio/transcriptions")
                                .header("Content-Type", "multipart/form-data")
                                .header("Content-Length", "3")
                                .body(new byte[3]),
                        400,
                        "invalid_request"),
                Arguments.of(
                        "an upload that is no form",
                        RawRequest.of("POST", "/v1/audio/transcriptions")
                                .header("Content-Type", "multipart/form-data; boundary=b")
                                .header("Content-Length", "12")
                                .body("--bad-------".getBytes(StandardCharsets.UTF_8)),
                        400,
                        "invalid_request"));
    }

    private static RawRequest typed(String contentType) {
        return RawRequest.chat(CHAT).without("content-type").header("Content-Type", contentType);
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R47: a bad request is a 4xx in OpenAI's full shape, and nothing reaches the provider")
    @MethodSource("badRequests")
    void badRequest(String name, RawRequest request, int status, String code) {
        RawReply reply = RawConnection.ask(gateway, request);

        reply.assertRefusal(status, code);
        assertThat(gateway.upstream().requests()).isEmpty();
        assertThat(RawConnection.ask(gateway, RawRequest.chat(CHAT)).status()).isEqualTo(200);
    }

    @Test
    @DisplayName("R47: refusing the content of a request leaves its connection usable")
    void refusalsKeepTheConnection() {
        try (RawConnection connection = RawConnection.to(gateway)) {
            connection.send(RawRequest.chat("{")).read().assertRefusal(400, "invalid_json");
            connection
                    .send(RawRequest.chat(CHAT).without("authorization"))
                    .read()
                    .assertRefusal(401, "missing_api_key");

            assertThat(connection.send(RawRequest.chat(CHAT)).read().status()).isEqualTo(200);
        }
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R12, R47: 33 MiB are a 413 that a client reads although it is still sending")
    @ValueSource(strings = {"sized", "chunked"})
    void tooLarge(String framing) {
        byte[] body = new byte[33 * 1024 * 1024];
        RawRequest head = RawRequest.of("POST", "/v1/chat/completions")
                .header("x-provider", "groq")
                .header("Content-Type", "application/json");
        RawRequest request = framing.equals("sized")
                ? head.header("Content-Length", Integer.toString(body.length)).body(body)
                : head.header("Transfer-Encoding", "chunked").body(RawRequest.chunked(body));

        try (RawConnection connection = RawConnection.to(gateway)) {
            connection.send(request).read().assertRefusal(413, "body_too_large");
            assertThat(connection.isEndedByGateway()).isTrue();
        }

        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R11, R47: a 413 comes at once, though its body never does")
    void refusedBeforeTheBody() {
        RawRequest request = RawRequest.of("POST", "/v1/chat/completions")
                .header("x-provider", "groq")
                .header("Content-Length", "34603008");

        try (RawConnection connection = RawConnection.to(gateway)) {
            connection.send(request).read().assertRefusal(413, "body_too_large");
            assertThat(connection.isEndedByGateway()).isTrue();
        }
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R47: HTTP of a version that is not served is refused without HTML")
    @CsvSource({"HTTP/1.2", "HTTP/9.9", "HTTP/0.9", "HTTP/2.0", "HTTQ/1.1", "FTP/1.1"})
    void versions(String version) {
        try (RawConnection connection = RawConnection.to(gateway)) {
            connection.send("GET /v1/files " + version + "\r\n" + GET_HEAD + "\r\n\r\n" + SMUGGLED);

            connection.readUnlessClosed().ifPresent(reply -> {
                assertThat(reply.status()).as("%s", reply).isIn(400, 501, 505);
                assertThat(reply.text()).doesNotContain("<");
            });
            assertThat(connection.readUnlessClosed()).isEmpty();
        }
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R17: HTTP/2 by prior knowledge is refused while it is off")
    void priorKnowledge() {
        try (RawConnection connection = RawConnection.to(gateway)) {
            connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

            assertThat(connection.isEndedByGateway()).isTrue();
        }
    }
}
