package io.magicapi.gateway.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the documentation shows is run: every {@code bash} block of the README and of the first steps, every {@code yaml}
 * block, every {@code java} class. A block that nothing here knows how to run fails.
 */
class ReadmeIT {

    private static final String BUILD = "mvn -q -DskipTests package && ";
    private static final String TEST = "mvn verify";
    private static final String KEY = "gsk_canaryReadme0123456789";
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final List<String> FIRST_STEPS = List.of("README.md", "docs/getting-started.md");

    @TempDir
    static Path directory;

    private static FakeUpstream upstream;
    private static GatewayProcess gateway;

    /** Starts the gateway by the command of the README, where the build would have left the jar. */
    @BeforeAll
    static void start() throws IOException {
        Command.require("bash", "curl");
        upstream = FakeUpstream.start();
        Path target = Files.createDirectories(directory.resolve("dist/target"));
        Files.copy(GatewayProcess.JAR, target.resolve("gateway.jar"));
        Map<String, String> environment = Map.of(
                "PORT",
                "0",
                "GATEWAY_PROVIDERS_GROQ_BASE_URL",
                upstream.baseUrl() + "/openai",
                "GATEWAY_PROVIDERS_ACME_BASE_URL",
                upstream.baseUrl());
        gateway = GatewayProcess.start(directory, environment, List.of("bash", "-c", "exec " + startCommand()));
    }

    private static String startCommand() throws IOException {
        return blocks("README.md", "bash").stream()
                .filter(block -> block.startsWith(BUILD))
                .map(block -> block.substring(BUILD.length()).strip())
                .findFirst()
                .orElseThrow();
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
        if (upstream != null) {
            upstream.close();
        }
    }

    @Test
    @DisplayName("the two commands are what the build and the jar's place say")
    void twoCommands() throws IOException {
        for (String document : FIRST_STEPS) {
            assertThat(blocks(document, "bash").get(0).strip())
                    .as(document)
                    .isEqualTo(BUILD + "java -jar dist/target/gateway.jar");
        }
        assertThat(blocks("README.md", "bash").get(1).strip()).isEqualTo(TEST);
    }

    @TestFactory
    @DisplayName("every bash block")
    Stream<DynamicTest> bash() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (String document : FIRST_STEPS) {
            for (String block : blocks(document, "bash")) {
                if (!block.startsWith(BUILD) && !block.strip().equals(TEST)) {
                    tests.add(DynamicTest.dynamicTest(document + ": " + block, () -> request(block)));
                }
            }
        }
        return tests.stream();
    }

    private static void request(String block) {
        assertThat(block).as("a block that is no request").startsWith("curl ");
        upstream.reset();
        String onPort = block.replace("localhost:3000", "localhost:" + gateway.port())
                .replace("127.0.0.1:3000", "127.0.0.1:" + gateway.port());
        assertThat(onPort).as("a request to another place").isNotEqualTo(block);

        Command.Result result = Command.run(directory, Map.of("GROQ_API_KEY", KEY), List.of("bash", "-c", onPort));

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(Node.json(result.out()).has("error")).as(result.out()).isFalse();
        if (block.contains("$GROQ_API_KEY")) {
            ReceivedRequest received = upstream.awaitRequest();
            assertThat(received.target()).isEqualTo("/openai/v1/chat/completions");
            assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
        }
    }

    @TestFactory
    @DisplayName("every yaml block is a valid configuration")
    Stream<DynamicTest> yaml() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (String document : documents()) {
            for (String block : blocks(document, "yaml")) {
                tests.add(DynamicTest.dynamicTest(document + ": " + block, () -> {
                    Path file = Files.writeString(Files.createTempFile(directory, "example", ".yaml"), block);

                    Command.Result result =
                            GatewayProcess.run(directory, Map.of(), "config", "validate", "--config", file.toString());

                    assertThat(result.exitCode()).as(result.err()).isZero();
                }));
            }
        }
        assertThat(tests).isNotEmpty();
        return tests.stream();
    }

    @TestFactory
    @DisplayName(
            "every provider that is shown takes less than 25 lines, is accepted, and serves after it is dropped in")
    Stream<DynamicTest> providers() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (String block : blocks("docs/writing-a-plugin.md", "java")) {
            tests.add(DynamicTest.dynamicTest(block, () -> {
                assertThat(block.lines().count()).isLessThan(25);
                PluginJar plugin = PluginJar.of("acme")
                        .version("1.0.0")
                        .requires(">=0.1.0 & <1.0.0")
                        .source(block);
                Path jar = plugin.writeTo(directory);
                assertThat(GatewayProcess.run(directory, Map.of(), "plugins", "verify", jar.toString())
                                .exitCode())
                        .isZero();

                upstream.reset();
                plugin.writeTo(directory.resolve("plugins"));
                await().atMost(Duration.ofSeconds(3))
                        .pollInterval(Duration.ofMillis(50))
                        .until(() -> gateway.post(
                                        "/chat/completions",
                                        "{\"model\":\"any\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}",
                                        "x-provider",
                                        "acme",
                                        "authorization",
                                        "Bearer " + KEY)
                                .body()
                                .contains("\"content\":\"Hello!\""));
                ReceivedRequest received = upstream.awaitRequest();
                assertThat(received.target()).isEqualTo("/v1/chat/completions");
                assertThat(received.headers("authorization")).containsExactly("Bearer " + KEY);
            }));
        }
        assertThat(tests).isNotEmpty();
        return tests.stream();
    }

    @Test
    @DisplayName("every file that is linked to is there")
    void links() throws IOException {
        Pattern link = Pattern.compile("\\]\\((?!https?://|#)([^)#]+)(#[^)]*)?\\)");
        for (String document : documents()) {
            Path file = ROOT.resolve(document);
            Matcher links = link.matcher(Files.readString(file));
            while (links.find()) {
                assertThat(file.resolveSibling(links.group(1)))
                        .as("linked in " + document)
                        .exists();
            }
        }
    }

    private static List<String> documents() throws IOException {
        List<String> documents = new ArrayList<>(List.of("README.md", "CONTRIBUTING.md", "plugins/README.md"));
        try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
            files.filter(file -> file.toString().endsWith(".md"))
                    .map(file -> ROOT.relativize(file).toString())
                    .sorted()
                    .forEach(documents::add);
        }
        return documents;
    }

    /** {@return the blocks of a document in one language, in their order} */
    static List<String> blocks(String document, String language) throws IOException {
        Matcher block = Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```")
                .matcher(Files.readString(ROOT.resolve(document)));
        List<String> blocks = new ArrayList<>();
        while (block.find()) {
            blocks.add(block.group(1));
        }
        return blocks;
    }
}
