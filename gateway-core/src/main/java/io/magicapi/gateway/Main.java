package io.magicapi.gateway;

import io.magicapi.gateway.cli.Cli;
import io.magicapi.gateway.cli.Surroundings;

/** Where {@code java -jar gateway.jar} begins. */
public final class Main {

    private Main() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        int exitCode = Cli.run(arguments, Surroundings.ofProcess());
        System.exit(exitCode);
    }
}
