package io.magicapi.gateway.cli;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.plugins.JarInspector;
import io.magicapi.gateway.plugins.LockUpdate;
import io.magicapi.gateway.plugins.PluginDescriptor;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.Rejection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code gateway plugins}: about plugin jars. */
@Command(
        name = "plugins",
        description = "Lists, checks, locks and begins plugin jars, and asks a running gateway about its plugins.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class)
final class PluginsCommand extends Group {

    /** {@code gateway plugins list}. */
    @Command(
            name = "list",
            description = "Loads the plugins of the drop folder, says how each of them is, and exits.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionCommand.Provider.class,
            sortOptions = false)
    static final class ListPlugins implements Callable<Integer>, RootCommand.WithConfig {

        private final Surroundings surroundings;
        private final RootCommand root;

        @Mixin
        private ConfigOptions options = new ConfigOptions();

        ListPlugins(Surroundings surroundings, RootCommand root) {
            this.surroundings = surroundings;
            this.root = root;
        }

        @Override
        public Integer call() {
            List<PluginStatus> plugins =
                    LoadedPlugins.use(surroundings, options, root.options(), LoadedPlugins::status);
            if (plugins.isEmpty()) {
                surroundings.out().println("no plugins in the drop folder");
                return ExitCode.OK;
            }
            table(plugins).forEach(surroundings.out()::println);
            return ExitCode.OK;
        }

        @Override
        public ConfigOptions options() {
            return options;
        }
    }

    /** {@return one line per plugin, under a header} */
    static List<String> table(List<PluginStatus> plugins) {
        Table table = new Table("PLUGIN", "VERSION", "PROVIDERS", "FILE", "STATE");
        for (PluginStatus plugin : plugins) {
            table.row(
                    orDash(plugin.id()),
                    orDash(plugin.version()),
                    orDash(plugin.providers().stream()
                            .map(PluginStatus.ProviderStatus::name)
                            .collect(Collectors.joining(", "))),
                    plugin.file()
                            .map(file -> String.valueOf(file.getFileName()))
                            .orElse("-"),
                    state(plugin));
        }
        return table.lines();
    }

    private static String state(PluginStatus plugin) {
        if (plugin.state().isUnused()) {
            return plugin.state() + " " + plugin.message().orElse("");
        }
        return plugin.state().name().toLowerCase(Locale.ROOT)
                + plugin.signer().map(signer -> ", signed by " + signer).orElse("")
                + plugin.message().map(message -> ": " + message).orElse("");
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    /** {@code gateway plugins verify}. */
    @Command(
            name = "verify",
            description =
                    "Checks plugin jars as the gateway would before loading them, and loads nothing: exit code 0 if"
                            + " all are good, 5 otherwise.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionCommand.Provider.class,
            sortOptions = false)
    static final class Verify implements Callable<Integer>, RootCommand.WithConfig {

        private final Surroundings surroundings;
        private final RootCommand root;

        @Parameters(arity = "1..*", paramLabel = "FILE", description = "Plugin jars.")
        private List<Path> files = new ArrayList<>();

        @Mixin
        private ConfigOptions options = new ConfigOptions();

        Verify(Surroundings surroundings, RootCommand root) {
            this.surroundings = surroundings;
            this.root = root;
        }

        @Override
        public Integer call() {
            JarInspector inspector = new JarInspector(
                    Version.api(),
                    options.load(surroundings, root.options()).config().plugins());
            return files.stream()
                    .mapToInt(file -> inspector
                            .inspect(surroundings.directory().resolve(file))
                            .fold(this::accept, rejection -> reject(file, rejection)))
                    .max()
                    .orElse(ExitCode.OK);
        }

        private int accept(PluginDescriptor plugin) {
            surroundings
                    .out()
                    .println("ok  " + plugin.label() + "  sha256:" + plugin.sha256() + "  providers: "
                            + String.join(", ", plugin.extensions())
                            + plugin.signer()
                                    .map(signer -> "  signed by: " + signer)
                                    .orElse(""));
            plugin.warnings().forEach(warning -> surroundings.err().println("warning: " + warning));
            return ExitCode.OK;
        }

        /** Of several files, it must be clear which one is meant; some messages name the plugin only. */
        private int reject(Path file, Rejection rejection) {
            boolean named = rejection.message().contains(String.valueOf(file.getFileName()));
            surroundings.err().println(named ? rejection : rejection + " (" + file + ")");
            return ExitCode.PLUGIN;
        }

        @Override
        public ConfigOptions options() {
            return options;
        }
    }

    /** {@code gateway plugins lock}. */
    @Command(
            name = "lock",
            description =
                    "Writes the hashes of the jars in the drop folder to plugins.lock: exit code 0 if it is written,"
                            + " 5 if a jar is bad and nothing is.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionCommand.Provider.class,
            sortOptions = false)
    static final class Lock implements Callable<Integer>, RootCommand.WithConfig {

        private final Surroundings surroundings;
        private final RootCommand root;

        @Mixin
        private ConfigOptions options = new ConfigOptions();

        Lock(Surroundings surroundings, RootCommand root) {
            this.surroundings = surroundings;
            this.root = root;
        }

        @Override
        public Integer call() {
            LockUpdate update = LockUpdate.of(
                    options.load(surroundings, root.options()).config().plugins(), Version.api());
            if (!update.refused().isEmpty()) {
                update.refused().forEach(surroundings.err()::println);
                surroundings.err().println("nothing is written to " + update.file());
                return ExitCode.PLUGIN;
            }
            try {
                update.write();
            } catch (IOException e) {
                throw new CommandFailure(
                        ExitCode.CONFIG,
                        "GW-P26 " + update.file() + " cannot be written: "
                                + e.getClass().getSimpleName() + ": " + e.getMessage()
                                + ". Check its folder's permissions, or name another: plugins.lock.",
                        e);
            }
            update.changes().forEach(surroundings.out()::println);
            surroundings.out().println("written to " + update.file());
            return ExitCode.OK;
        }

        @Override
        public ConfigOptions options() {
            return options;
        }
    }
}
