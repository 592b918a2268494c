package io.magicapi.gateway.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.Streams;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gateway's process: how it is started, and how it ends. */
class LifecycleIT {

    private static final Path SCRIPT = Path.of("src/main/bin/gateway").toAbsolutePath();
    private static final String STREAM =
            "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    private static final String ECHO =
            "{\"model\":\"echo/hello\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    @TempDir
    Path directory;

    @Test
    @DisplayName("R6: on TERM open streams run to their end, new connections are refused, and it exits with 143")
    void drain() throws IOException {
        try (FakeUpstream upstream = FakeUpstream.start();
                GatewayProcess gateway = GatewayProcess.start(
                        directory, Map.of("GATEWAY_PROVIDERS_GROQ_BASE_URL", upstream.baseUrl()))) {
            List<String> events = Streams.chat(Collections.nCopies(20, "word ").toArray(new String[0]));
            upstream.answerWith(Answer.events(Duration.ofMillis(100), events));
            List<CompletableFuture<HttpResponse<String>>> streams = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                streams.add(CompletableFuture.supplyAsync(
                        () -> gateway.post(
                                "/chat/completions", STREAM, "x-provider", "groq", "authorization", "Bearer k"),
                        Command::onThread));
            }
            for (int i = 0; i < 10; i++) {
                upstream.awaitRequest();
            }

            gateway.askToStop();

            assertThat(streams)
                    .allSatisfy(stream -> assertThat(stream.join().body()).isEqualTo(String.join("", events)));
            assertThat(gateway.stop()).isEqualTo(143);
            assertThat(gateway.output()).contains("10 requests in flight, waiting up to 30 s", "\"stopped\"");
            assertRefused(gateway.port());
        }
    }

    private static void assertRefused(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            throw new AssertionError(socket + " was accepted");
        } catch (ConnectException refused) {
            assertThat(refused).isNotNull();
        }
    }

    @Test
    @DisplayName("R7: after kill -9 it serves again, on the same port, in less than five seconds")
    void killed() throws IOException {
        String port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = Integer.toString(free.getLocalPort());
        }
        try (GatewayProcess gateway = GatewayProcess.start(directory, Map.of(), "--port", port)) {
            assertThat(gateway.post("/chat/completions", ECHO).statusCode()).isEqualTo(200);
            gateway.kill();
        }

        long begin = System.nanoTime();
        try (GatewayProcess again = GatewayProcess.start(directory, Map.of(), "--port", port)) {
            assertThat(again.post("/chat/completions", ECHO).statusCode()).isEqualTo(200);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @Test
    @DisplayName("HUP has it read its configuration again, and so does gateway reload, which prints what has changed")
    void reload() throws IOException {
        assumeThat(ignoresHangUp())
                .as("started by nohup, whose children cannot be told to hang up")
                .isFalse();
        Path file = Files.writeString(directory.resolve("gateway.yaml"), "server: { limits: { body: 1MiB } }\n");
        try (GatewayProcess gateway = GatewayProcess.start(directory, Map.of())) {
            gateway.hangUp();
            await().until(() -> gateway.output().contains("\"by\":\"HUP\""));

            Files.writeString(file, "server: { limits: { body: 2KiB }, port: 3001 }\n");
            Command.Result reloaded = GatewayProcess.run(directory, Map.of(), "reload");

            // The flag --port wins, so the file's port is no change. A look at the files may have been quicker.
            assertThat(reloaded.exitCode()).as(reloaded.err()).isZero();
            assertThat(reloaded.out()).matches("(?s)(server\\.limits\\.body: 1MiB → 2KiB|nothing has changed)\\R");
            assertThat(gateway.post("/chat/completions", ECHO + " ".repeat(3000))
                            .statusCode())
                    .isEqualTo(413);

            Files.writeString(file, "server: { limits: { body: 2 } }\n");
            Command.Result refused = GatewayProcess.run(directory, Map.of(), "reload");
            assertThat(refused.exitCode()).isEqualTo(3);
            assertThat(refused.err()).contains("GW-C06 gateway.yaml:1:27");
            gateway.hangUp();
            await().until(() -> gateway.output().contains("the configuration was not reloaded"));
            assertThat(gateway.post("/chat/completions", ECHO).statusCode()).isEqualTo(200);
        }
    }

    /** A process that is started while HUP is ignored goes on ignoring it, and a JVM does not even listen. */
    private static boolean ignoresHangUp() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("SigIgn:"))
                    .anyMatch(line -> (Long.parseUnsignedLong(
                                            line.substring("SigIgn:".length()).strip(), 16)
                                    & 1)
                            != 0);
        }
    }

    @Test
    @DisplayName("the start script starts the jar with its options, those of JAVA_OPTS last")
    void script() throws IOException {
        Map<String, String> environment = Map.of(
                "GATEWAY_JAR",
                GatewayProcess.JAR.toString(),
                "JAVA_OPTS",
                "-XX:MaxDirectMemorySize=100m -XX:+PrintFlagsFinal");

        Command.Result result = Command.run(directory, environment, List.of(SCRIPT.toString(), "--version"));

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out())
                .containsPattern("ExitOnOutOfMemoryError += true")
                .containsPattern("UseParallelGC += true")
                .containsPattern("MaxDirectMemorySize += 104857600")
                .containsPattern("(?m)^.*gateway.*\\d+\\.\\d+");
    }

    @Test
    @DisplayName("the start script finds the jar beside it and in ../lib, through links, and says so if it does not")
    void scriptFindsJar() throws IOException {
        Path bin = Files.createDirectories(directory.resolve("a place/bin"));
        Path script = Files.copy(SCRIPT, bin.resolve("gateway"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        Path link = Files.createSymbolicLink(directory.resolve("link"), script);

        Command.Result none = Command.run(directory, Map.of(), List.of(link.toString(), "--version"));
        assertThat(none.exitCode()).isEqualTo(1);
        assertThat(none.err()).contains("GATEWAY_JAR");

        Path lib = Files.createDirectories(directory.resolve("a place/lib"));
        Files.createSymbolicLink(lib.resolve("gateway.jar"), GatewayProcess.JAR);
        Command.Result found = Command.run(directory, Map.of(), List.of(link.toString(), "--version"));
        assertThat(found.exitCode()).as(found.err()).isZero();
        assertThat(found.out()).contains("gateway");
    }
}
