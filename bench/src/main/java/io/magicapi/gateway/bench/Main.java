package io.magicapi.gateway.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code java -jar bench.jar run full} runs the benchmark. What it starts are further commands of the same program.
 */
@Command(
        name = "bench",
        description = "Measures the gateway beside others.",
        mixinStandardHelpOptions = true,
        subcommands = RunCommand.class)
public final class Main {

    private Main() {}

    /** Runs one command. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Command(name = "upstream", hidden = true)
    int upstream(@Parameters int port) throws InterruptedException {
        Upstream.serve(port);
        return 0;
    }

    @Command(name = "floor", hidden = true)
    int floor(@Parameters int port, @Parameters int upstreamPort, @Parameters String transport)
            throws InterruptedException {
        Floor.serve(port, upstreamPort, transport);
        Thread.currentThread().join();
        return 0;
    }
}
