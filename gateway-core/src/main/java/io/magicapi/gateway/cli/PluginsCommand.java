package io.magicapi.gateway.cli;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.plugins.JarInspector;
import io.magicapi.gateway.plugins.PluginDescriptor;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.Rejection;
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
        description = "Lists and checks plugin jars, and asks a running gateway about its plugins.",
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
            String state = plugin.state().isUnused()
                    ? plugin.state() + " " + plugin.message().orElse("")
                    : plugin.state().name().toLowerCase(Locale.ROOT);
            table.row(
                    orDash(plugin.id()),
                    orDash(plugin.version()),
                    orDash(plugin.providers().stream()
                            .map(PluginStatus.ProviderStatus::name)
                            .collect(Collectors.joining(", "))),
                    plugin.file()
                            .map(file -> String.valueOf(file.getFileName()))
                            .orElse("-"),
                    state);
        }
        return table.lines();
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    /** {@code gateway plugins verify}. */
    @Command(
            name = "verify",
            description = "Checks plugin jars without loading them: exit code 0 if all are good, 5 otherwise.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionCommand.Provider.class)
    static final class Verify implements Callable<Integer> {

        private final Surroundings surroundings;

        @Parameters(arity = "1..*", paramLabel = "FILE", description = "Plugin jars.")
        private List<Path> files = new ArrayList<>();

        Verify(Surroundings surroundings) {
            this.surroundings = surroundings;
        }

        @Override
        public Integer call() {
            JarInspector inspector = new JarInspector(Version.api());
            return files.stream()
                    .map(file -> inspector.inspect(surroundings.directory().resolve(file)))
                    .mapToInt(inspection -> inspection.fold(this::accept, this::reject))
                    .max()
                    .orElse(ExitCode.OK);
        }

        private int accept(PluginDescriptor plugin) {
            surroundings
                    .out()
                    .println("ok  " + plugin.label() + "  sha256:" + plugin.sha256() + "  providers: "
                            + String.join(", ", plugin.extensions()));
            return ExitCode.OK;
        }

        private int reject(Rejection rejection) {
            surroundings.err().println(rejection);
            return ExitCode.PLUGIN;
        }
    }
}
