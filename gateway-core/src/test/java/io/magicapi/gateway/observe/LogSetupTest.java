package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.magicapi.gateway.api.Secret;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LogSetupTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private final Logger log = LoggerFactory.getLogger("io.magicapi.gateway.test");

    @AfterEach
    void restore() {
        LogSetup.apply("error", false, false, System.err);
    }

    private String lines() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("JSON: one object a line, pairs keep their types, names that are taken get an underscore")
    void json() throws Exception {
        LogSetup.apply("info", true, false, out);

        log.atWarn()
                .addKeyValue("provider", "groq")
                .addKeyValue("status", 429)
                .addKeyValue("ok", false)
                .addKeyValue("list", List.of(Map.of("a", 1.5)))
                .addKeyValue("path", Path.of("a/b"))
                .addKeyValue("message", "two\nlines")
                .addKeyValue("nothing", (Object) null)
                .addKeyValue("infinite", Double.POSITIVE_INFINITY)
                .addKeyValue("odd \"name\"", List.of())
                .addKeyValue("pairs", new TreeMap<>(Map.of("a", 1, "b", List.of(true, "é"))))
                .setCause(new IllegalStateException("outer", new RuntimeException("inner")))
                .log("upstream {}", "failed");

        assertThat(lines().lines()).hasSize(1);
        JsonNode event = new ObjectMapper().readTree(lines());
        assertThat(event.path("time").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(event.path("level").asText()).isEqualTo("warn");
        assertThat(event.path("logger").asText()).isEqualTo("io.magicapi.gateway.test");
        assertThat(event.path("message").asText()).isEqualTo("upstream failed");
        assertThat(event.path("provider").asText()).isEqualTo("groq");
        assertThat(event.path("status").isInt()).isTrue();
        assertThat(event.path("ok").isBoolean()).isTrue();
        assertThat(event.path("list")).hasToString("[{\"a\":1.5}]");
        assertThat(event.path("path").asText()).isEqualTo("a/b");
        assertThat(event.path("message_").asText()).isEqualTo("two\nlines");
        assertThat(event.path("nothing").isNull()).isTrue();
        assertThat(event.path("infinite").asText()).isEqualTo("Infinity");
        assertThat(event.path("odd \"name\"")).hasToString("[]");
        assertThat(event.path("pairs")).hasToString("{\"a\":1,\"b\":[true,\"é\"]}");
        assertThat(event.path("error").asText())
                .isEqualTo("java.lang.IllegalStateException: outer, caused by java.lang.RuntimeException: inner");
        assertThat(event.has("stack")).isFalse();
    }

    @Test
    @DisplayName("text: one line, and what a client sent can neither begin a new one nor steer the terminal")
    void text() {
        LogSetup.apply("info", false, false, out);

        log.atInfo().addKeyValue("model", "a\n12:00 ERROR forged\u001b[2J").log("answered");

        assertThat(lines())
                .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3}  INFO   answered  model=\"a 12:00 ERROR forged \\[2J\"\\R");
    }

    @Test
    @DisplayName("stack traces at debug only")
    void stackTraces() {
        LogSetup.apply("debug", false, false, out);
        log.debug("seen", new IllegalStateException("boom"));
        assertThat(lines())
                .contains("error=\"java.lang.IllegalStateException: boom\"")
                .contains("\tat ");

        bytes.reset();
        LogSetup.apply("info", false, false, out);
        log.debug("unseen");
        log.error("seen", new IllegalStateException("boom"));
        assertThat(lines()).doesNotContain("unseen").doesNotContain("\tat ").contains("boom");
    }

    @Test
    @DisplayName("libraries are heard from warnings upwards")
    void libraries() {
        LogSetup.apply("debug", false, false, out);
        for (String name : List.of("io.netty.x", "io.vertx.x", "org.pf4j.x")) {
            LoggerFactory.getLogger(name).info("chatter");
            LoggerFactory.getLogger(name).warn("trouble");
        }

        assertThat(lines()).doesNotContain("chatter").contains("[org.pf4j.x] trouble");
        assertThat(lines().lines()).hasSize(3);
    }

    @Test
    @DisplayName("a connection that the other side broke off is no error of ours, and told at debug only")
    void brokenConnections() {
        LogSetup.apply("info", false, false, out);
        LoggerFactory.getLogger("io.vertx.core.net.impl.ConnectionBase").error("Connection reset by peer");
        assertThat(lines()).isEmpty();

        LogSetup.apply("debug", false, false, out);
        LoggerFactory.getLogger("io.vertx.core.net.impl.ConnectionBase").error("Connection reset by peer");
        assertThat(lines()).contains("Connection reset by peer");
    }

    @Test
    @DisplayName("what looks like a key is masked, wherever it stands, in both formats")
    void secrets() {
        for (boolean json : new boolean[] {true, false}) {
            LogSetup.apply("debug", json, false, out);
            log.atInfo()
                    .addKeyValue("header", "Bearer abcdefCANARY1234567")
                    .addKeyValue("secret", Secret.of("gsk_CANARY0123456789"))
                    .addKeyValue("list", List.of("sk-proj-CANARY0123456789"))
                    .setCause(new IllegalStateException("refused key sk-CANARY0123456789"))
                    .log("with gsk_CANARY0123456789");
        }

        assertThat(lines()).doesNotContain("CANARY").contains("with gsk_…").contains("***");
    }

    @Test
    @DisplayName("the stream stays open when logging is set up anew")
    void staysOpen() {
        LogSetup.apply("info", true, false, out);
        LogSetup.apply("info", false, false, out);

        out.print("still open");

        assertThat(lines()).endsWith("still open");
        assertThat(out.checkError()).isFalse();
    }
}
