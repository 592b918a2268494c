package io.magicapi.gateway.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Our gateway, as its own start script starts it: in the default configuration but for addresses. Its lines go to a file.
 *
 * <p>A builder: what is not called leaves things as they are shipped.
 */
final class GatewayProcess {

    private final Machine machine;
    private final Path root;
    private final Path folder;
    private final String upstreamPort;
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> javaOptions = new ArrayList<>();
    private final Path usualJdk;
    private Path jdk;
    private Path jar;
    private String name = "gateway";
    private boolean pinned = true;

    GatewayProcess(Machine machine, Path root, Path folder, Path jdk, String upstreamPort) {
        this.machine = machine;
        this.root = root;
        this.folder = folder;
        this.usualJdk = jdk;
        this.jdk = jdk;
        this.jar = root.resolve("dist/target/gateway.jar");
        this.upstreamPort = upstreamPort;
        environment.put("GROQ_API_KEY", "bench");
        environment.put("ANTHROPIC_API_KEY", "bench");
        environment.put("AWS_BEARER_TOKEN_BEDROCK", "bench");
        environment.put("AWS_REGION", "us-east-1");
    }

    /** Names it in the report. {@return this} */
    GatewayProcess named(String other) {
        name = other;
        return this;
    }

    /** Has it talk to the system by a transport instead of the one that it chooses. {@return this} */
    GatewayProcess transport(String transport) {
        environment.put("GATEWAY_SERVER_TRANSPORT", transport);
        return this;
    }

    /** Adds options of the JVM. {@return this} */
    GatewayProcess javaOptions(List<String> options) {
        javaOptions.addAll(options);
        return this;
    }

    /** Runs it with another JDK. {@return this} */
    GatewayProcess jdk(Path home) {
        jdk = home;
        return this;
    }

    /** {@return the JDK of the run} */
    Path usualJdk() {
        return usualJdk;
    }

    /** Runs another build of it. {@return this} */
    GatewayProcess jar(Path other) {
        jar = other;
        return this;
    }

    /** Lets it use all cores. {@return this} */
    GatewayProcess everywhere() {
        pinned = false;
        return this;
    }

    /** {@return the folder it takes plugins from; the gateway fills it with those it is shipped with, unless it is there} */
    Path plugins() {
        return folder.resolve("plugins");
    }

    /** {@return its configuration; it is there once the gateway is started} */
    Path configFile() {
        return folder.resolve("gateway.yaml");
    }

    /** Starts it, and waits until it listens. */
    Subject start() {
        return start(Machine.freePort());
    }

    /** Starts it on a port, and waits until it listens. */
    Subject start(int port) {
        List<String> command = command(port);
        Subject subject = Subject.start(
                name, pinned ? machine.measured(command) : machine.everywhere(command), environment, folder, port);
        return subject.with(List.of("x-provider: groq"));
    }

    /** {@return the command that serves on a port; the files that it needs are there} */
    List<String> command(int port) {
        try {
            Files.createDirectories(folder);
            Path config = Files.writeString(configFile(), config(port));
            environment.put("GATEWAY_JAR", jar.toString());
            environment.put("JAVA_HOME", jdk.toString());
            environment.put("JAVA_OPTS", String.join(" ", javaOptions));
            return List.of(root.resolve("dist/src/main/bin/gateway").toString(), "--config", config.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the variables that go with {@link #command}} */
    Map<String, String> environment() {
        return Map.copyOf(environment);
    }

    /** {@return the working directory that goes with {@link #command}} */
    Path folder() {
        return folder;
    }

    private String config(int port) {
        String base = "\"http://127.0.0.1:" + upstreamPort + "\"";
        StringBuilder text = new StringBuilder("server:\n  port: " + port + "\nproviders:\n");
        for (String provider : List.of("groq", "anthropic", "bedrock")) {
            text.append("  ")
                    .append(provider)
                    .append(":\n    base-url: ")
                    .append(base)
                    .append('\n');
        }
        return text.toString();
    }
}
