package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import io.magicapi.gateway.config.DataSize;
import io.magicapi.gateway.config.GatewayConfig.Auth;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.Limits;
import io.magicapi.gateway.config.GatewayConfig.Server;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.testkit.Streams;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What of a request reaches the provider: its body, its headers, its key. */
class RequestContractTest {

    private static final String BODY = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    private static final String OWN_KEY = "sk-CANARY-of-the-gateway";
    private static final int MEBIBYTE = 1024 * 1024;

    /** Without a key of its own. */
    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway();

    /** With a key from the environment. */
    @RegisterExtension
    static final GatewayExtension keyed = GroqJar.gateway().environment("GROQ_API_KEY", OWN_KEY);

    /** With a key from the environment, and no trust in the callers' keys. */
    @RegisterExtension
    static final GatewayExtension ownKeyOnly = GroqJar.gateway()
            .environment("GROQ_API_KEY", OWN_KEY)
            .config(config -> config.withAuth(new Auth(false, false)));

    /** With a short deadline for silence. */
    @RegisterExtension
    static final GatewayExtension impatient = GroqJar.gateway()
            .deadlines(new Deadlines(Duration.ofSeconds(3), Duration.ofSeconds(30), Duration.ofSeconds(2)));

    /** With small limits. */
    @RegisterExtension
    static final GatewayExtension small = GroqJar.gateway().config(config -> {
        Server server = config.server();
        Limits limits = new Limits(
                DataSize.kibibytes(1),
                DataSize.kibibytes(256),
                server.limits().headerBlock(),
                server.limits().requestLine(),
                server.limits().connections(),
                server.limits().inFlight());
        return config.withServer(server.with(server.port(), limits, server.timeouts()));
    });

    /** With two providers, so that an upload must say where it goes. */
    @RegisterExtension
    static final GatewayExtension two = GroqJar.gateway()
            .plugin(PluginJar.of("acme").provider("acme", "https://acme.test"))
            .provider("acme", "/acme");

    // --- bodies

    @ParameterizedTest(name = "{0}")
    @DisplayName("R9: the bytes of a body are forwarded as they are")
    @ValueSource(
            strings = {
                "{\"model\":\"m\",\"s\":\"\\ud800 \\udc00\\ud83d\"}",
                "{\"model\":\"m\",\"s\":\"\\u0000\\u001f\\/\"}",
                "{\"z\":1,\"model\":\"m\",\"a\":2,\"unknown\":{\"deep\":[[[]]]}}",
                "{\"model\":\"m\",\"a\":1e-8,\"b\":0.00000001,\"c\":1E+2,\"d\":-0,\"e\":1.0,\"f\":1.10}",
                "{\"model\":\"m\",\"i\":9223372036854775807,\"j\":18446744073709551616,\"k\":9007199254740993}",
                " \t\r\n{ \"model\" :\n\"m\" ,\t\"a\":[ ] } \r\n",
                "{\"model\":\"m\",\"dup\":1,\"dup\":2}",
                "{\"model\":\"m\",\"é\":\"\u2028\ud83d\ude00\"}",
                "{\"\\u006dodel\":\"\\u006d\"}"
            })
    void bytes(String body) {
        gateway.upstream().answerWith(Answer.json(200, "{}"));

        RawReply reply = RawConnection.ask(gateway, RawRequest.chat(body));

        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(received.body()).isEqualTo(body.getBytes(StandardCharsets.UTF_8));
        assertThat(received.headers("content-length")).hasSize(1);
        assertThat(received.headers("transfer-encoding")).isEmpty();
    }

    @Test
    @DisplayName(
            "R9: a JSON body sent in chunks arrives whole, with its length; bodies of other operations pass unread")
    void chunkedJson() {
        byte[] body = BODY.getBytes(StandardCharsets.UTF_8);
        RawRequest chunked = RawRequest.of("POST", "/v1/chat/completions")
                .header("x-provider", "groq")
                .header("Content-Type", "application/json; charset=utf-8")
                .header("Transfer-Encoding", "chunked")
                .body(RawRequest.chunked(
                        java.util.Arrays.copyOf(body, 7), java.util.Arrays.copyOfRange(body, 7, body.length)));
        byte[] noise = new byte[100_000];
        new Random(1).nextBytes(noise);

        RawReply reply = RawConnection.ask(gateway, chunked);
        RawConnection.ask(gateway, RawRequest.post("/v1/batches", noise).header("x-provider", "groq"));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        ReceivedRequest first = gateway.upstream().awaitRequest();
        assertThat(first.text()).isEqualTo(BODY);
        assertThat(first.header("content-length")).hasValue(Integer.toString(body.length));
        assertThat(first.header("content-type")).hasValue("application/json; charset=utf-8");
        assertThat(gateway.upstream().awaitRequest().body()).isEqualTo(noise);
    }

    // --- uploads

    private static byte[] form(String boundary, byte[] file, String... fields) {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        form.writeBytes(("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
                        + "Content-Type: audio/wav\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8));
        form.writeBytes(file);
        for (int i = 0; i < fields.length; i += 2) {
            form.writeBytes(("\r\n--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + fields[i]
                            + "\"\r\n\r\n" + fields[i + 1])
                    .getBytes(StandardCharsets.UTF_8));
        }
        form.writeBytes(("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8));
        return form.toByteArray();
    }

    private static RawRequest transcription(String boundary) {
        return RawRequest.of("POST", "/v1/audio/transcriptions")
                .header("Content-Type", "multipart/form-data; boundary=" + boundary);
    }

    private static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new Random(length).nextBytes(noise);
        return noise;
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R10: an upload arrives byte for byte with its boundary, sent with its length or in chunks")
    @ValueSource(
            strings = {"----formdata-undici-012345678901", "\"openai-a b\"", "0c5b3a52-6d8e-4a8e-9f5c-0c5b3a526d8e"})
    void upload(String boundary) {
        byte[] form = form(boundary.replace("\"", ""), noise(3 * MEBIBYTE), "model", "whisper-large-v3");
        RawRequest sized = transcription(boundary)
                .header("x-provider", "groq")
                .header("Content-Length", Integer.toString(form.length))
                .body(form);
        RawRequest chunked = transcription(boundary)
                .header("x-provider", "groq")
                .header("Transfer-Encoding", "chunked")
                .body(RawRequest.chunked(form));

        RawReply first = RawConnection.ask(gateway, sized);
        RawReply second = RawConnection.ask(gateway, chunked);

        assertThat(first.status()).as("%s", first).isEqualTo(200);
        assertThat(second.status()).as("%s", second).isEqualTo(200);
        ReceivedRequest receivedSized = gateway.upstream().awaitRequest();
        ReceivedRequest receivedChunked = gateway.upstream().awaitRequest();
        assertThat(receivedSized.header("content-length")).hasValue(Integer.toString(form.length));
        assertThat(receivedChunked.header("transfer-encoding")).hasValue("chunked");
        assertThat(receivedChunked.headers("content-length")).isEmpty();
        for (ReceivedRequest received : List.of(receivedSized, receivedChunked)) {
            assertThat(received.header("content-type")).hasValue("multipart/form-data; boundary=" + boundary);
            assertThat(received.body()).isEqualTo(form);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @DisplayName("R10: an upload without x-provider is routed by its model field, which comes after the file")
    @CsvSource({
        "acme/whisper-9, false, whisper-9, /acme/",
        "acme/whisper-9, true, whisper-9, /acme/",
        "whisper-large-v3, false, whisper-large-v3, /openai/",
        "groq/whisper-large-v3, true, whisper-large-v3, /openai/"
    })
    void uploadRoutedByModel(String model, boolean chunked, String sentModel, String place) {
        byte[] file = noise(200_000);
        byte[] form = form("b0undary", file, "model", model, "language", "en");
        RawRequest request = chunked
                ? transcription("b0undary")
                        .header("Transfer-Encoding", "chunked")
                        .body(RawRequest.chunked(form))
                : transcription("b0undary")
                        .header("Content-Length", Integer.toString(form.length))
                        .body(form);

        RawReply reply = RawConnection.ask(two, request);

        ReceivedRequest received = two.upstream().awaitRequest();
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(received.target()).startsWith(place);
        assertThat(received.body()).isEqualTo(form("b0undary", file, "model", sentModel, "language", "en"));
        assertThat(received.isComplete()).isTrue();
    }

    @Test
    @DisplayName("R10: an upload of 100 MB passes through")
    void largeUpload() {
        gateway.upstream().answerWith(Answer.json(200, "{}"));
        byte[] part = noise(MEBIBYTE);
        int parts = 100;

        try (RawConnection connection = RawConnection.to(gateway)) {
            connection.send(transcription("b")
                    .header("x-provider", "groq")
                    .header("Content-Length", Integer.toString(parts * part.length)));
            for (int i = 0; i < parts; i++) {
                connection.send(part);
            }

            ReceivedRequest received = gateway.upstream().awaitRequest();
            assertThat(received.bodyLength()).isEqualTo((long) parts * part.length);
            assertThat(connection.read().status()).isEqualTo(200);
        }
    }

    @Test
    @DisplayName("R10: of an upload that the provider does not read little is taken and held, and it ends as a 504")
    void stalledUpload() throws InterruptedException {
        impatient.upstream().answerWith(Faults.unreadBody());
        byte[] part = noise(MEBIBYTE);
        AtomicLong taken = new AtomicLong();
        long heapBefore = usedHeap();

        try (RawConnection connection = RawConnection.to(impatient)) {
            connection.send(
                    transcription("b").header("x-provider", "groq").header("Content-Length", "" + 100 * MEBIBYTE));
            Thread sender = new Thread(() -> {
                try {
                    for (int i = 0; i < 100; i++) {
                        connection.send(part);
                        taken.addAndGet(part.length);
                    }
                } catch (UncheckedIOException closed) {
                    // The gateway gives up in the end.
                }
            });
            sender.start();
            AtomicLong last = new AtomicLong(-1);
            await().pollInterval(Duration.ofMillis(300)).until(() -> last.getAndSet(taken.get()) == taken.get());

            // What the system's own buffers hold on both connections is in this number, too.
            assertThat(taken.get()).isLessThan(40L * MEBIBYTE);
            assertThat(usedHeap() - heapBefore).isLessThan(24L * MEBIBYTE);
            connection.read().assertRefusal(504, "upstream_timeout");
            sender.join(5_000);
        }
    }

    private static long usedHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    @DisplayName("R10: an upload that its client breaks off is broken off upstream, too")
    void abandonedUpload() {
        try (RawConnection connection = RawConnection.to(gateway)) {
            connection
                    .send(transcription("b").header("x-provider", "groq").header("Content-Length", "1000000"))
                    .send(noise(1000));
            await().until(() -> gateway.upstream().bytesReceived() > 1000);
        }

        gateway.upstream().awaitClientClosed();
        assertThat(gateway.upstream().awaitRequest().isComplete()).isFalse();
    }

    // --- Expect: 100-continue

    @ParameterizedTest(name = "{0}")
    @DisplayName("R11: 100 Continue is said at once, the expectation goes no further, and the request is served")
    @ValueSource(strings = {"/v1/chat/completions", "/v1/audio/transcriptions"})
    void expectContinue(String path) {
        boolean chat = path.contains("chat");
        byte[] body = chat ? BODY.getBytes(StandardCharsets.UTF_8) : form("b", noise(10_000), "model", "w");
        RawRequest request = RawRequest.of("POST", path)
                .header("x-provider", "groq")
                .header("Content-Type", chat ? "application/json" : "multipart/form-data; boundary=b")
                .header("Content-Length", Integer.toString(body.length))
                .header("Expect", "100-Continue");
        long fastest = Long.MAX_VALUE;

        for (int i = 0; i < 5; i++) {
            try (RawConnection connection = RawConnection.to(gateway)) {
                long begin = System.nanoTime();
                assertThat(connection.send(request).read().status()).isEqualTo(100);
                fastest = Math.min(fastest, System.nanoTime() - begin);
                assertThat(connection.send(body).read().status()).isEqualTo(200);
            }
            ReceivedRequest received = gateway.upstream().awaitRequest();
            assertThat(received.body()).isEqualTo(body);
            assertThat(received.headers("expect")).isEmpty();
        }

        assertThat(Duration.ofNanos(fastest)).isLessThan(Duration.ofMillis(100));
    }

    @ParameterizedTest(name = "{0} {1}")
    @DisplayName("R11: a request that is refused gets its 4xx instead of 100 Continue")
    @CsvSource({"x-provider, nobody, 100, 400", "Content-Type, text/html, 100, 415", "x-provider, groq, 99999999, 413"})
    void expectRefused(String name, String value, String length, int status) {
        RawRequest request = RawRequest.of("POST", "/v1/chat/completions")
                .header(name, value)
                .header("Content-Length", length)
                .header("Expect", "100-continue");

        RawReply reply = RawConnection.ask(gateway, request);

        assertThat(reply.status()).isEqualTo(status);
        reply.assertErrorShape();
    }

    // --- limits

    @ParameterizedTest(name = "{0}, chunked: {1}")
    @DisplayName("R12: a body above its limit is a 413, found by its length or as it comes, and nothing is sent on")
    @CsvSource({
        "application/json, 1025, false",
        "application/json, 1025, true",
        "application/json, 300000, true",
        "multipart/form-data; boundary=b, 262145, false",
    })
    void tooLarge(String contentType, int length, boolean chunked) {
        byte[] body = new byte[length];
        RawRequest head = RawRequest.of("POST", contentType.startsWith("m") ? "/v1/files" : "/v1/chat/completions")
                .header("x-provider", "groq")
                .header("Content-Type", contentType);
        RawRequest request = chunked
                ? head.header("Transfer-Encoding", "chunked").body(RawRequest.chunked(body))
                : head.header("Content-Length", Integer.toString(length)).body(body);

        try (RawConnection connection = RawConnection.to(small)) {
            assertThat(connection.send(request).read().assertRefusal(413, "body_too_large"))
                    .contains("server.limits.");
            assertThat(connection.isEndedByGateway()).isTrue();
        }
        assertThat(small.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R12: an upload of unknown length is cut off upstream when it passes its limit, and is a 413")
    void tooLongUpload() {
        RawRequest request = transcription("b")
                .header("x-provider", "groq")
                .header("Transfer-Encoding", "chunked")
                .body(RawRequest.chunked(noise(100_000), noise(100_000), noise(100_000)));

        try (RawConnection connection = RawConnection.to(small)) {
            connection.send(request).read().assertRefusal(413, "body_too_large");
        }

        assertThat(small.upstream().awaitRequest().isComplete()).isFalse();
    }

    @Test
    @DisplayName("R12: a body of just the limit is served")
    void justSmallEnough() {
        String body = BODY.replace("Hi", "x".repeat(1024 - BODY.length() + 2));

        RawReply reply = RawConnection.ask(small, RawRequest.chat(body));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(small.upstream().awaitRequest().bodyLength()).isEqualTo(1024);
    }

    // --- JSON that is none

    static Stream<String> noJson() {
        String[] values = {
            "",
            " ",
            "[",
            "]",
            "{",
            "}",
            "{]",
            "[}",
            "[1,]",
            "[,1]",
            "[1,,2]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{:1}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":1,}",
            "{,}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1}}",
            "{\"a\":1}x",
            "{\"a\":1}{}",
            "{\"a\":1},",
            "{1:1}",
            "{null:1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":1e}",
            "{\"a\":1e+}",
            "{\"a\":0x1}",
            "{\"a\":-}",
            "{\"a\":--1}",
            "{\"a\":1_0}",
            "{\"a\":Infinity}",
            "{\"a\":-Infinity}",
            "{\"a\":NaN}",
            "{\"a\":nul}",
            "{\"a\":True}",
            "{\"a\":undefined}",
            "{\"a\":\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"\\uqqqq\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\u0000\"}",
            "{\"a\":\"\\\"}",
            "{\"a\":'x'}",
            "{\"a\":`x`}",
            "{\"a\":/*c*/1}",
            "{\"a\":1}//c",
            "#{\"a\":1}",
            "{\"a\":1;\"b\":2}",
            "\u000b{}",
            "\u00a0{}",
            "\u0000",
            "\u0000{\u0000}\u0000",
            "\ufeff{\"a\":1}",
            "<a/>",
            "a=1&b=2",
            "--b\r\n\r\n",
            "\"a\"",
            "1",
            "null",
            "true",
            "[]",
            "[{}]",
            "{\"a\":" + "[".repeat(1001) + "]".repeat(1001) + "}",
            "[".repeat(100_000),
            "{\"a\":".repeat(100_000),
            "{\"a\":" + "9".repeat(1001) + "}",
            "{\"a\"",
            "{\"a\":1",
            "{\"a\":\"",
            "{\"a\":[1",
            "{\"a\":{\"b\":1}",
            "*",
            "{*}",
            "{\"a\":*}",
            "\\u007b\\u007d",
            "{\"a\":\\u0031}"
        };
        String[] latin1 = {
            "{\"a\":\"\u00ff\"}", "{\"a\":\"\u00c0\u00af\"}", "{\"a\":\"\u00e0\u0080\u0080\"}",
                    "{\"a\":\"\u00ed\u00a0\u0080\"}",
            "{\"a\":\"\u00f4\u0090\u0080\u0080\"}", "{\"a\":\"\u00c3\"}", "{\"\u00e9\":1}",
                    "\u00fe\u00ff\u0000{\u0000}",
            "\u00ff\u00fe{\u0000}\u0000", "\u00e9", "{\u00e5:1}"
        };
        return Stream.concat(
                Stream.of(values)
                        .map(text -> new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)),
                Stream.of(latin1));
    }

    @Test
    @DisplayName("R13: what is no JSON object is a 400, where a model must be read, and passes where none is")
    void invalidJson() {
        gateway.upstream().answerWith(Answer.json(200, "{}"));
        try (RawConnection chat = RawConnection.to(gateway);
                RawConnection batches = RawConnection.to(gateway)) {
            noJson().forEach(latin1 -> {
                byte[] body = latin1.getBytes(StandardCharsets.ISO_8859_1);
                String shown = latin1.length() > 100 ? latin1.substring(0, 100) : latin1;

                RawReply refused = chat.send(
                                RawRequest.post("/v1/chat/completions", body).header("x-provider", "groq"))
                        .read();
                RawReply passed = batches.send(
                                RawRequest.post("/v1/batches", body).header("x-provider", "groq"))
                        .read();

                assertThat(refused.status()).as(shown).isEqualTo(400);
                refused.assertRefusal(400, "invalid_json");
                assertThat(passed.status()).as(shown).isEqualTo(200);
                assertThat(gateway.upstream().awaitRequest().body()).as(shown).isEqualTo(body);
            });
        }
        assertThat(gateway.upstream().requests())
                .allMatch(request -> request.target().equals("/openai/v1/batches"));
    }

    // --- headers

    @ParameterizedTest(name = "{0}")
    @DisplayName("R14: headers that are none of the provider's business do not reach it")
    @CsvSource(
            delimiter = '|',
            value = {
                "Keep-Alive|timeout=5",
                "Proxy-Connection|keep-alive",
                "Proxy-Authenticate|Basic",
                "Trailer|x-t",
                "Proxy-Authorization|Basic x",
                "TE|trailers",
                "Upgrade|websocket",
                "HTTP2-Settings|AAMAAABk",
                "Expect|100-continue",
                "Cookie|session=1",
                "Referer|https://page.test/x",
                "Sec-Fetch-Mode|cors",
                "Sec-CH-UA|x",
                "Accept-Language|*",
                "X-Forwarded-For|10.0.0.1",
                "X-Forwarded-Host|x",
                "X-Forwarded-Proto|https",
                "Forwarded|for=10.0.0.1",
                "Via|1.1 x",
                "X-Real-IP|10.0.0.1",
                "True-Client-IP|10.0.0.1",
                "CF-Connecting-IP|10.0.0.1",
                "X-Provider|groq",
                "X-Gateway-Debug|1",
                "X-Request-Id|mine",
                "X-API-Key|sk-other",
                "API-Key|sk-other",
                "X-Goog-Api-Key|sk-other",
                "X-Amz-Security-Token|sk-other",
                "X-Amz-Date|x",
                "X-Aws-Key|sk-other",
                "X-User-Id|1",
                "X-Project-Id|1",
                "X-Organisation-Id|1",
                "X-Organization-Id|1",
                "X-Experiment-Id|1"
            })
    void strippedHeaders(String name, String value) {
        RawRequest request = RawRequest.chat(BODY).without("x-provider").header(name, value);

        try (RawConnection connection = RawConnection.to(gateway)) {
            RawReply reply = connection.send(request).read();
            reply = reply.status() == 100 ? connection.read() : reply;
            assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        }

        assertThat(gateway.upstream().awaitRequest().headers(name)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R14: headers that a Connection header names end here, whichever of them does")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {"keep-alive, X-Secret|-", "X-SECRET|-", "keep-alive|x-secret", "close|X-Other , x-secret"})
    void connectionOptions(String first, @org.jspecify.annotations.Nullable String second) {
        RawRequest request = RawRequest.chat(BODY)
                .header("X-Secret", "1")
                .header("X-Kept", "1")
                .header("Connection", first);
        request = second == null ? request : request.header("Connection", second);

        RawReply reply = RawConnection.ask(gateway, request);

        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(reply.status()).isEqualTo(200);
        assertThat(received.headers("x-secret")).isEmpty();
        assertThat(received.headers("x-kept")).hasSize(1);
        assertThat(received.headers("connection")).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R14: all other headers reach the provider")
    @CsvSource(
            delimiter = '|',
            value = {
                "Content-Type|application/json; charset=utf-8",
                "Accept|text/event-stream",
                "OpenAI-Organization|org-1",
                "OpenAI-Project|proj_1",
                "OpenAI-Beta|assistants=v2",
                "Idempotency-Key|k1",
                "User-Agent|my/1.0",
                "X-Stainless-Lang|js",
                "X-Stainless-Retry-Count|2",
                "Groq-Model-Version|latest",
                "traceparent|00-1-2-03"
            })
    void keptHeaders(String name, String value) {
        RawRequest request = RawRequest.chat(BODY).without(name).header(name, value);

        RawReply reply = RawConnection.ask(gateway, request);

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(gateway.upstream().awaitRequest().headers(name)).containsExactly(value);
    }

    @Test
    @DisplayName("R14: Host is the upstream's, and identity is the only coding asked for")
    void hostAndCoding() {
        RawConnection.ask(gateway, RawRequest.chat(BODY).header("Accept-Encoding", "gzip, br"));

        ReceivedRequest received = gateway.upstream().awaitRequest();
        assertThat(received.headers("host"))
                .containsExactly("127.0.0.1:" + gateway.upstream().port());
        assertThat(received.headers("accept-encoding")).containsExactly("identity");
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R16: there is a User-Agent upstream, though the client sent none")
    @ValueSource(strings = {"none", "empty"})
    void userAgent(String sent) {
        RawRequest request = RawRequest.chat(BODY);

        RawConnection.ask(gateway, sent.equals("none") ? request : request.header("User-Agent", ""));

        assertThat(gateway.upstream().awaitRequest().headers("user-agent"))
                .singleElement()
                .asString()
                .startsWith("magicapi-gateway/");
    }

    @ParameterizedTest(name = "Accept: {0}, stream: {1}")
    @DisplayName("R19: \"stream\" in the body decides whether the answer is a stream; Accept does not")
    @CsvSource({
        "application/json, true, text/event-stream",
        "text/event-stream, false, application/json",
        "*/*, true, text/event-stream"
    })
    void accept(String accept, boolean stream, String contentType) {
        RawRequest request = RawRequest.chat(BODY.replace("}]}", "}],\"stream\":" + stream + "}"))
                .header("Accept", accept);

        RawReply reply = RawConnection.ask(gateway, request);

        assertThat(reply.header("content-type").orElse("")).startsWith(contentType);
        assertThat(reply.text().endsWith(Streams.DONE)).isEqualTo(stream);
    }

    // --- keys

    @ParameterizedTest(name = "{0}")
    @DisplayName("R15: without a key the answer is 401, and the provider is not called")
    @ValueSource(strings = {"", "Bearer", "Bearer "})
    void missingKey(String authorization) {
        RawRequest request = RawRequest.chat(BODY).without("authorization");

        RawReply reply = RawConnection.ask(
                gateway, authorization.isEmpty() ? request : request.header("Authorization", authorization));

        assertThat(reply.assertRefusal(401, "missing_api_key")).contains("Authorization: Bearer", "GROQ_API_KEY");
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R15: a key of another form is a 401; the gateway's own does not take its place")
    @ValueSource(strings = {"Basic dXNlcjpwYXNz", "sk-no-scheme"})
    void otherScheme(String authorization) {
        RawReply reply = RawConnection.ask(
                keyed, RawRequest.chat(BODY).without("authorization").header("Authorization", authorization));

        assertThat(reply.assertRefusal(401, "missing_api_key")).contains("Bearer <key>");
        assertThat(keyed.upstream().requests()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R15: the scheme is read in any case, and the provider gets the key in one header")
    @ValueSource(strings = {"Bearer k1", "bearer k1", "BEARER   k1  ", "bEaReR k1"})
    void scheme(String authorization) {
        RawConnection.ask(
                gateway, RawRequest.chat(BODY).without("authorization").header("Authorization", authorization));

        assertThat(gateway.upstream().awaitRequest().headers("authorization")).containsExactly("Bearer k1");
    }

    @ParameterizedTest(name = "{0}")
    @DisplayName("R15: two Authorization headers are a 400, for every kind of request")
    @ValueSource(strings = {"chat", "upload", "routed upload", "files"})
    void twoKeys(String kind) {
        byte[] form = form("b", noise(100), "model", "w");
        RawRequest request = switch (kind) {
            case "chat" -> RawRequest.chat(BODY);
            case "files" -> RawRequest.get("/v1/files").header("x-provider", "groq");
            default -> {
                RawRequest upload = transcription("b")
                        .header("Content-Length", Integer.toString(form.length))
                        .body(form);
                yield kind.equals("upload") ? upload.header("x-provider", "groq") : upload;
            }
        };

        RawReply reply = RawConnection.ask(gateway, request.header("Authorization", "Bearer other"));

        reply.assertRefusal(400, "invalid_request");
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("R15: the key from the environment is used for callers that send none, and for those only")
    void keyFromEnvironment() {
        RawConnection.ask(keyed, RawRequest.chat(BODY).without("authorization"));
        RawConnection.ask(keyed, RawRequest.chat(BODY));

        assertThat(keyed.upstream().awaitRequest().headers("authorization")).containsExactly("Bearer " + OWN_KEY);
        assertThat(keyed.upstream().awaitRequest().headers("authorization"))
                .containsExactly("Bearer " + RawRequest.KEY);
    }

    @Test
    @DisplayName("R15: with passthrough off, the gateway's own key is the only one used")
    void ownKeyOnly() {
        RawConnection.ask(ownKeyOnly, RawRequest.chat(BODY));
        RawConnection.ask(ownKeyOnly, RawRequest.chat(BODY).without("authorization"));

        for (int i = 0; i < 2; i++) {
            ReceivedRequest received = ownKeyOnly.upstream().awaitRequest();
            assertThat(received.headers("authorization")).containsExactly("Bearer " + OWN_KEY);
            assertThat(new String(received.raw(), StandardCharsets.ISO_8859_1)).doesNotContain(RawRequest.KEY);
        }
    }

    @Test
    @DisplayName("R15: a redirect is not followed, so that the key goes nowhere else")
    void redirect() {
        keyed.upstream().enqueue(Faults.redirect(keyed.upstream().baseUrl() + "/elsewhere"));

        RawReply reply = RawConnection.ask(keyed, RawRequest.chat(BODY));

        reply.assertRefusal(502, "upstream_protocol_error");
        assertThat(reply.header("location")).isEmpty();
        assertThat(keyed.upstream().requests()).hasSize(1);
    }

    @Test
    @DisplayName("R15: keys are in no log, whatever goes wrong, and in no error of the gateway's own")
    void keysAreNotLogged() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Level before = root.getLevel();
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        root.addAppender(appender);
        Logger ours = (Logger) LoggerFactory.getLogger("io.magicapi.gateway");
        Level oursBefore = ours.getLevel();
        ours.setLevel(Level.TRACE);
        root.setLevel(Level.INFO);
        try {
            for (Answer answer : Faults.all().entrySet().stream()
                    .filter(fault -> List.of(
                                    "resetBeforeHead", "garbage", "closeMidBody", "htmlError", "redirect", "hugeHead")
                            .contains(fault.getKey()))
                    .map(java.util.Map.Entry::getValue)
                    .toList()) {
                keyed.upstream().enqueue(answer);
                assertNoKey(keyed, RawRequest.chat(BODY).header("X-Api-Key", "sk-CANARY-of-another"));
                keyed.upstream().enqueue(answer);
                assertNoKey(keyed, RawRequest.chat(BODY).without("authorization"));
            }
            assertNoKey(keyed, RawRequest.chat(BODY).header("Authorization", "Bearer sk-CANARY-2"));
            assertNoKey(keyed, RawRequest.chat("{\"api_key\":\"sk-CANARY\"").header("x", "y"));
            assertNoKey(keyed, RawRequest.get("/v1/files/../x?key=sk-CANARY"));
            assertNoKey(keyed, RawRequest.get("/v1/files?key=sk-CANARY").header("x-provider", "groq"));
            assertNoKey(keyed, RawRequest.chat(BODY).header("Bad\u0001Name", "sk-CANARY"));
            assertNoKey(keyed, RawRequest.chat(BODY).without("x-provider").header("x-provider", "nobody"));
            assertNoKey(keyed, RawRequest.post("/v1/chat/completions?key=sk-CANARY", "{}"));
        } finally {
            root.detachAppender(appender);
            root.setLevel(before);
            ours.setLevel(oursBefore);
        }

        assertThat(appender.list)
                .extracting(RequestContractTest::everythingIn)
                .isNotEmpty()
                .noneMatch(line -> line.contains("CANARY"));
    }

    private static void assertNoKey(GatewayExtension gateway, RawRequest request) {
        try (RawConnection connection = RawConnection.to(gateway)) {
            connection
                    .send(request)
                    .readUnlessClosed()
                    .ifPresent(reply -> assertThat(reply.toString()).doesNotContain("CANARY"));
        }
    }

    private static String everythingIn(ILoggingEvent event) {
        return event.getFormattedMessage()
                + event.getKeyValuePairs()
                + event.getMDCPropertyMap()
                + (event.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(event.getThrowableProxy()));
    }
}
