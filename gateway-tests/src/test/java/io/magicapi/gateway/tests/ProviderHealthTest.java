package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FaultBench;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What is known of keys and targets is told by the metrics, and outlives a reload")
class ProviderHealthTest {

    private static final String CONFIG = """
            providers:
              main:
                plugin: openai-compatible
                base-url: ${upstream}/main
                keys: [{ file: "${home}/a" }, { file: "${home}/b" }]
                breaker: { window: 2, open: 3s }
                retries: { attempts: 1 }
              spare:
                plugin: openai-compatible
                base-url: ${upstream}/spare
                keys: [{ file: "${home}/spare", in-flight: 1 }]
            models:
              smart: { route: [main/m, spare/m] }
              last: { route: [spare/m] }
            catalogue: { refresh: off }
            """;

    private static final Answer WELL = FaultBench.saying("Hello");
    private static final String BREAKER = "gateway_breaker_state{model=m provider=main}";

    private final GatewayExtension gateway = new GatewayExtension()
            .plugin(OpenAiJar.PATH)
            .environment("GATEWAY_ADMIN_KEY", AdminCalls.KEY)
            .configFile(CONFIG);

    /** What a key gets for an answer; those that are not named here serve. */
    private final Map<String, Answer> byKey = new ConcurrentHashMap<>();

    @BeforeEach
    void start() throws Exception {
        gateway.start();
        gateway.upstream().answerWith(Answer.from(request -> byKey.getOrDefault(key(request), WELL)));
        writeKeys("key-1", "key-2");
        write("spare", "key-s");
        reload(CONFIG, 200);
    }

    @AfterEach
    void stop() throws Exception {
        gateway.stop();
    }

    private static String key(ReceivedRequest request) {
        return request.header("authorization").orElse("none").replace("Bearer ", "");
    }

    private void write(String file, String key) {
        try {
            Files.writeString(gateway.home().resolve(file), key + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void writeKeys(String a, String b) {
        write("a", a);
        write("b", b);
    }

    private void reload(String yaml, int status) throws IOException {
        gateway.writeConfig(yaml);
        assertThat(AdminCalls.of(gateway).post("/admin/config/reload").status()).isEqualTo(status);
    }

    private Reply ask(String model) {
        try (AnswerClient client = asking(model)) {
            return client.read();
        }
    }

    private AnswerClient asking(String model) {
        return new AnswerClient(gateway).withoutKeyOrProvider(AnswerClient.CHAT.replace("\"m\"", '"' + model + '"'));
    }

    private static Answer error(int status, String code, String... header) {
        Headers headers = header.length == 0 ? Headers.of() : Headers.of(header[0], header[1]);
        return Answer.json(
                status, headers, "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"code\":\"" + code + "\"}}");
    }

    private static Answer usedUp(int seconds) {
        return error(429, "rate_limit_exceeded", "retry-after", Integer.toString(seconds));
    }

    private List<String> keys(String provider) {
        Scrape scrape = Scrape.of(gateway);
        List<String> states = new ArrayList<>();
        for (String state : List.of("usable", "cooling", "unpaid", "dead")) {
            int count = (int) scrape.value("gateway_keys{provider=" + provider + " state=" + state + "}");
            for (int i = 0; i < count; i++) {
                states.add(state);
            }
        }
        return states;
    }

    private double gauge(String series) {
        Scrape scrape = Scrape.of(gateway);
        assertThat(scrape.series()).containsKey(series);
        return scrape.value(series);
    }

    private List<String> keysAskedWith(int requests) {
        int before = gateway.upstream().requests().size();
        for (int i = 0; i < requests; i++) {
            assertThat(ask("smart").header("x-gateway-provider")).contains("main");
        }
        return gateway.upstream().requests().stream()
                .skip(before)
                .map(ProviderHealthTest::key)
                .distinct()
                .sorted()
                .toList();
    }

    private long mainAsked() {
        return gateway.upstream().requests().stream()
                .filter(request -> request.target().startsWith("/main"))
                .count();
    }

    @Test
    @DisplayName("the metrics tell how many keys of a provider are usable, cooling, unpaid or dead, and none of them")
    void keyStates() {
        assertThat(keys("main")).containsExactly("usable", "usable");
        byKey.put("key-1", usedUp(60));
        byKey.put("key-2", error(429, "insufficient_quota"));
        byKey.put("key-s", error(401, "invalid_api_key"));

        ask("smart");

        assertThat(keys("main")).containsExactly("cooling", "unpaid");
        assertThat(keys("spare")).containsExactly("dead");
        assertThat(AdminCalls.of(gateway).get("/metrics").body())
                .contains("gateway_keys{provider=\"main\",state=\"usable\"} 0.0")
                .doesNotContain("key-");
    }

    @Test
    @DisplayName(
            "the metrics tell how many requests a provider has, how many wait for it, and how many for a key of it")
    void queues() throws Exception {
        byKey.put("key-s", Answer.nothing().stall());

        try (AnswerClient holder = asking("last");
                AnswerClient waiting = asking("last")) {
            await().until(() -> gauge("gateway_keys_waiting{provider=spare}") == 1);
            assertThat(gauge("gateway_provider_in_flight{provider=spare}")).isEqualTo(2);
            assertThat(gauge("gateway_provider_waiting{provider=spare}")).isZero();
            reload(
                    CONFIG.replace(
                            "keys: [{ file: \"${home}/spare\"",
                            "limits: { in-flight: 1 }\n    keys: [{ file:" + " \"${home}/spare\""),
                    200);
            try (AnswerClient third = asking("last")) {
                await().until(() -> gauge("gateway_provider_waiting{provider=spare}") == 1);
                assertThat(gauge("gateway_provider_limit{provider=spare}")).isEqualTo(1);
            }
        }
        await().until(() -> gauge("gateway_keys_waiting{provider=spare}") == 0
                && gauge("gateway_provider_waiting{provider=spare}") == 0
                && gauge("gateway_provider_in_flight{provider=spare}") == 0);
    }

    @Test
    @DisplayName("the metrics tell whether the last reload was taken over, and when one was last")
    void reloads() throws Exception {
        String when = "gateway_config_last_reload_success_timestamp_seconds";
        assertThat(gauge("gateway_config_last_reload_successful")).isEqualTo(1);
        double first = gauge(when);
        assertThat(first).isCloseTo(Instant.now().getEpochSecond(), within(60.0));

        reload(CONFIG + "colour: blue\n", 422);

        assertThat(gauge("gateway_config_last_reload_successful")).isZero();
        assertThat(gauge(when)).isEqualTo(first);
        reload(CONFIG, 200);
        assertThat(gauge("gateway_config_last_reload_successful")).isEqualTo(1);
        assertThat(gauge(when)).isGreaterThan(first);
    }

    @Test
    @DisplayName(
            "a key that stays goes on cooling when others are rotated; one that was taken away comes back as good as new")
    void rotation() throws Exception {
        byKey.put("key-1", usedUp(60));
        await().until(() -> ask("smart").status() == 200 && keys("main").contains("cooling"));

        writeKeys("key-1", "key-3");
        reload(CONFIG, 200);
        assertThat(keys("main")).containsExactly("usable", "cooling");
        assertThat(keysAskedWith(10)).containsExactly("key-3");

        writeKeys("key-4", "key-3");
        reload(CONFIG, 200);
        assertThat(keys("main")).containsExactly("usable", "usable");

        byKey.clear();
        writeKeys("key-1", "key-1b");
        reload(CONFIG, 200);
        assertThat(keys("main")).containsExactly("usable", "usable");
        await().until(() -> keysAskedWith(10).contains("key-1"));
    }

    @Test
    @DisplayName("a breaker stays open over a reload, and its probe is the only one; its own settings begin it anew")
    void breaker() throws Exception {
        String other = CONFIG.replace("last: {", "other: { route: [spare/m] }\n  last: {");
        Answer down = error(503, "down");
        byKey.putAll(Map.of("key-1", down, "key-2", down));
        ask("smart");
        assertThat(gauge(BREAKER)).isEqualTo(1);

        reload(other, 200);
        assertThat(gauge(BREAKER)).isEqualTo(1);
        assertThat(ask("smart").header("x-gateway-provider")).contains("spare");
        assertThat(mainAsked()).isEqualTo(1);

        Answer late = Answer.nothing().pause(Duration.ofMillis(1500)).then(WELL);
        byKey.putAll(Map.of("key-1", late, "key-2", late));
        List<AnswerClient> clients = new ArrayList<>();
        await().pollInterval(Duration.ofMillis(100)).until(() -> {
            clients.add(asking("smart"));
            return gauge(BREAKER) == 2;
        });
        reload(CONFIG, 200);
        assertThat(gauge(BREAKER)).isEqualTo(2);
        assertThat(ask("smart").header("x-gateway-provider")).contains("spare");
        assertThat(mainAsked()).isEqualTo(2);
        await().until(() -> gauge(BREAKER) == 0);
        clients.forEach(AnswerClient::close);

        byKey.putAll(Map.of("key-1", down, "key-2", down));
        await().until(() -> ask("smart").status() == 200 && gauge(BREAKER) == 1);
        reload(CONFIG.replace("open: 3s", "open: 1m"), 200);
        long before = mainAsked();
        ask("smart");
        assertThat(mainAsked()).isEqualTo(before + 1);
    }

    @Test
    @DisplayName("of a ring of dead keys, a request tries four, each once, and goes on as with the only one")
    void ringOfDeadKeys() throws Exception {
        List<String> ring = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            write("dead-" + i, "dead-" + i);
            byKey.put("dead-" + i, error(401, "invalid_api_key"));
            ring.add("{ file: \"${home}/dead-" + i + "\" }");
        }
        reload(CONFIG.replace("[{ file: \"${home}/a\" }, { file: \"${home}/b\" }]", ring.toString()), 200);

        Reply reply = ask("smart");

        assertThat(reply.header("x-gateway-provider")).contains("spare");
        assertThat(reply.header("x-gateway-attempts")).contains("5");
        assertThat(gateway.upstream().requests())
                .extracting(ProviderHealthTest::key)
                .hasSize(5)
                .doesNotHaveDuplicates()
                .endsWith("key-s");
    }

    @Test
    @DisplayName(
            "if all keys of all targets rest, nobody is named as having answered, and Retry-After is that of the first")
    void allRest() {
        byKey.putAll(Map.of("key-1", usedUp(60), "key-2", usedUp(50), "key-s", usedUp(30)));
        assertThat(ask("smart").status()).isEqualTo(429);
        Scrape before = Scrape.of(gateway);

        Reply reply = ask("smart");

        assertThat(Scrape.of(gateway).since(before, "gateway_attempts_total", "gateway_passed_over_total"))
                .as("who was not asked is no attempt, neither here nor in the header")
                .isEqualTo(Map.of(
                        "gateway_passed_over_total{provider=main reason=overloaded}", 1.0,
                        "gateway_passed_over_total{provider=spare reason=overloaded}", 1.0));
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.header("x-gateway-provider")).isEmpty();
        assertThat(reply.header("x-gateway-model")).isEmpty();
        assertThat(reply.header("x-gateway-attempts")).contains("0");
        assertThat(Integer.parseInt(reply.header("retry-after").orElseThrow())).isBetween(20, 30);
        assertThat(reply.error().path("code").asText()).isEqualTo("overloaded");
        assertThat(reply.error().path("message").asText())
                .isEqualTo("no target of smart can be asked now: no key of this gateway for provider main may be used"
                        + " now: they have used up their share, or are refused; no key of this gateway for provider"
                        + " spare may be used now: they have used up their share, or are refused");
    }
}
