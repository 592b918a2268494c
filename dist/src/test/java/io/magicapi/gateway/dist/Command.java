package io.magicapi.gateway.dist;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program that is run to its end, with an environment of its own. */
final class Command {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Command() {}

    /** What came of it. */
    record Result(int exitCode, String out, String err) {}

    /**
     * Runs a program to its end, or kills it after a minute.
     *
     * @param environment added to {@link #environment}
     */
    static Result run(Path directory, Map<String, String> environment, List<String> command) {
        return run(builder(directory, environment, command));
    }

    /** Runs a program with the environment of the tests: for npm, whose settings may be there. */
    static Result runHere(Path directory, List<String> command) {
        return run(new ProcessBuilder(command).directory(directory.toFile()));
    }

    private static Result run(ProcessBuilder builder) {
        List<String> command = builder.command();
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            CompletableFuture<String> out = read(process.getInputStream());
            CompletableFuture<String> err = read(process.getErrorStream());
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new AssertionError(
                        command + " did not end within " + PATIENCE + ", and said: " + out.join() + err.join());
            }
            return new Result(process.exitValue(), out.join(), err.join());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** Skips the test that asks, and says so, if one of these programs is not on this machine. */
    static void require(String... programs) {
        for (String program : programs) {
            boolean there = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
            if (!there) {
                System.out.println("SKIPPED: tests that need " + program);
            }
            assumeTrue(there, program + " is needed");
        }
    }

    /** Nothing of the machine gets in but what programs need to be found: a key or a proxy of the developer's must not. */
    static ProcessBuilder builder(Path directory, Map<String, String> environment, List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", java().getParent() + ":" + System.getenv("PATH"));
        builder.environment().put("XDG_CONFIG_HOME", directory.toString());
        builder.environment().putAll(environment);
        return builder;
    }

    /** {@return the Java that runs the tests} */
    static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    static CompletableFuture<String> read(InputStream stream) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                Command::onThread);
    }

    /** Runs what waits on a thread of its own: on a machine of two cores the common pool has a single one. */
    static void onThread(Runnable task) {
        Thread thread = new Thread(task, "waiting");
        thread.setDaemon(true);
        thread.start();
    }
}
