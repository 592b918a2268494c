package io.magicapi.gateway.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gateway serve}. */
@Command(
        name = "serve",
        description = "Serves until it is told to stop (TERM or INT), then lets requests under way finish.",
        versionProvider = VersionCommand.Provider.class,
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ServeCommand implements Callable<Integer>, RootCommand.WithConfig {

    private final Surroundings surroundings;
    private final RootCommand root;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Option(names = "--dry-run", description = "Check configuration and plugins, say what would be served, and exit.")
    private boolean dryRun;

    ServeCommand(Surroundings surroundings, RootCommand root) {
        this.surroundings = surroundings;
        this.root = root;
    }

    @Override
    public Integer call() {
        return new Serving(surroundings, options.load(surroundings, root.options())).run(dryRun || root.dryRun());
    }

    @Override
    public ConfigOptions options() {
        return options;
    }
}
