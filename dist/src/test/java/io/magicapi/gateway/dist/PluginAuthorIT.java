package io.magicapi.gateway.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.testkit.FakeUpstream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The first ten minutes of a plugin's author, as docs/writing-a-plugin.md has them: its {@code bash} blocks are run one
 * after another, in one folder with the {@code gateway.jar} that was just built.
 *
 * <p>The author's Maven is the one that runs this build. It finds our artifacts in a repository that the build has
 * filled, where it also keeps all else it needs; that it takes from the local repository of this build, which has it,
 * because our own plugins are built with the same parent. So nothing is installed, and nothing is downloaded.
 */
class PluginAuthorIT {

    private static final String DOCUMENT = "docs/writing-a-plugin.md";
    private static final List<String> STEPS = List.of(
            "java -jar gateway.jar plugins new acme",
            "cd acme && mvn verify",
            "java -jar gateway.jar --dev --plugins acme/target",
            "curl -s http://localhost:3000/v1/chat/completions \\",
            "cd acme && mvn package",
            "java -jar gateway.jar plugins verify acme/target/acme-0.1.0.jar",
            "cp acme/target/acme-0.1.0.jar plugins/");
    private static final String KEY = "key-of-the-caller";
    private static final Duration BUILD = Duration.ofMinutes(5);
    private static final Path GENERATED =
            Path.of("../gateway-plugin-archetype/target/test-classes/projects/acme/project");

    @TempDir
    Path directory;

    private final FakeUpstream upstream = FakeUpstream.start();
    private final List<GatewayProcess> gateways = new ArrayList<>();

    @BeforeEach
    void folder() throws IOException {
        Command.require("bash", "curl");
        Files.copy(GatewayProcess.JAR, directory.resolve("gateway.jar"));
        Path settings = Files.writeString(directory.resolve("settings.xml"), """
                <settings>
                  <mirrors>
                    <mirror>
                      <id>this-build</id>
                      <mirrorOf>*</mirrorOf>
                      <url>%s</url>
                    </mirror>
                  </mirrors>
                </settings>
                """.formatted(
                        Path.of(property("maven.repository")).toUri()));
        Path maven = Files.createDirectory(directory.resolve("bin")).resolve("mvn");
        Files.writeString(
                maven, """
                #!/bin/sh
                exec '%s/bin/mvn' -B -s '%s' -gs '%s' -Dmaven.repo.local='%s' "$@"
                """.formatted(property("maven.home"), settings, settings, property("author.repository")));
        assertThat(maven.toFile().setExecutable(true)).isTrue();
    }

    @AfterEach
    void stop() {
        gateways.forEach(GatewayProcess::close);
        upstream.close();
    }

    @Test
    @DisplayName("each step of docs/writing-a-plugin.md leads to the next, up to a provider that answers")
    void steps() throws IOException {
        GatewayProcess gateway = start();
        GatewayProcess dev = null;
        Path checksum = directory.resolve("acme/target/acme-0.1.0.jar.sha256");
        for (String step : STEPS) {
            String block = block(step);
            if (step.startsWith("java -jar gateway.jar --dev ")) {
                dev = start(step.substring("java -jar gateway.jar ".length()).split(" "));
            } else if (step.startsWith("curl ")) {
                answers(block, Objects.requireNonNull(dev));
            } else if (step.endsWith("mvn package")) {
                rebuild(block, Objects.requireNonNull(dev));
            } else {
                run(block);
            }
            if (step.endsWith("mvn verify")) {
                assertThat(checksum)
                        .hasContent(sha256(directory.resolve("acme/target/acme-0.1.0.jar")) + "  acme-0.1.0.jar");
            } else if (step.endsWith("mvn package")) {
                assertThat(checksum).as("a checksum of the jar before").doesNotExist();
            }
        }

        // The last step was to drop the jar into a gateway that was running all along.
        await().atMost(Duration.ofSeconds(5))
                .until(() -> gateway.output()
                        .lines()
                        .anyMatch(line -> line.contains("acme 0.1.0 (") && line.contains(" ready in ")));
        answers(block("curl "), gateway);
        assertThat(ReadmeIT.blocks(DOCUMENT, "bash"))
                .as("steps, and nothing that is no step")
                .extracting(block -> block.lines().findFirst().orElse(""))
                .containsExactlyElementsOf(STEPS);
    }

    @Test
    @DisplayName("what is shown is what both `plugins new` and the archetype write")
    void oneTemplate() throws IOException {
        run(block("java -jar gateway.jar plugins new "));

        Map<String, String> written = project(directory.resolve("acme"));

        assertThat(written).isEqualTo(project(GENERATED.resolve("acme")));
        assertThat(written.get("src/main/java/com/acme/AcmeProvider.java"))
                .isEqualTo(ReadmeIT.blocks(DOCUMENT, "java").get(0));
        assertThat(written.get("pom.xml"))
                .contains(ReadmeIT.blocks(DOCUMENT, "xml").get(0).indent(2).replaceAll("(?m) +$", ""));
    }

    @Test
    @DisplayName("the commands about Maven's repository name the modules that an author's build needs")
    void repository() throws IOException {
        String text = String.join("\n", ReadmeIT.blocks(DOCUMENT, "text"));
        assertThat(text)
                .contains("mvn -q -DskipTests -pl gateway-plugin-parent,gateway-plugin-archetype -am install\n")
                .contains("-DarchetypeGroupId=io.magicapi.gateway", "-DarchetypeArtifactId=gateway-plugin-archetype");

        // What those two and -am come to is all that the author's Maven had above.
        Path ours = Path.of(property("author.repository"), "io/magicapi/gateway");
        try (Stream<Path> modules = Files.list(ours)) {
            assertThat(modules.map(module -> module.getFileName().toString())
                            .filter(name -> !name.equals("own-plugins"))) // the parent of a jar that is left out
                    .containsExactlyInAnyOrder(
                            "gateway-api",
                            "gateway-core",
                            "gateway-parent",
                            "gateway-plugin-archetype",
                            "gateway-plugin-parent",
                            "gateway-testkit");
        }
    }

    /** {@return the block of the document that begins so} */
    private static String block(String beginning) throws IOException {
        return ReadmeIT.blocks(DOCUMENT, "bash").stream()
                .filter(block -> block.startsWith(beginning))
                .findFirst()
                .orElseThrow(() -> new AssertionError(DOCUMENT + " has no block: " + beginning));
    }

    private GatewayProcess start(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--port", "0"));
        if (arguments.length > 0) {
            all.addAll(List.of("--data", "data-dev"));
        }
        GatewayProcess gateway = GatewayProcess.start(
                directory, Map.of("GATEWAY_PROVIDERS_ACME_BASE_URL", upstream.baseUrl()), all.toArray(String[]::new));
        gateways.add(gateway);
        return gateway;
    }

    private String run(String step) {
        String path = directory.resolve("bin") + ":" + Command.java().getParent() + ":" + System.getenv("PATH");
        Map<String, String> environment = Map.of(
                "PATH",
                path,
                "JAVA_HOME",
                System.getProperty("java.home"),
                "MAVEN_SKIP_RC",
                "1",
                // The build of one class is over before the optimizing compiler pays.
                "MAVEN_OPTS",
                "-XX:TieredStopAtLevel=1");

        Command.Result result = Command.run(directory, environment, List.of("bash", "-c", step), BUILD);

        assertThat(result.exitCode())
                .as(step + "\n" + result.out() + result.err())
                .isZero();
        return result.out();
    }

    private void answers(String step, GatewayProcess gateway) {
        upstream.reset();
        assertThat(step).contains("localhost:3000", "acme/", "$ACME_KEY");

        String answer = run("ACME_KEY=" + KEY + "\n" + step.replace("localhost:3000", "localhost:" + gateway.port()));

        assertThat(answer).contains("\"content\":\"Hello!\"");
        assertThat(upstream.awaitRequest().headers("authorization")).containsExactly("Bearer " + KEY);
    }

    /** The author changes the class and builds again; the gateway takes the build, and says what the document says. */
    private void rebuild(String step, GatewayProcess dev) throws IOException {
        Path source = directory.resolve("acme/src/main/java/com/acme/AcmeProvider.java");
        String changed = Files.readString(source).replace(".example", ".example/v2");
        Files.writeString(source, changed);

        run(step);

        String line =
                "acme 0\\.1\\.0 \\([0-9a-f]{4}…\\) replaced \\([0-9a-f]{4}…\\) in \\d+ ms; no request is using the"
                        + " old one";
        await().atMost(Duration.ofSeconds(5))
                .until(() -> dev.output().lines().anyMatch(told -> told.matches(".*" + line + ".*")));
        assertThat(ReadmeIT.blocks(DOCUMENT, "text"))
                .anySatisfy(shown -> assertThat(shown.strip()).matches(line));
        Files.writeString(source, changed.replace(".example/v2", ".example"));
    }

    private static Map<String, String> project(Path root) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            all.filter(Files::isRegularFile)
                    .filter(file -> !root.relativize(file).startsWith("target"))
                    .forEach(file -> files.put(root.relativize(file).toString(), read(file)));
        }
        assertThat(files).hasSize(5);
        return files;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String property(String name) {
        return Objects.requireNonNull(System.getProperty(name), name);
    }
}
