package io.magicapi.gateway.tests;

import io.magicapi.gateway.cli.Cli;
import io.magicapi.gateway.cli.Surroundings;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** Runs the gateway's command line in this process, and keeps what the last command printed. */
public final class CommandLine {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /**
     * Runs a command.
     *
     * @param directory the working directory
     * @param home the user's directory
     * @return the exit code
     */
    public int run(Map<String, String> environment, Path directory, Path home, String... arguments) {
        out.reset();
        err.reset();
        return Cli.run(
                arguments,
                new Surroundings(
                        environment,
                        directory,
                        home,
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false));
    }

    /** {@return what the last command printed} */
    public String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    /** {@return what the last command printed as errors} */
    public String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
