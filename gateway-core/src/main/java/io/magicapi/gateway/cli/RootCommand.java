package io.magicapi.gateway.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gateway}: without the name of a command it serves. */
@Command(
        name = "gateway",
        description = "An OpenAI-compatible AI gateway whose providers are plugin jars. Without a command it serves.",
        versionProvider = VersionCommand.Provider.class,
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExit codes%n",
        footer = {
            "  0 done, 1 internal error, 2 wrong usage, 3 configuration invalid, 4 cannot bind, 5 plugin refused,",
            "  6 nobody answers"
        })
final class RootCommand implements Callable<Integer> {

    private final Surroundings surroundings;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Option(names = "--dry-run", description = "Check configuration and plugins, say what would be served, and exit.")
    private boolean dryRun;

    RootCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        return new Serving(surroundings, options.load(surroundings, options)).run(dryRun);
    }

    /** {@return the flags given before the name of a command} */
    ConfigOptions options() {
        return options;
    }

    /** {@return whether {@code --dry-run} was given before the name of a command} */
    boolean dryRun() {
        return dryRun;
    }

    /** {@return whether a command was asked to show stack traces} */
    boolean debug(Object command) {
        return options.debug()
                || command instanceof WithConfig configured
                        && configured.options().debug();
    }

    /** A command that reads the configuration. */
    interface WithConfig {
        ConfigOptions options();
    }
}
