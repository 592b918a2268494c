package io.magicapi.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The process as an operator meets it: what it prints, how it ends. */
@Timeout(60)
class MainTest {

    @TempDir
    Path directory;

    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void end() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    private Process gateway(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                // As the manifest of the fat jar says; newer Java warns without it, older does not know it.
                Runtime.version().feature() < 22 ? "-Dnothing" : "--enable-native-access=ALL-UNNAMED",
                "-cp",
                // Without the tests' own settings of the log.
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> !entry.endsWith("test-classes"))
                        .collect(Collectors.joining(File.pathSeparator)),
                "io.magicapi.gateway.Main"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("GATEWAY_") || name.equals("PORT"));
        builder.environment().remove("HOST");
        builder.environment().put("XDG_CONFIG_HOME", directory.resolve("none").toString());
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    /** As a terminal or a service manager sends it; {@link Process#destroy} would close the streams as well. */
    private static void signal(String name, Process process) throws Exception {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .start()
                .waitFor();
    }

    private static BufferedReader output(Process process) {
        return process.inputReader(StandardCharsets.UTF_8);
    }

    private static String errors(Process process) throws IOException {
        return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("into a pipe it prints one JSON event when it is ready, and TERM ends it with 143")
    void readyAndTerm() throws Exception {
        Process process = gateway("--port", "0");
        BufferedReader output = output(process);

        JsonNode ready = new ObjectMapper().readTree(output.readLine());

        assertThat(ready.path("message").asText()).isEqualTo("ready");
        assertThat(ready.path("api").asText()).matches("http://127\\.0\\.0\\.1:\\d+/v1");
        assertThat(ready.path("config").asText()).startsWith("no file found (looked for ./gateway.yaml");
        assertThat(ready.path("pid").asLong()).isEqualTo(process.pid());

        signal("TERM", process);

        assertThat(output.lines())
                .anyMatch(line -> line.contains("\"message\":\"stopping"))
                .last()
                .asString()
                .contains("stopped");
        assertThat(process.waitFor()).isEqualTo(143);
    }

    @Test
    @DisplayName("INT ends it with 130")
    void interrupt() throws Exception {
        assumeFalse(
                ignoresInterrupts(), "this build runs in the background, where INT is ignored and children inherit it");
        Process process = gateway("serve", "--port", "0", "--log-format", "text");
        BufferedReader output = output(process);
        String line = output.readLine();
        assertThat(line).startsWith("gateway ");
        while (line != null && !line.contains("ready in")) {
            line = output.readLine();
        }

        signal("INT", process);

        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
    }

    private static boolean ignoresInterrupts() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.isReadable(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .map(line -> line.substring("SigIgn:".length()).strip())
                        .anyMatch(mask -> (Long.parseUnsignedLong(mask, 16) & 2) != 0);
    }

    @Test
    @DisplayName(
            "GW-C11: a name in the configuration that no provider has is told once, before it is ready, and stops nothing")
    void absentProviders() throws Exception {
        Files.writeString(directory.resolve("gateway.yaml"), """
                routing: { default-provider: nope }
                plugins: { grog: { pin: 1.0.0 } }
                providers:
                  ecco: {}
                  grok: { base-url: "https://api.grok.example" }
                  echo: { options: { note: this one is there } }
                  lab: { plugin: ech, base-url: "https://lab.example" }
                models:
                  echo/own: { route: [echo/hello] }
                  smart: { route: [ecko/x, ecko/y, grok/x, echo/own, echo/z] }
                """);
        Process process = gateway("--port", "0", "--log-format", "json");
        BufferedReader output = output(process);
        List<String> warnings = new ArrayList<>();
        String line = output.readLine();
        while (line != null && !line.contains("\"message\":\"ready\"")) {
            JsonNode event = new ObjectMapper().readTree(line);
            assertThat(event.path("level").asText()).isEqualTo("warn");
            assertThat(event.path("code").asText()).isEqualTo("GW-C11");
            warnings.add(event.path("message").asText());
            line = output.readLine();
        }

        assertThat(warnings)
                .containsExactly(
                        "GW-C11 providers.ecco is configured, but no plugin brings a provider of that name. Did you mean"
                                + " \"echo\"?",
                        "GW-C11 providers.grok is configured, but no plugin brings a provider of that name. If it speaks"
                                + " OpenAI's API, add plugin: openai-compatible",
                        "GW-C11 providers.lab.plugin is ech, but no plugin brings a provider of that name. Did you mean"
                                + " \"echo\"?",
                        "GW-C11 routing.default-provider is nope, but no plugin brings a provider of that name; loaded:"
                                + " echo",
                        "GW-C11 models.smart.route has ecko/x, but no plugin brings a provider of that name. Did you mean"
                                + " \"echo\"?",
                        "GW-C11 plugins.grog is configured, but there is no plugin of that id; loaded: echo");
        assertThat(line).as("ready all the same").isNotNull();
        signal("TERM", process);
        assertThat(output.lines()).noneMatch(later -> later.contains("GW-C11"));
    }

    @Test
    @DisplayName("config import prints the configuration and not a line more")
    void importing() throws Exception {
        Files.writeString(directory.resolve("litellm.yaml"), """
                model_list:
                  - { model_name: "two words", litellm_params: { model: groq/x } }
                """);

        Process process = gateway("config", "import", "--from", "litellm", "litellm.yaml");

        assertThat(output(process).readLine()).isEqualTo("version: 1");
        assertThat(process.waitFor()).isZero();
        assertThat(errors(process)).isEmpty();
    }

    @Test
    @DisplayName("a port in use ends it with 4 and one line that says what to do")
    void portTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            int port = taken.getLocalPort();

            Process process = gateway("--port", String.valueOf(port));

            assertThat(errors(process))
                    .isEqualToIgnoringNewLines("GW-S01 port " + port + " on 127.0.0.1 is in use. Try: --port "
                            + (port == 65535 ? 3000 : port + 1));
            assertThat(process.waitFor()).isEqualTo(4);
        }
    }

    @Test
    @DisplayName("an open listener without auth.open ends it with 3 before anything is bound")
    void openListener() throws Exception {
        Process process = gateway("--host", "0.0.0.0", "--port", "0");

        assertThat(errors(process)).startsWith("GW-C07 --host: server.host is 0.0.0.0");
        assertThat(process.waitFor()).isEqualTo(3);
        assertThat(output(process).lines()).isEmpty();
    }
}
