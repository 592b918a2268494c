package io.magicapi.gateway.cli;

import io.magicapi.gateway.admin.AdminStartException;
import io.magicapi.gateway.config.ConfigException;
import io.magicapi.gateway.config.NearestName;
import io.magicapi.gateway.plugins.UnusableFolderException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line of {@code gateway}. */
public final class Cli {

    private Cli() {}

    /**
     * Runs one command. {@code serve} returns only if it fails to start, or when its thread is interrupted.
     *
     * @param arguments as typed, without the program's name
     * @return the exit code, one of {@link ExitCode}
     */
    public static int run(String[] arguments, Surroundings surroundings) {
        RootCommand root = new RootCommand(surroundings);
        CommandLine line = new CommandLine(root);
        if (!isServing(line, arguments)) {
            addCommands(line, root, surroundings);
        }
        line.setOut(new PrintWriter(surroundings.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(surroundings.err(), true, StandardCharsets.UTF_8))
                .setColorScheme(CommandLine.Help.defaultColorScheme(surroundings.colours() ? Ansi.ON : Ansi.OFF))
                .setCaseInsensitiveEnumValuesAllowed(true) // of the commands that were added, too
                .setUsageHelpWidth(110)
                .setUsageHelpAutoWidth(surroundings.terminal())
                .setParameterExceptionHandler(usageMistake())
                .setExecutionExceptionHandler(failure(root));
        return line.execute(arguments);
    }

    /**
     * {@return whether the gateway is to serve, and no command is named} It is not made to wait until all the other
     * commands are made: they would take a tenth of its start.
     */
    private static boolean isServing(CommandLine root, String[] arguments) {
        try {
            CommandLine.ParseResult parsed =
                    root.setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
            return !parsed.isUsageHelpRequested() && !parsed.isVersionHelpRequested();
        } catch (ParameterException otherwise) {
            return false;
        }
    }

    private static void addCommands(CommandLine line, RootCommand root, Surroundings surroundings) {
        CommandLine plugins = new CommandLine(new PluginsCommand())
                .addSubcommand(new PluginsCommand.ListPlugins(surroundings, root))
                .addSubcommand(new PluginsCommand.Verify(surroundings, root))
                .addSubcommand(new PluginsCommand.Lock(surroundings, root))
                .addSubcommand(new NewPluginCommand(surroundings));
        RunningPlugins.all(surroundings, root).forEach(plugins::addSubcommand);
        line.addSubcommand(new ServeCommand(surroundings, root))
                .addSubcommand(plugins)
                .addSubcommand(new CommandLine(new ConfigCommand())
                        .addSubcommand(new ConfigCommand.Validate(surroundings, root))
                        .addSubcommand(new ConfigCommand.Show(surroundings, root))
                        .addSubcommand(new ConfigCommand.Schema(surroundings))
                        .addSubcommand(new ConfigCommand.Import(surroundings)))
                .addSubcommand(new ReloadCommand(surroundings, root))
                .addSubcommand(new ModelsCommand(surroundings, root))
                .addSubcommand(new VersionCommand(surroundings));
    }

    /** One line that says what is wrong, and one that says where to read on; picocli's own way is a screenful. */
    private static IParameterExceptionHandler usageMistake() {
        return (ParameterException mistake, String[] arguments) -> {
            CommandLine command = mistake.getCommandLine();
            PrintWriter err = command.getErr();
            err.println(command.getColorScheme().errorText(mistake.getMessage()));
            suggestion(mistake).ifPresent(nearest -> err.println("Did you mean " + nearest + "?"));
            err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
            return ExitCode.USAGE;
        };
    }

    private static Optional<String> suggestion(ParameterException mistake) {
        if (!(mistake instanceof UnmatchedArgumentException unmatched)) {
            return Optional.empty();
        }
        CommandSpec spec = mistake.getCommandLine().getCommandSpec();
        String word = unmatched.getUnmatched().get(0);
        return word.startsWith("-")
                ? NearestName.of(word, spec.optionsMap().keySet())
                : NearestName.of(word, spec.subcommands().keySet());
    }

    private static IExecutionExceptionHandler failure(RootCommand root) {
        return (Exception failure, CommandLine command, CommandLine.ParseResult parsed) -> {
            PrintWriter err = command.getErr();
            int exitCode;
            if (failure instanceof ConfigException || failure instanceof UnusableFolderException) {
                err.println(failure.getMessage());
                exitCode = ExitCode.CONFIG;
            } else if (failure instanceof AdminStartException admin) {
                err.println(admin.getMessage());
                exitCode = admin.isOfAddress() ? ExitCode.BIND : ExitCode.CONFIG;
            } else if (failure instanceof CommandFailure told) {
                err.println(told.getMessage());
                exitCode = told.exitCode();
            } else {
                err.println("GW-S99 internal error: " + failure + ". Run again with --log-level debug for the details, "
                        + "and please report them.");
                exitCode = ExitCode.INTERNAL;
            }
            if (root.debug(command.getCommand())) {
                failure.printStackTrace(err);
            }
            return exitCode;
        };
    }
}
