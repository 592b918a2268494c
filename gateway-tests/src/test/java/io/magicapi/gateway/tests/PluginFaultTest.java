package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Plugins that misbehave fail their own requests, and no others. */
class PluginFaultTest {

    /** Stands in every message a plugin throws here; no client may see it. */
    private static final String SECRET = "secret-of-the-plugin";

    private static final String THROW = "if (true) { throw new %s(\"" + SECRET + "\"); } ";

    /** Plugins by name: one method each, and the status their requests end with. */
    private static final Map<String, String> SOURCES = new LinkedHashMap<>();

    private static final Map<String, Integer> STATUSES = new LinkedHashMap<>();

    private static void plugin(String name, int status, String method) {
        SOURCES.put(name, method);
        STATUSES.put(name, status);
    }

    private static String open(String body) {
        return "@Override public Exchange open(Call call) { " + body + " }";
    }

    private static String openAsync(String body) {
        return "@Override public CompletionStage<Exchange> openAsync(Call call) { " + body + " }";
    }

    private static String processHeaders(String body) {
        return "@Override public Headers processHeaders(Headers client, Call call) { " + body + " }";
    }

    private static String request(String method, String path, String headers, String body) {
        return open(
                "return Exchange.of(UpstreamRequest.of(" + method + ", " + path + ", " + headers + ", " + body + "));");
    }

    private static final String GOOD = "return Provider.super.open(call);";
    private static final String COMPLETED = "CompletableFuture.completedFuture(open(call))";

    static {
        // thrown
        for (String type : List.of(
                "RuntimeException",
                "IllegalStateException",
                "LinkageError",
                "OutOfMemoryError",
                "StackOverflowError",
                "AssertionError",
                "NoClassDefFoundError",
                "java.util.NoSuchElementException")) {
            String name = "t-" + type.replaceAll(".*\\.", "").toLowerCase(java.util.Locale.ROOT);
            plugin(name, 500, open(THROW.formatted(type) + "return null;"));
        }
        plugin(
                "t-sneaky",
                500,
                open("throw PluginFault.<RuntimeException>sneaky(new Exception(\"" + SECRET + "\"));")
                        + " static class PluginFault { static <T extends Throwable> RuntimeException sneaky(Throwable t)"
                        + " throws T { throw (T) t; } }");
        plugin("t-recursion", 500, open("return open(call);"));
        plugin("t-async", 500, openAsync(THROW.formatted("RuntimeException") + "return null;"));
        plugin("t-headers", 500, processHeaders(THROW.formatted("RuntimeException") + "return null;"));
        plugin(
                "t-path",
                500,
                "@Override public String path(Call call) { throw new RuntimeException(\"" + SECRET + "\"); }");
        plugin("t-exchange", 500, open("return () -> { throw new RuntimeException(\"" + SECRET + "\"); };"));
        plugin(
                "t-worker",
                500,
                "@Override public boolean blocking() { return true; } "
                        + open("throw new LinkageError(\"" + SECRET + "\");"));
        plugin("f-stage", 500, openAsync("return CompletableFuture.failedFuture(new Error(\"" + SECRET + "\"));"));
        plugin(
                "f-cancelled",
                500,
                openAsync("CompletableFuture<Exchange> f = new CompletableFuture<>();" + " f.cancel(true); return f;"));

        // null
        plugin("n-async", 500, openAsync("return null;"));
        plugin("n-stage", 500, openAsync("return CompletableFuture.completedFuture(null);"));
        plugin("n-open", 500, open("return null;"));
        plugin("n-request", 500, open("return () -> null;"));
        plugin("n-headers", 500, processHeaders("return null;"));
        plugin("n-path", 500, "@Override public String path(Call call) { return null; }");
        plugin("n-body", 500, request("\"POST\"", "\"/v1/x\"", "Headers.of()", "null"));

        // malformed
        plugin("m-header-name", 500, processHeaders("return Headers.of(\"a b\", \"v\");"));
        plugin(
                "m-header-swapped",
                500,
                processHeaders("return client.with(\"Bearer \" + call.credential().get().reveal(), \"x-key\");"));
        plugin("m-header-value", 500, processHeaders("return Headers.of(\"a\", \"v\\r\\nx: y\");"));
        for (String path : List.of(
                "", "v1/x", "/v1/a b", "/v1/\\r\\nx: y", "/v1/#f", "http://127.0.0.1:9/", "/v1/\\u00fc", "/v1/\\0")) {
            plugin(
                    "m-path" + STATUSES.size(),
                    500,
                    "@Override public String path(Call call) { return \"" + path + "\"; }");
        }
        for (String method : List.of("", "post", "PO ST", "GET /x HTTP/1.1\\r\\n")) {
            plugin(
                    "m-method" + STATUSES.size(),
                    500,
                    request("\"" + method + "\"", "\"/v1/x\"", "Headers.of()", "call.body()"));
        }
        String body = "new Body() { public boolean isStreamed() { return %s; } public ByteBuffer bytes() { %s }"
                + " public com.fasterxml.jackson.databind.JsonNode json() { return null; } }";
        String post = "\"POST\"";
        plugin(
                "m-body-throws",
                500,
                request(
                        post,
                        "\"/v1/x\"",
                        "Headers.of()",
                        body.formatted("false", "throw new RuntimeException(\"" + SECRET + "\");")));
        plugin("m-body-null", 500, request(post, "\"/v1/x\"", "Headers.of()", body.formatted("false", "return null;")));
        plugin(
                "m-body-streamed",
                500,
                request(
                        post,
                        "\"/v1/x\"",
                        "Headers.of()",
                        body.formatted("true", "throw new IllegalStateException(\"" + SECRET + "\");")));

        // refusals, which carry their own status
        plugin("r-invalid", 400, open("throw new ProviderException(ProviderException.Kind.INVALID_REQUEST, \"no\");"));
        plugin("r-key", 401, open("throw new ProviderException(ProviderException.Kind.UNAUTHENTICATED, \"no\");"));
        plugin("r-unsupported", 404, open("throw new ProviderException(ProviderException.Kind.UNSUPPORTED, \"no\");"));
        plugin(
                "r-unavailable",
                503,
                openAsync("return CompletableFuture.supplyAsync(() -> { throw new"
                        + " ProviderException(ProviderException.Kind.UNAVAILABLE, \"no\"); });"));

        // well-behaved, if unusual
        plugin("g-plain", 200, open(GOOD));
        plugin(
                "g-later",
                200,
                openAsync("Exchange e = open(call); return CompletableFuture.supplyAsync(() -> e,"
                        + " CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS));"));
        plugin(
                "g-thread",
                200,
                openAsync("Exchange e = open(call); CompletableFuture<Exchange> f = new"
                        + " CompletableFuture<>(); new Thread(() -> f.complete(e)).start(); return f;"));
        plugin("g-stage", 200, openAsync("return CompletableFuture.completedStage(open(call));"));
        plugin(
                "g-blocking",
                200,
                "@Override public boolean blocking() { return true; } " + open("sleep(100); " + GOOD));
        plugin(
                "g-body",
                200,
                request(
                        post,
                        "\"/v1/chat/completions\"",
                        "Headers.of(\"content-length\", \"1\")",
                        body.formatted("false", "return ByteBuffer.wrap(\"xx{}yy\".getBytes(), 2, 2);")));
        plugin(
                "g-framing",
                200,
                processHeaders(
                        "return client.with(\"transfer-encoding\", \"chunked\")"
                                + ".with(\"content-length\", \"99\").with(\"host\", \"evil\").with(\"connection\", \"close\");"));
    }

    /** Slow ones, which tests ask for by name. */
    private static final Map<String, String> SLOW = Map.of(
            "blocks-loop",
            open("sleep(300); " + GOOD),
            "sleeps",
            "@Override public boolean blocking() { return true; } " + open("sleep(11_000); " + GOOD),
            "never",
            openAsync("return new CompletableFuture<>();"),
            "retryable",
            "@Override public boolean retryable(ResponseHead head) { throw new Error(\"" + SECRET + "\"); }");

    @RegisterExtension
    static final GatewayExtension gateway = withPlugins();

    private static GatewayExtension withPlugins() {
        GatewayExtension extension = GroqJar.gateway();
        Map<String, String> all = new LinkedHashMap<>(SOURCES);
        all.putAll(SLOW);
        // One jar for all of them: to compile is slow.
        PluginJar jar = PluginJar.of("faults");
        all.forEach((name, methods) -> {
            jar.source(source(name, methods));
            extension.provider(name, "");
        });
        return extension.plugin(jar);
    }

    private static String source(String name, String methods) {
        return """
                package com.faults;

                import io.magicapi.gateway.api.*;
                import java.nio.ByteBuffer;
                import java.util.concurrent.*;
                import org.pf4j.Extension;

                @Extension
                public class P%s implements Provider {
                    @Override
                    public String name() {
                        return "%s";
                    }

                    @Override
                    public String baseUrl() {
                        return "http://127.0.0.1:9";
                    }

                    static void sleep(long millis) {
                        try {
                            Thread.sleep(millis);
                        } catch (InterruptedException e) {
                            throw new RuntimeException(e);
                        }
                    }

                    %s
                }
                """.formatted(name.replace("-", "_"), name, methods);
    }

    private static Reply ask(String provider) {
        return AnswerClient.ask(gateway, provider, CHAT, new String[0]);
    }

    static Stream<Arguments> plugins() {
        return STATUSES.entrySet().stream().map(plugin -> Arguments.of(plugin.getKey(), plugin.getValue()));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("plugins")
    @DisplayName("R49: a plugin's failure is that request's JSON error, without the plugin's words, and no other's")
    void failure(String name, int status) {
        gateway.upstream().answerWith(Answer.json(200, "{}"));

        try (AnswerClient client = new AnswerClient(gateway)) {
            Reply reply = client.chat(name, CHAT, new String[0]).read();

            assertThat(reply.status()).as("%s", reply).isEqualTo(status);
            assertThat(reply.whole()).isTrue();
            assertThat(new String(reply.raw(), java.nio.charset.StandardCharsets.UTF_8))
                    .doesNotContain(SECRET)
                    .doesNotContain(AnswerClient.KEY);
            if (status >= 400) {
                assertThat(reply.header("content-type")).hasValue("application/json");
                assertThat(reply.error().properties().stream().map(field -> field.getKey()))
                        .containsExactly("message", "type", "param", "code");
                assertThat(reply.error().path("message").asText()).isNotBlank();
                assertThat(reply.header("x-request-id")).isPresent();
                assertThat(gateway.upstream().requests()).isEmpty();
            }
            if (status == 500) {
                assertThat(reply.error().path("code").asText()).isEqualTo("provider_failed");
                assertThat(reply.error().path("message").asText()).contains(name);
            }
            assertThat(client.chat(CHAT).read().status()).as("another provider").isEqualTo(200);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            t-headers        | java.lang.RuntimeException         | at="com.faults.Pt_headers.processHeaders(Pt_headers.java:
            t-recursion      | java.lang.StackOverflowError       | at="com.faults.Pt_recursion.open(Pt_recursion.java:
            m-header-name    | java.lang.IllegalArgumentException | at="com.faults.Pm_header_name.processHeaders(Pm_header_name.java:
            m-header-name    | java.lang.IllegalArgumentException | reason="not a header name: it has a space at index 1"
            m-header-swapped | java.lang.IllegalArgumentException | reason="not a header name: it has a space at index 6"
            m-header-value   | java.lang.IllegalArgumentException | reason="the value of header a has a control character"
            n-headers        | java.lang.NullPointerException     | reason="processHeaders returned null"
            n-path           | java.lang.NullPointerException     | reason="path returned null"
            n-body           | java.lang.NullPointerException     | reason="the request's body is null"
            n-body           | java.lang.NullPointerException     | at="com.faults.Pn_body.open(Pn_body.java:
            """)
    @DisplayName("R49: the log tells a plugin's author the line, and what the API's own checks found")
    void place(String name, String thrown, String part) {
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.upstream")) {
            ask(name);

            assertThat(log.lines())
                    .filteredOn(line -> line.contains("threw"))
                    .singleElement()
                    .asString()
                    .startsWith("provider " + name + " threw " + thrown)
                    .contains(part, "provider=\"" + name + "\"", "version=\"1.0.0\"")
                    .doesNotContain(SECRET)
                    .doesNotContain(AnswerClient.KEY);
        }
    }

    @Test
    @DisplayName("R49: a failing retryable() costs the hint and not the answer")
    void retryable() {
        gateway.upstream().enqueue(Answer.json(498, "{\"error\":{\"message\":\"m\",\"type\":\"t\"}}"));

        Reply reply = ask("retryable");

        assertThat(reply.status()).isEqualTo(498);
        assertThat(reply.error().path("message").asText()).isEqualTo("m");
        assertThat(reply.header("x-should-retry")).isEmpty();
    }

    @Test
    @DisplayName("R49: what a plugin asks of the framing and the host is not sent")
    void framing() {
        assertThat(ask("g-framing").status()).isEqualTo(200);

        var request = gateway.upstream().awaitRequest();
        assertThat(request.text()).isEqualTo(CHAT);
        assertThat(request.headers("content-length")).containsExactly(Integer.toString(CHAT.length()));
        assertThat(request.headers("transfer-encoding")).isEmpty();
        assertThat(request.headers("host"))
                .containsExactly("127.0.0.1:" + gateway.upstream().port());
    }

    @Test
    @DisplayName("R49: a body of the plugin's making is sent as it stands in its buffer")
    void ownBody() {
        ask("g-body");

        assertThat(gateway.upstream().awaitRequest().text()).isEqualTo("{}");
    }

    @Test
    @DisplayName("R49: a plugin that blocks an event loop is moved off it, and then others do not wait for it")
    void blocking() {
        assertThat(ask("blocks-loop").status()).isEqualTo(200);

        try (AnswerClient slow = new AnswerClient(gateway)) {
            List<Duration> others = new ArrayList<>();
            CompletableFuture<Reply> slowly = CompletableFuture.supplyAsync(
                    () -> slow.chat("blocks-loop", CHAT, new String[0]).read(), task -> new Thread(task).start());
            List<AnswerClient> clients =
                    Stream.generate(() -> new AnswerClient(gateway)).limit(4).toList();
            for (int i = 0; !slowly.isDone() && i < 10_000; i++) {
                long begin = System.nanoTime();
                assertThat(clients.get(i % 4).chat(CHAT).read().status()).isEqualTo(200);
                others.add(Duration.ofNanos(System.nanoTime() - begin));
            }
            clients.forEach(AnswerClient::close);

            assertThat(slowly.join().status()).isEqualTo(200);
            assertThat(Collections.max(others)).isLessThan(Duration.ofMillis(200));
        }
    }

    @Test
    @DisplayName(
            "R49: a call that sleeps, or never completes, is given up after ten seconds; a client may leave before")
    void deadline() {
        List<CompletableFuture<Reply>> replies = new ArrayList<>();
        long begin = System.nanoTime();
        for (String provider : List.of("sleeps", "never")) {
            AnswerClient patient = new AnswerClient(gateway);
            patient.chat(provider, CHAT, new String[0]);
            replies.add(CompletableFuture.supplyAsync(
                    () -> {
                        // Reading gives up after ten seconds, so wait for most of them first.
                        await().pollDelay(Duration.ofSeconds(9))
                                .timeout(Duration.ofSeconds(10))
                                .until(() -> true);
                        try (patient) {
                            return patient.read();
                        }
                    },
                    task -> new Thread(task, "patient").start())); // the common pool may have one thread for both
            AnswerClient impatient = new AnswerClient(gateway);
            impatient.chat(provider, CHAT, new String[0]);
            impatient.reset();
        }
        await().atMost(Duration.ofSeconds(2)).until(() -> gateway.gateway().inFlight() == 2);
        assertThat(AnswerClient.ask(gateway, CHAT).status())
                .as("others meanwhile")
                .isEqualTo(200);

        for (CompletableFuture<Reply> reply : replies) {
            assertThat(reply.join().status()).isEqualTo(500);
            assertThat(reply.join().error().path("message").asText()).contains("took longer than 10 s");
        }

        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isBetween(Duration.ofSeconds(10), Duration.ofSeconds(11));
    }
}
