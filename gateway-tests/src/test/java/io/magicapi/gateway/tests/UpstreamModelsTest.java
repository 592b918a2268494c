package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Catalogue;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.event.Level;

/** {@code GET /v1/models} shows what upstreams list, and never waits for them. */
class UpstreamModelsTest {

    private static final Duration ONCE = Duration.ofHours(1);
    private static final Duration OFTEN = Duration.ofMillis(50);
    private static final String KEY = "sk-canary-of-acme";
    private static final String[] CATALOGUE = {"acme/steady", "acme/fading", "acme/gone"};

    private static final String LIST = """
            {"object":"list","data":[
              {"id":"steady","object":"model","created":1700000000,"owned_by":"Acme","context_window":200000,
               "price":0.00000015,"provider":"forged","nested":{"a":[1]}},
              {"id":"fading","object":"model","created":"soon","owned_by":7,"active":true,"status":"active"},
              {"id":"gone","object":"model","active":true},
              {"id":"org/fresh","object":"x","created":1800000000,"owned_by":"Org","active":false},
              {"id":""},{"id":{"x":1}},"text",null]}
            """;

    private static final String SOURCE = """
            package com.acme;

            import io.magicapi.gateway.api.*;
            import java.io.ByteArrayInputStream;
            import java.util.*;

            @org.pf4j.Extension
            public class AcmeProvider implements Provider {
                @Override public String name() { return "acme"; }
                @Override public String baseUrl() { return "http://127.0.0.1:9"; }
                @Override public Optional<String> keyVariable() { return Optional.of("ACME_KEY"); }
                @Override public List<Model> models() {
                    return Model.readCatalogue(new ByteArrayInputStream((\"""
                        [{"id":"steady","owned-by":"A","context-window":100,"max-tokens":50},
                         {"id":"fading","status":"deprecated","shutdown":"2030-01-01","replacement":"steady"},
                         {"id":"gone","status":"shut-down","shutdown":"2020-01-01","replacement":"steady"}]
                        \""").getBytes()));
                }
                @Override public Headers processHeaders(Headers client, Call call) {
                    return Provider.super.processHeaders(client, call)
                            .with("x-version", "%s")
                            .with("x-thread", Thread.currentThread().getName());
                }
            }
            """;

    private static final String FREE = """
            package com.free;

            import io.magicapi.gateway.api.*;

            @org.pf4j.Extension
            public class FreeProvider implements Provider {
                @Override public String name() { return "free"; }
                @Override public String baseUrl() { return "http://127.0.0.1:9"; }
                @Override public Headers processHeaders(Headers client, Call call) { return client; }
            }
            """;

    private final FakeUpstream upstream = FakeUpstream.start();
    private final List<GatewayExtension> started = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (GatewayExtension gateway : started) {
            gateway.stop();
        }
        upstream.close();
    }

    private static PluginJar acme(String version) {
        return PluginJar.of("acme").version(version).source(SOURCE.formatted(version));
    }

    private GatewayExtension start(GatewayExtension gateway, Duration refresh, String... providers) throws Exception {
        gateway.config(
                config -> at(upstream.baseUrl(), config, providers).withCatalogue(new Catalogue(Optional.of(refresh))));
        started.add(gateway);
        gateway.start();
        return gateway;
    }

    private static GatewayConfig at(String baseUrl, GatewayConfig config, String... providers) {
        Map<String, ProviderSettings> settings = new HashMap<>();
        for (String provider : providers) {
            settings.put(provider, ProviderSettings.DEFAULT.withBaseUrl(baseUrl + "/" + provider));
        }
        return config.withProviders(settings);
    }

    private GatewayExtension startAcme(Duration refresh) throws Exception {
        return start(new GatewayExtension().plugin(acme("1.0.0")).environment("ACME_KEY", KEY), refresh, "acme");
    }

    private static RawReply get(GatewayExtension gateway, String path) {
        return RawConnection.ask(gateway, RawRequest.get(path).without("authorization"));
    }

    private static Stream<JsonNode> models(GatewayExtension gateway) {
        RawReply reply = get(gateway, "/v1/models");
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.json().path("object").asText()).isEqualTo("list");
        return StreamSupport.stream(reply.json().path("data").spliterator(), false)
                .filter(model -> !model.path("provider").asText().equals("echo"));
    }

    private static List<String> ids(GatewayExtension gateway) {
        return models(gateway).map(model -> model.path("id").asText()).toList();
    }

    private static JsonNode model(GatewayExtension gateway, String id) {
        return models(gateway)
                .filter(model -> model.path("id").asText().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static void awaitListed(GatewayExtension gateway, String id) {
        await().untilAsserted(() -> assertThat(ids(gateway)).contains(id));
    }

    @Test
    @DisplayName("the catalogue comes first, then what the upstream lists besides; the end of a model stands")
    void merged() throws Exception {
        upstream.answerWith(Answer.json(200, LIST));

        GatewayExtension gateway = startAcme(ONCE);

        awaitListed(gateway, "acme/org/fresh");
        assertThat(ids(gateway)).containsExactly("acme/steady", "acme/fading", "acme/gone", "acme/org/fresh");
        assertThat(model(gateway, "acme/steady"))
                .hasToString(
                        "{\"id\":\"acme/steady\",\"object\":\"model\",\"created\":1700000000,"
                                + "\"owned_by\":\"Acme\",\"provider\":\"acme\",\"active\":true,\"context_window\":200000,"
                                + "\"max_completion_tokens\":50,\"status\":\"active\",\"price\":1.5E-7,\"nested\":{\"a\":[1]}}");
        assertThat(model(gateway, "acme/fading"))
                .hasToString("{\"id\":\"acme/fading\",\"object\":\"model\",\"created\":0,\"owned_by\":\"unknown\","
                        + "\"provider\":\"acme\",\"active\":true,\"status\":\"deprecated\","
                        + "\"shutdown_date\":\"2030-01-01\",\"replacement\":\"acme/steady\"}");
        assertThat(model(gateway, "acme/gone").path("active").asBoolean(true)).isFalse();
        assertThat(model(gateway, "acme/gone").path("status").asText()).isEqualTo("shut-down");
        assertThat(model(gateway, "acme/org/fresh"))
                .hasToString("{\"id\":\"acme/org/fresh\",\"object\":\"model\",\"created\":1800000000,"
                        + "\"owned_by\":\"Org\",\"provider\":\"acme\",\"active\":false}");
    }

    @Test
    @DisplayName("one model that only the upstream lists is found, with its slashes plain and encoded")
    void one() throws Exception {
        upstream.answerWith(Answer.json(200, LIST));
        GatewayExtension gateway = startAcme(ONCE);
        awaitListed(gateway, "acme/org/fresh");

        assertThat(get(gateway, "/v1/models/acme/org/fresh").json()).isEqualTo(model(gateway, "acme/org/fresh"));
        assertThat(get(gateway, "/v1/models/acme%2Forg%2Ffresh").json()).isEqualTo(model(gateway, "acme/org/fresh"));
        assertThat(get(gateway, "/v1/models/acme/fresher").assertRefusal(404, "model_not_found"))
                .contains("acme/org/fresh");
    }

    @Test
    @DisplayName("the upstream is asked once for many requests, with the key of the gateway and no other's")
    void cached() throws Exception {
        upstream.answerWith(Answer.json(200, LIST));
        GatewayExtension gateway = startAcme(ONCE);
        awaitListed(gateway, "acme/org/fresh");

        for (int i = 0; i < 20; i++) {
            RawReply reply = RawConnection.ask(gateway, RawRequest.get("/v1/models"));
            assertThat(reply.status()).isEqualTo(200);
        }

        assertThat(upstream.requests()).hasSize(1);
        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.method()).isEqualTo("GET");
        assertThat(received.target()).isEqualTo("/acme/v1/models");
        assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        assertThat(received.headers("host"))
                .containsExactly(URI.create(upstream.baseUrl()).getAuthority());
        assertThat(received.header("x-version")).hasValue("1.0.0");
        assertThat(received.header("x-thread"))
                .hasValueSatisfying(name -> assertThat(name).doesNotContain("eventloop"));
    }

    @Test
    @DisplayName("a list is read anew every so often, and stays when the upstream fails")
    void refreshed() throws Exception {
        upstream.answerWith(Answer.json(200, "{\"data\":[{\"id\":\"one\"}]}"));
        GatewayExtension gateway = startAcme(OFTEN);
        awaitListed(gateway, "acme/one");

        upstream.answerWith(Answer.json(200, "[{\"id\":\"two\"}]"));
        awaitListed(gateway, "acme/two");
        assertThat(ids(gateway)).doesNotContain("acme/one");
        upstream.answerWith(Faults.status(500));
        int before = upstream.requests().size();
        await().until(() -> upstream.requests().size() > before + 3);

        assertThat(ids(gateway)).contains("acme/two");
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of("refused", Faults.status(401)),
                Arguments.of("an error", Faults.status(500)),
                Arguments.of("HTML", Faults.htmlError(200)),
                Arguments.of("no list", Answer.json(200, "{\"data\":{}}")),
                Arguments.of("nothing", Answer.json(200, "")),
                Arguments.of("half a list", Answer.json(200, LIST.substring(0, 200))),
                Arguments.of("deep", Answer.json(200, "[".repeat(100_000))),
                Arguments.of("too long", Faults.floodBody(64L * 1024 * 1024)),
                Arguments.of("coded", Faults.gzip()),
                Arguments.of("reset", Faults.resetMidBody()),
                Arguments.of("garbage", Faults.garbage()),
                Arguments.of("a huge head", Faults.hugeHead(1024 * 1024)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    @DisplayName("an upstream that answers with anything but a list costs one line, and the catalogue is listed")
    void failing(String name, Answer answer) throws Exception {
        upstream.answerWith(answer);
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.upstream", Level.DEBUG);
                LogCapture libraries = LogCapture.of("io.vertx", Level.WARN)) {

            GatewayExtension gateway = startAcme(OFTEN);

            assertThat(ids(gateway)).containsExactly(CATALOGUE);
            int before = upstream.acceptedConnections();
            await().until(() -> upstream.acceptedConnections() > before + 3);
            assertThat(ids(gateway)).containsExactly(CATALOGUE);
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("provider=\"acme\""))
                    .hasSize(1)
                    .allMatch(line -> line.contains("could not be read"));
            assertThat(libraries.lines()).isEmpty();
            assertThat(log.lines().toString()).doesNotContain(KEY);
        }
    }

    @Test
    @DisplayName("an upstream that is silent or slow keeps nobody waiting, neither clients nor a gateway that stops")
    void silent() throws Exception {
        upstream.answerWith(Faults.stallMidBody());
        GatewayExtension gateway = startAcme(ONCE);
        upstream.awaitRequest();

        assertThat(ids(gateway)).containsExactly(CATALOGUE);
        gateway.stop();
        started.clear();

        assertThat(upstream.awaitClientClosed().withinAnswer()).isTrue();
    }

    @Test
    @DisplayName("without a network the catalogue is listed")
    void offline() throws Exception {
        FakeUpstream gone = FakeUpstream.start();
        gone.close();
        GatewayExtension gateway = new GatewayExtension()
                .plugin(acme("1.0.0"))
                .environment("ACME_KEY", KEY)
                .config(config -> at(gone.baseUrl(), config, "acme").withCatalogue(new Catalogue(Optional.of(OFTEN))));
        started.add(gateway);
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.upstream")) {

            gateway.start();

            await().until(() -> !log.lines().isEmpty());
            assertThat(ids(gateway)).containsExactly(CATALOGUE);
            assertThat(log.lines()).hasSize(1);
            assertThat(log.lines().get(0)).contains("provider=\"acme\"", "upstream_unreachable");
        }
    }

    @Test
    @DisplayName("no redirect is followed, which would show the key to another host")
    void redirected() throws Exception {
        try (FakeUpstream elsewhere = FakeUpstream.start()) {
            elsewhere.answerWith(Answer.json(200, LIST));
            upstream.answerWith(Faults.redirect(elsewhere.baseUrl() + "/v1/models"));

            GatewayExtension gateway = startAcme(OFTEN);

            await().until(() -> upstream.requests().size() > 3);
            assertThat(ids(gateway)).containsExactly(CATALOGUE);
            assertThat(elsewhere.acceptedConnections()).isZero();
        }
    }

    @Test
    @DisplayName(
            "a provider that needs a key is not asked without one, not even with a caller's; one that needs none is")
    void keyless() throws Exception {
        upstream.answerWith(Answer.json(200, LIST));
        GatewayExtension gateway = start(
                new GatewayExtension()
                        .plugin(acme("1.0.0"))
                        .plugin(PluginJar.of("free").source(FREE)),
                OFTEN,
                "acme",
                "free");

        awaitListed(gateway, "free/org/fresh");
        RawConnection.ask(gateway, RawRequest.get("/v1/models"));
        int before = upstream.requests().size();
        await().until(() -> upstream.requests().size() > before + 3);

        assertThat(upstream.requests()).allSatisfy(request -> {
            assertThat(request.target()).isEqualTo("/free/v1/models");
            assertThat(request.header("authorization")).isEmpty();
        });
        assertThat(ids(gateway)).contains(CATALOGUE).doesNotContain("acme/org/fresh");
    }

    @Test
    @DisplayName("a server that needs no key and does not run is not mentioned")
    void notSetUp() throws Exception {
        upstream.answerWith(Faults.closeBeforeHead());
        try (LogCapture log = LogCapture.of("io.magicapi.gateway.upstream")) {

            start(new GatewayExtension().plugin(PluginJar.of("free").source(FREE)), OFTEN, "free");

            await().until(() -> upstream.requests().size() > 3);
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    @DisplayName("what a version's upstream listed goes with the version, and the next one's is asked")
    void swapped() throws Exception {
        upstream.answerWith(Answer.json(200, LIST));
        GatewayExtension gateway = startAcme(ONCE);
        awaitListed(gateway, "acme/org/fresh");
        upstream.reset();
        upstream.answerWith(Answer.json(200, "[{\"id\":\"newer\"}]"));

        Path jar;
        try (Stream<Path> files = Files.list(gateway.plugins())) {
            jar = files.findFirst().orElseThrow();
        }
        acme("1.1.0").write(jar);

        awaitListed(gateway, "acme/newer");
        assertThat(ids(gateway)).doesNotContain("acme/org/fresh");
        assertThat(upstream.awaitRequest().header("x-version")).hasValue("1.1.0");
        Files.delete(jar);
        await().untilAsserted(() -> assertThat(ids(gateway)).isEmpty());
        assertThat(upstream.requests()).hasSize(1);
    }

    @Test
    @DisplayName("a version that is replaced while its upstream is silent is let go at once")
    void swappedWhileSilent() throws Exception {
        upstream.answerWith(Faults.silence());
        GatewayExtension gateway = startAcme(ONCE);
        upstream.awaitRequest();

        try (Stream<Path> files = Files.list(gateway.plugins())) {
            Files.delete(files.findFirst().orElseThrow());
        }

        upstream.awaitClientClosed();
        assertThat(ids(gateway)).isEmpty();
    }

    @Test
    @DisplayName("a plugin translates its upstream's list: Anthropic's")
    void translated() throws Exception {
        upstream.answerWith(Answer.http(
                200,
                Headers.of("content-type", "application/json"),
                "{\"data\":[{\"type\":\"model\",\"id\":\"claude-fresh\",\"created_at\":\"2026-01-01T00:00:00Z\"}]}"
                        .getBytes(StandardCharsets.UTF_8)));

        GatewayExtension gateway = start(
                new GatewayExtension()
                        .plugin(Path.of("target/plugin-jars/anthropic.jar"))
                        .environment("ANTHROPIC_API_KEY", KEY),
                ONCE,
                "anthropic");

        awaitListed(gateway, "anthropic/claude-fresh");
        assertThat(model(gateway, "anthropic/claude-fresh").path("created").asLong())
                .isEqualTo(1767225600);
        ReceivedRequest received = upstream.awaitRequest();
        assertThat(received.target()).isEqualTo("/anthropic/v1/models?limit=1000");
        assertThat(received.header("x-api-key")).hasValue(KEY);
        assertThat(received.header("authorization")).isEmpty();
    }
}
