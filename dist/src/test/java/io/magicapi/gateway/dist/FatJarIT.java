package io.magicapi.gateway.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code gateway.jar} as an operator meets it. */
class FatJarIT {

    private static final String ECHO =
            "{\"model\":\"echo/hello\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
    private static final String KEY = "gsk_canaryOperator0123456789";
    private static final String CALLERS_KEY = "gsk_canaryCaller9876543210";

    @TempDir
    Path directory;

    private FakeUpstream upstream;

    @BeforeEach
    void startUpstream() {
        upstream = FakeUpstream.start();
    }

    @AfterEach
    void closeUpstream() {
        upstream.close();
    }

    @Test
    @DisplayName("the jar is small")
    void size() throws IOException {
        assertThat(Files.size(GatewayProcess.JAR)).isLessThan(20L << 20);
    }

    @Test
    @DisplayName("started in an empty directory, it brings its plugins, serves, and ends on TERM with 143")
    void emptyDirectory() throws IOException {
        try (GatewayProcess gateway = GatewayProcess.start(directory, Map.of())) {
            JsonNode ready = gateway.ready();
            assertThat(ready.path("loaded").asInt()).isEqualTo(4);
            assertThat(ready.path("rejected").asInt()).isZero();
            assertThat(ready.path("providers").findValuesAsText("provider"))
                    .containsExactlyInAnyOrder(
                            "anthropic",
                            "bedrock",
                            "cerebras",
                            "cohere",
                            "deepseek",
                            "echo",
                            "fireworks",
                            "gemini",
                            "groq",
                            "lm-studio",
                            "mistral",
                            "ollama",
                            "openai",
                            "openrouter",
                            "perplexity",
                            "sambanova",
                            "together",
                            "vllm",
                            "xai");
            assertThat(jars(directory.resolve("plugins")))
                    .satisfiesExactlyInAnyOrder(
                            jar -> assertThat(jar).startsWith("anthropic-"),
                            jar -> assertThat(jar).startsWith("bedrock-"),
                            jar -> assertThat(jar).startsWith("groq-"),
                            jar -> assertThat(jar).startsWith("openai-"));

            HttpResponse<String> answer = gateway.post("/chat/completions", ECHO);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("\"content\":\"Hello!\"");
            assertThat(gateway.get("/models").body())
                    .contains("groq/openai/gpt-oss-20b", "anthropic/claude-opus-5-5", "echo/hello");

            assertThat(gateway.stop()).isEqualTo(143);
            assertThat(gateway.output())
                    .contains("\"message\":\"stopped\"")
                    .doesNotContain("\"level\":\"warn\"", "\"level\":\"error\"", "WARNING");
        }
    }

    @Test
    @DisplayName("the start screen tells what is served, in UTF-8 even where the environment names no language")
    void startScreen() {
        try (GatewayProcess gateway =
                GatewayProcess.start(directory, Map.of("GROQ_API_KEY", KEY), "--port", "0", "--log-format", "text")) {
            assertThat(gateway.output())
                    .contains("  API         " + gateway.api())
                    .containsPattern("groq +\\S+ +GROQ_API_KEY gsk_…\\S{4} +ready")
                    .contains("  waiting for a key   anthropic, bedrock, cerebras, cohere, deepseek, ")
                    .contains("  no key needed       lm-studio, ollama, vllm")
                    .doesNotContain(KEY);
            assertThat(gateway.post("/chat/completions", ECHO).statusCode()).isEqualTo(200);
        }
    }

    @Test
    @DisplayName("a provider that speaks OpenAI's API is four lines of YAML")
    void compatible() throws IOException {
        Files.writeString(directory.resolve("gateway.yaml"), """
                server: { port: 0 }
                providers:
                  lab:
                    plugin: openai-compatible
                    base-url: %s/v1
                    keys: [{ env: LAB_KEY }]
                """.formatted(upstream.baseUrl()));

        try (GatewayProcess gateway = GatewayProcess.start(directory, Map.of("LAB_KEY", KEY), "serve")) {
            // Nobody is named, and lab is the only one that was set up.
            HttpResponse<String> got = gateway.post("/chat/completions", ECHO.replace("echo/hello", "any"));

            assertThat(got.body()).contains("\"content\":\"Hello!\"");
            ReceivedRequest received = upstream.awaitRequest();
            assertThat(received.target()).isEqualTo("/v1/chat/completions");
            assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        }
    }

    @Test
    @DisplayName("bundled plugins that were deleted stay deleted")
    void deletedBundle() throws IOException {
        GatewayProcess.start(directory, Map.of()).close();
        for (String jar : jars(directory.resolve("plugins"))) {
            Files.delete(directory.resolve("plugins").resolve(jar));
        }

        try (GatewayProcess again = GatewayProcess.start(directory, Map.of())) {
            assertThat(again.ready().path("loaded").asInt()).isZero();
        }
        assertThat(jars(directory.resolve("plugins"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "serve --help", "plugins verify --help", "--version", "version"})
    @DisplayName("asking for help or for the version starts nothing and leaves nothing")
    void help(String arguments) throws IOException {
        Command.Result result = GatewayProcess.run(directory, Map.of(), arguments.split(" "));

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).contains("gateway");
        assertThat(result.err()).isEmpty();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--prot 1, 2, Did you mean --port?",
        "sevre, 2, Did you mean serve?",
        "--port much, 2, much",
        "--config absent.yaml, 3, GW-C01",
        "--host 0.0.0.0, 3, GW-C07",
        "--host 192.0.2.1 --config open.yaml, 4, GW-S02",
        "plugins verify broken.jar, 5, GW-P12",
        "plugins verify good.jar broken.jar, 5, GW-P12",
        "plugins verify good.jar, 0, ''"
    })
    @DisplayName("what is wrong is told in the exit code, and in words")
    void exitCodes(String arguments, int exitCode, String words) throws IOException {
        Files.writeString(directory.resolve("open.yaml"), "auth: { open: true }\n");
        Files.writeString(directory.resolve("broken.jar"), "no jar at all");
        PluginJar.of("good").provider("good", "https://good.example").write(directory.resolve("good.jar"));

        Command.Result result = GatewayProcess.run(directory, Map.of(), arguments.split(" "));

        assertThat(result.exitCode()).as(result.err()).isEqualTo(exitCode);
        assertThat(result.err()).contains(words).doesNotContain("\tat ");
    }

    @Test
    @DisplayName("a mistake in gateway.yaml is told with its place and the right word")
    void configMistake() throws IOException {
        Files.writeString(directory.resolve("gateway.yaml"), "server:\n  prot: 3000\n");

        Command.Result result = GatewayProcess.run(directory, Map.of());

        assertThat(result.exitCode()).isEqualTo(3);
        assertThat(result.err()).contains("gateway.yaml:2:3", "GW-C03", "\"prot\"", "\"port\"");
    }

    @Test
    @DisplayName("a port in use is told, with another one to try")
    void portTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Command.Result result =
                    GatewayProcess.run(directory, Map.of("PORT", Integer.toString(taken.getLocalPort())));

            assertThat(result.exitCode()).isEqualTo(4);
            assertThat(result.err()).contains("GW-S01", "Try: --port ");
        }
    }

    @Test
    @DisplayName("gateway.yaml and the environment together configure it, and bodies pass byte for byte both ways")
    void configured() throws IOException {
        Files.writeString(directory.resolve("gateway.yaml"), """
                server: { port: 0 }
                routing: { default-provider: groq }
                providers:
                  groq:
                    base-url: https://overridden.by.the.environment.example
                    keys:
                      - { name: main, env: MY_KEY }
                """);
        String body = "{ \"model\" : \"openai/gpt-oss-20b\",\r\n \"messages\":[{\"role\":\"user\",\"content\":"
                + "\"Gr\\u00fc\\u00dfe \\ud800 नमस्ते\"}], \"x\": 1.0e5 }\n";
        String answer = "{ \"choices\" : [ ],\n\"unknown\":\"\\u0000 👋\" }\n";
        upstream.enqueue(Answer.json(200, answer));

        try (GatewayProcess gateway = GatewayProcess.start(
                directory,
                Map.of("MY_KEY", KEY, "GATEWAY_PROVIDERS_GROQ_BASE_URL", upstream.baseUrl() + "/openai"),
                "serve")) {
            HttpResponse<String> got = gateway.post("/chat/completions?a=%2F", body, "x-provider", "groq");

            assertThat(got.body()).isEqualTo(answer);
            ReceivedRequest received = upstream.awaitRequest();
            assertThat(received.requestLine()).isEqualTo("POST /openai/v1/chat/completions?a=%2F HTTP/1.1");
            assertThat(received.body()).isEqualTo(body.getBytes(StandardCharsets.UTF_8));
            assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
            assertThat(received.headers("x-provider")).isEmpty();
        }
    }

    @Test
    @DisplayName("a model that only its upstream lists is listed, though nobody has asked for it yet")
    void models() throws IOException {
        upstream.answerWith(Answer.json(200, "{\"data\":[{\"id\":\"org/brand-new\"}]}"));
        Map<String, String> environment = Map.of(
                "GROQ_API_KEY",
                KEY,
                "GATEWAY_PROVIDERS_GROQ_BASE_URL",
                upstream.baseUrl() + "/openai",
                "GATEWAY_CATALOGUE_REFRESH",
                "1h");

        try (GatewayProcess gateway = GatewayProcess.start(directory, environment)) {
            await().untilAsserted(() -> assertThat(gateway.get("/models").body())
                    .contains("\"id\":\"groq/org/brand-new\"", "\"id\":\"groq/llama-3.1-8b-instant\""));
            assertThat(upstream.requests()).hasSize(1);
            assertThat(upstream.awaitRequest().headers("authorization")).containsExactly("Bearer " + KEY);
        }
    }

    @Test
    @DisplayName("a jar that is dropped in serves within two seconds, and is gone when it is deleted")
    void dropFolder() throws IOException {
        String request = "{\"model\":\"any\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";
        Map<String, String> environment = Map.of("GATEWAY_PROVIDERS_ACME_BASE_URL", upstream.baseUrl());
        try (GatewayProcess gateway = GatewayProcess.start(directory, environment)) {
            assertThat(gateway.post("/chat/completions", request, "x-provider", "acme")
                            .body())
                    .contains("\"code\":\"provider_not_found\"");

            PluginJar acme = PluginJar.of("acme").provider("acme", "https://acme.example");
            Path jar = acme.writeTo(directory.resolve("plugins"));
            // Two seconds are promised; a busy machine gets one more.
            await().atMost(Duration.ofSeconds(3))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> gateway.post(
                                    "/chat/completions", request, "x-provider", "acme", "authorization", "Bearer k")
                            .body()
                            .contains("\"content\":\"Hello!\""));
            assertThat(upstream.awaitRequest().target()).isEqualTo("/v1/chat/completions");

            Files.delete(jar);
            await().atMost(Duration.ofSeconds(5))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> gateway.post(
                                    "/chat/completions", request, "x-provider", "acme", "authorization", "Bearer k")
                            .body()
                            .contains("\"code\":\"provider_not_found\""));
        }
    }

    @Test
    @DisplayName("the command line finds the running gateway and asks it about its plugins, without configuration")
    void plugins() throws IOException {
        Path told = directory.resolve("data/admin.json");
        try (GatewayProcess gateway = GatewayProcess.start(directory, Map.of())) {
            assertThat(gateway.ready().path("admin").asText())
                    .matches("http://127\\.0\\.0\\.1:\\d+/admin   key from .*");
            Command.Result status = GatewayProcess.run(directory, Map.of(), "plugins", "status");
            assertThat(status.exitCode()).as(status.err()).isZero();
            assertThat(status.out()).containsPattern("groq +\\S+ +ready +0 ");

            Command.Result unloaded = GatewayProcess.run(directory, Map.of(), "plugins", "unload", "groq");
            assertThat(unloaded.exitCode()).as(unloaded.err()).isZero();
            assertThat(gateway.get("/models").body()).doesNotContain("groq/");
            Command.Result refused = GatewayProcess.run(directory, Map.of(), "plugins", "promote", "groq");
            assertThat(refused.exitCode()).isEqualTo(5);
            assertThat(refused.err()).startsWith("GW-P35 ");

            assertThat(gateway.stop()).isEqualTo(143);
        }
        assertThat(told).doesNotExist();
        Command.Result nobody = GatewayProcess.run(directory, Map.of(), "plugins", "status");
        assertThat(nobody.exitCode()).isEqualTo(6);
        assertThat(nobody.err()).startsWith("GW-S13 ").doesNotContain("\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "debug"})
    @DisplayName("no key, prompt or answer is in what it writes, whatever goes wrong")
    void secrets(String level) {
        String refused = "{\"error\":{\"message\":\"Incorrect API key provided: " + CALLERS_KEY
                + "\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}";
        String prompt = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"confidential words\"}]";
        Map<String, String> environment =
                Map.of("GROQ_API_KEY", KEY, "GATEWAY_PROVIDERS_GROQ_BASE_URL", upstream.baseUrl());
        upstream.enqueue(
                Answer.json(401, refused),
                Answer.json(200, refused),
                Answer.openEvents(List.of("data: {\"choices\":[{\"delta\":{\"content\":\"confidential words\"}}]}\n\n"))
                        .reset(),
                Answer.nothing().close(),
                Answer.nothing().close(),
                Answer.raw("no http, but " + CALLERS_KEY + "\r\n\r\n"));

        try (GatewayProcess gateway =
                GatewayProcess.start(directory, environment, "--port", "0", "--log-level", level)) {
            for (String end : List.of("}", ",\"stream\":true}", ",\"stream\":true}", "}", "}", "}", "")) {
                try {
                    gateway.post(
                            "/chat/completions",
                            prompt + end,
                            "x-provider",
                            "groq",
                            "authorization",
                            "Bearer " + CALLERS_KEY);
                } catch (UncheckedIOException cut) {
                    // A stream that breaks is cut; what is written about it matters here.
                }
            }
            gateway.post("/chat/completions", prompt + "}", "x-provider", "groq");
            gateway.post("/chat/completions?key=" + CALLERS_KEY, prompt + "}", "x-provider", "grok");

            gateway.stop();
            assertThat(gateway.output())
                    .contains("\"message\":\"request\"")
                    .doesNotContain(KEY, CALLERS_KEY, "confidential");
            if (level.equals("info")) {
                assertThat(gateway.output())
                        .as("what others do wrong is no error of the gateway's")
                        .doesNotContain("\"level\":\"error\"");
            }
        }
    }

    private static List<String> jars(Path plugins) throws IOException {
        try (Stream<Path> files = Files.list(plugins)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jar"))
                    .toList();
        }
    }
}
