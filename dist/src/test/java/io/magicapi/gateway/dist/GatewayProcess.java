package io.magicapi.gateway.dist;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** {@code java -jar gateway.jar}, running in a process of its own until it is closed. */
final class GatewayProcess implements AutoCloseable {

    /** The jar that the build has just made. */
    static final Path JAR = Path.of("target/gateway.jar").toAbsolutePath();

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final CompletableFuture<JsonNode> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> outputEnded;

    private GatewayProcess(Process process) {
        this.process = process;
        this.outputEnded = CompletableFuture.runAsync(this::read, Command::onThread);
    }

    /**
     * {@return a gateway that is ready, on a free port unless the arguments say otherwise}
     *
     * @param directory where it is started
     * @param environment all that it sees of the environment, but for {@code PATH}; providers are asked for their models only if it says so
     * @throws IllegalStateException if it ends instead; the message is its output
     */
    static GatewayProcess start(Path directory, Map<String, String> environment, String... arguments) {
        List<String> command = java();
        command.addAll(arguments.length == 0 ? List.of("--port", "0") : List.of(arguments));
        return start(directory, environment, command);
    }

    /** {@return a gateway that was started by any command, and is ready} */
    static GatewayProcess start(Path directory, Map<String, String> environment, List<String> command) {
        // It would ask the real providers for their models, or take what a fake one is to answer to a test.
        Map<String, String> all = new HashMap<>(Map.of("GATEWAY_CATALOGUE_REFRESH", "off"));
        all.putAll(environment);
        GatewayProcess gateway;
        try {
            gateway = new GatewayProcess(Command.builder(directory, all, command)
                    .redirectErrorStream(true)
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            gateway.ready.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            return gateway;
        } catch (ExecutionException | TimeoutException e) {
            gateway.close();
            throw new IllegalStateException("the gateway did not start: " + gateway.output(), e);
        } catch (InterruptedException e) {
            gateway.close();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Runs a command of the gateway's to its end. */
    static Command.Result run(Path directory, Map<String, String> environment, String... arguments) {
        List<String> command = java();
        command.addAll(List.of(arguments));
        return Command.run(directory, environment, command);
    }

    /** Without the optimizing compiler: it would take a third of a start's time, and not pay in the rest. */
    private static List<String> java() {
        return new ArrayList<>(List.of(Command.java().toString(), "-XX:TieredStopAtLevel=1", "-jar", JAR.toString()));
    }

    private void read() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines.add(line);
                if (!ready.isDone() && line.contains("\"message\":\"ready\"")) {
                    ready.complete(JSON.readTree(line));
                } else if (line.startsWith("  ready in ")) {
                    // Written for people: the start screen ends with this line.
                    ready.complete(JSON.createObjectNode().put("api", apiOfScreen()));
                }
            }
        } catch (JsonProcessingException e) {
            ready.completeExceptionally(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            ready.completeExceptionally(new IllegalStateException("its output ended"));
        }
    }

    private String apiOfScreen() {
        return lines.stream()
                .filter(line -> line.startsWith("  API "))
                .map(line -> line.substring("  API ".length()).strip())
                .findFirst()
                .orElse("");
    }

    /** {@return what it logged when it was ready; of a start screen, only {@code api}} */
    JsonNode ready() {
        return ready.join();
    }

    /** {@return such as {@code http://127.0.0.1:3000/v1}} */
    String api() {
        return ready().path("api").asText();
    }

    int port() {
        return URI.create(api()).getPort();
    }

    /** {@return all that it wrote so far} */
    String output() {
        return String.join("\n", lines);
    }

    /** {@return the answer to a POST of JSON} */
    HttpResponse<String> post(String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(api() + path))
                .header("content-type", "application/json")
                .timeout(PATIENCE)
                .POST(HttpRequest.BodyPublishers.ofString(body));
        return send(headers.length == 0 ? request : request.headers(headers));
    }

    /** {@return the answer to a GET} */
    HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(URI.create(api() + path)).timeout(PATIENCE));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Tells it to stop (TERM), and waits until it has. {@return its exit code} */
    int stop() {
        // Not process.destroy(): that closes the pipe that its last words come through.
        process.toHandle().destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the gateway did not stop: " + output());
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        outputEnded.join();
        return process.exitValue();
    }

    /** Tells it to stop (TERM), and does not wait. */
    void askToStop() {
        process.toHandle().destroy();
    }

    /** Tells it to read its configuration again (HUP), and does not wait until it has. */
    void hangUp() {
        try {
            Process kill = new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start();
            if (kill.waitFor() != 0) {
                throw new IllegalStateException("kill -HUP failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Ends it without its knowing (KILL). */
    void kill() {
        process.destroyForcibly();
        stop();
    }

    @Override
    public void close() {
        stop();
    }
}
