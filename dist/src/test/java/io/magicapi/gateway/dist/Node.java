package io.magicapi.gateway.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Node and the npm packages of {@code src/test/node}, installed into {@code target/node} once, for all JVMs with tests.
 * Without Node, npm or a registry that can be reached, the tests that need them are skipped, and a line says so.
 */
final class Node {

    private static final Path SOURCE = Path.of("src/test/node").toAbsolutePath();
    private static final JsonMapper JSON = new JsonMapper();

    /** Where the packages are, and where programs that use them must be. */
    static final Path HOME = Path.of("target/node").toAbsolutePath();

    private Node() {}

    /** Installs the packages, or skips the test that asks. */
    static synchronized void require() {
        String version = output(List.of("node", "--version"));
        // What openai 6 needs.
        boolean modern = version.matches("v(2\\d|[3-9]\\d)\\..*");
        require(modern, "Node 20 or newer is needed" + (version.isEmpty() ? "" : ", this is " + version));
        require(!output(List.of("npm", "--version")).isEmpty(), "npm is needed");
        try {
            Files.createDirectories(HOME);
            try (FileChannel lock =
                    FileChannel.open(HOME.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                lock.lock(); // until it is closed
                install();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void install() throws IOException {
        try (Stream<Path> files = Files.list(SOURCE)) {
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".mjs")).toList()) {
                copy(file, HOME.resolve(file.getFileName()));
            }
        }
        Path wanted = SOURCE.resolve("package.json");
        Path installed = HOME.resolve("package.json");
        if (Files.exists(installed)
                && Files.mismatch(wanted, installed) < 0
                && Files.exists(HOME.resolve("node_modules/openai/package.json"))) {
            return;
        }
        Files.deleteIfExists(installed);
        Path attempt = Files.copy(wanted, HOME.resolve("package.json"));
        Command.Result result = Command.runHere(
                HOME,
                List.of(
                        "npm",
                        "install",
                        "--no-audit",
                        "--no-fund",
                        "--no-package-lock",
                        "--ignore-scripts",
                        // Where there is no network, say so soon.
                        "--fetch-retries=1",
                        "--fetch-retry-mintimeout=1000",
                        "--fetch-timeout=20000"));
        if (result.exitCode() != 0) {
            Files.delete(attempt);
            require(
                    false,
                    "npm could not install the packages: "
                            + result.err().lines().limit(4).collect(Collectors.joining("; ")));
        }
    }

    /** Leaves one that is the same alone: a test of another JVM may be running it. */
    private static void copy(Path file, Path to) throws IOException {
        if (!Files.exists(to) || Files.mismatch(file, to) >= 0) {
            Files.copy(file, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void require(boolean there, String why) {
        if (!there) {
            System.out.println("SKIPPED: tests with npm packages. " + why);
        }
        assumeTrue(there, why);
    }

    private static String output(List<String> command) {
        try {
            return Command.runHere(Path.of("").toAbsolutePath(), command).out().strip();
        } catch (UncheckedIOException e) {
            return "";
        }
    }

    /** Runs a program of {@link #HOME}. {@return the JSON it printed} */
    static JsonNode run(Map<String, String> environment, String program, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("node", HOME.resolve(program).toString()));
        command.addAll(List.of(arguments));
        Command.Result result = Command.run(HOME, environment, command);
        assertThat(result.exitCode()).as(result.err()).isZero();
        return json(result.out());
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
    }
}
