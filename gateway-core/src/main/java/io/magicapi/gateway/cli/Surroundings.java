package io.magicapi.gateway.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a command may know and touch of the process it runs in.
 *
 * @param environment the environment variables
 * @param directory the working directory
 * @param home the user's home directory
 * @param out where results, logs and the start screen go
 * @param err where failures go
 * @param terminal whether a person reads {@code out} as it is written
 */
public record Surroundings(
        Map<String, String> environment,
        Path directory,
        Path home,
        PrintStream out,
        PrintStream err,
        boolean terminal) {

    public Surroundings {
        environment = Map.copyOf(environment);
    }

    /**
     * {@return those of this process}
     *
     * <p>All is written in UTF-8: where the environment names no language, as in most containers, Java would put question
     * marks where anything but ASCII belongs.
     */
    public static Surroundings ofProcess() {
        return new Surroundings(
                System.getenv(),
                Path.of("").toAbsolutePath(),
                Path.of(System.getProperty("user.home", ".")),
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                new PrintStream(System.err, true, StandardCharsets.UTF_8),
                writesToTerminal());
    }

    /**
     * Whether standard output is a terminal. {@code System.console()} answers another question: until JDK 21 it wants
     * standard input to be one too, and from 22 on there is always a console. So ask the system first where it tells.
     */
    private static boolean writesToTerminal() {
        Path output = Path.of("/proc/self/fd/1");
        if (Files.exists(output)) {
            try {
                String target = Files.readSymbolicLink(output).toString();
                return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
            } catch (IOException e) {
                return false;
            }
        }
        return System.console() != null;
    }

    /** {@return whether colours are wanted, by the usual conventions} */
    boolean colours() {
        if (environment.containsKey("NO_COLOR")
                && !environment.getOrDefault("NO_COLOR", "").isEmpty()) {
            return false;
        }
        String force = environment.getOrDefault("FORCE_COLOR", environment.getOrDefault("CLICOLOR_FORCE", ""));
        if (!force.isEmpty() && !force.equals("0")) {
            return true;
        }
        return terminal
                && !"dumb".equals(environment.get("TERM"))
                && !"0".equals(environment.get("CLICOLOR"))
                && !System.getProperty("os.name", "").startsWith("Windows");
    }
}
