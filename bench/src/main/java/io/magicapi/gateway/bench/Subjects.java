package io.magicapi.gateway.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Starts what is measured. All of it is on loopback, in front of the one upstream. */
final class Subjects {

    private final Machine machine;
    private final Path root;
    private final Path folder;
    private final Path jdk;
    private int started;

    /**
     * Nothing is started yet.
     *
     * @param root the project's folder, in which the gateway has been built
     * @param folder for files of the run
     * @param jdk runs what needs one
     */
    Subjects(Machine machine, Path root, Path folder, Path jdk) {
        this.machine = machine;
        this.root = root;
        this.folder = folder;
        this.jdk = jdk;
    }

    /** {@return the scripted upstream, on the cores for it} */
    Subject upstream(int port) {
        List<String> command = own("upstream", Integer.toString(port));
        return Subject.start(Names.DIRECT, machine.beside(command), Map.of(), folder, port);
    }

    /** {@return the bare proxy, with a transport of Vert.x} */
    Subject floor(Subject upstream, String transport) {
        int port = Machine.freePort();
        List<String> command = own("floor", Integer.toString(port), port(upstream), transport);
        return Subject.start(Names.floor(transport), machine.measured(command), Map.of(), folder, port);
    }

    private List<String> own(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                jdk.resolve("bin/java").toString(),
                "-XX:+UseParallelGC",
                "-Xmx1g",
                "-cp",
                classPath(),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** {@return this program's own class path, in a form that holds in another folder} */
    static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** {@return nginx, unless it is not installed} */
    Optional<Subject> nginx(Subject upstream) {
        return Machine.tool("nginx").map(program -> {
            int port = Machine.freePort();
            Path config = configure("nginx.conf", upstream, port);
            List<String> command = List.of(program.toString(), "-c", config.toString(), "-p", folder.toString());
            return Subject.start(Names.NGINX, machine.measured(command), Map.of(), folder, port);
        });
    }

    /** {@return HAProxy, unless it is not installed} */
    Optional<Subject> haproxy(Subject upstream) {
        return Machine.tool("haproxy").map(program -> {
            int port = Machine.freePort();
            Path config = configure("haproxy.cfg", upstream, port);
            List<String> command = List.of(program.toString(), "-db", "-f", config.toString());
            return Subject.start("HAProxy", machine.measured(command), Map.of(), folder, port);
        });
    }

    /** {@return Caddy, unless it is not installed} */
    Optional<Subject> caddy(Subject upstream) {
        return Machine.tool("caddy").map(program -> {
            int port = Machine.freePort();
            Path config = configure("Caddyfile", upstream, port);
            List<String> command =
                    List.of(program.toString(), "run", "--adapter", "caddyfile", "--config", config.toString());
            return Subject.start(Names.CADDY, machine.measured(command), Map.of(), folder, port);
        });
    }

    /**
     * {@return the AI gateway Portkey}
     *
     * @param installed the folder in which {@code npm install @portkey-ai/gateway} was run
     */
    Subject portkey(Subject upstream, Path installed) {
        int port = Machine.freePort();
        Path program = installed.toAbsolutePath().resolve("node_modules/@portkey-ai/gateway/build/start-server.js");
        List<String> command = List.of("node", program.toString(), "--headless", "--port=" + port);
        return Subject.start(Names.PORTKEY, machine.measured(command), Map.of("NODE_ENV", "production"), folder, port)
                .with(List.of(
                        "x-portkey-provider: openai",
                        "x-portkey-custom-host: http://127.0.0.1:" + port(upstream) + "/v1"));
    }

    private Path configure(String resource, Subject upstream, int port) {
        try (InputStream in = Objects.requireNonNull(Subjects.class.getResourceAsStream(resource), resource)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("DIRECTORY", folder.toString())
                    .replace("THREADS", Integer.toString(machine.measuredCores()))
                    .replace("FILES", Integer.toString(Machine.files()))
                    .replace("CONNECTIONS", Integer.toString(Machine.files() / 2 - 100))
                    .replace("UPSTREAM", port(upstream))
                    .replace("PORT", Integer.toString(port));
            return Files.writeString(folder.resolve(resource), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return a gateway that is yet to be started, in the default configuration with the plugins it is shipped with} */
    GatewayProcess gateway(Subject upstream) {
        return new GatewayProcess(machine, root, folder.resolve("gateway-" + ++started), jdk, port(upstream));
    }

    private static String port(Subject subject) {
        return Integer.toString(subject.address().getPort());
    }
}
