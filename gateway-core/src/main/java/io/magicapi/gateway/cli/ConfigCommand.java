package io.magicapi.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.config.ConfigLoader;
import io.magicapi.gateway.config.LiteLlmImport;
import io.magicapi.gateway.config.LiteLlmImport.Imported;
import io.magicapi.gateway.config.LoadedConfig;
import io.magicapi.gateway.config.Place;
import io.magicapi.gateway.config.Problem;
import io.magicapi.gateway.config.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gateway config}: about the configuration. */
@Command(
        name = "config",
        description = "Checks and shows the configuration.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class)
final class ConfigCommand extends Group {

    /** {@code gateway config validate}. */
    @Command(
            name = "validate",
            description = "Checks the configuration: exit code 0 if it is valid, 3 otherwise.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionCommand.Provider.class,
            sortOptions = false)
    static final class Validate implements Callable<Integer>, RootCommand.WithConfig {

        private final Surroundings surroundings;
        private final RootCommand root;

        @Mixin
        private ConfigOptions options = new ConfigOptions();

        Validate(Surroundings surroundings, RootCommand root) {
            this.surroundings = surroundings;
            this.root = root;
        }

        @Override
        public Integer call() {
            LoadedConfig loaded = options.load(surroundings, root.options());
            for (Problem warning : loaded.warnings()) {
                surroundings.err().println("warning: " + warning);
            }
            surroundings.out().println("the configuration is valid; " + used(loaded, surroundings));
            return ExitCode.OK;
        }

        @Override
        public ConfigOptions options() {
            return options;
        }
    }

    /** {@return which files were used, for people} */
    static String used(LoadedConfig loaded, Surroundings surroundings) {
        if (loaded.files().isEmpty()) {
            String places = loaded.lookedFor().stream()
                    .map(file -> shown(file, surroundings))
                    .collect(Collectors.joining(", "));
            return "no file found (looked for " + places + "); using defaults";
        }
        return loaded.files().stream().map(file -> shown(file, surroundings)).collect(Collectors.joining(", "));
    }

    private static String shown(Path file, Surroundings surroundings) {
        if (file.startsWith(surroundings.directory())) {
            return "./" + surroundings.directory().relativize(file);
        }
        return file.startsWith(surroundings.home()) ? "~/" + surroundings.home().relativize(file) : file.toString();
    }

    /** {@code gateway config show}. */
    @Command(
            name = "show",
            description = "Prints the configuration in use, defaults included, as YAML.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionCommand.Provider.class,
            sortOptions = false)
    static final class Show implements Callable<Integer>, RootCommand.WithConfig {

        /** Words that do not change their type when YAML reads them unquoted. */
        private static final Pattern PLAIN = Pattern.compile("[A-Za-z/.~][A-Za-z0-9_./-]*|\\d+(ms|s|m|h|B|KiB|MiB|GiB)"
                + "|https?://[A-Za-z0-9_./:-]*[A-Za-z0-9_/]|\\d+(\\.\\d+){3}");

        private static final Pattern RESERVED =
                Pattern.compile("(?i)true|false|yes|no|on|off|y|n|null|~|\\.nan|[-+]?\\.inf|\\.+");

        private final Surroundings surroundings;
        private final RootCommand root;

        @Mixin
        private ConfigOptions options = new ConfigOptions();

        @Option(names = "--origin", description = "Say beside each value where it was set.")
        private boolean origin;

        Show(Surroundings surroundings, RootCommand root) {
            this.surroundings = surroundings;
            this.root = root;
        }

        @Override
        public Integer call() {
            LoadedConfig loaded = options.load(surroundings, root.options());
            lines(loaded.settings(), origin).forEach(surroundings.out()::println);
            return ExitCode.OK;
        }

        @Override
        public ConfigOptions options() {
            return options;
        }

        private static List<String> lines(List<Setting> settings, boolean origin) {
            List<String> lines = new ArrayList<>();
            List<String> origins = new ArrayList<>();
            List<String> open = List.of();
            for (Setting setting : settings) {
                List<String> names = List.of(setting.key().split("\\."));
                int shared = 0;
                while (shared < names.size() - 1
                        && shared < open.size()
                        && names.get(shared).equals(open.get(shared))) {
                    shared++;
                }
                for (int depth = shared; depth < names.size() - 1; depth++) {
                    lines.add("  ".repeat(depth) + names.get(depth) + ":");
                    origins.add("");
                }
                open = names.subList(0, names.size() - 1);
                String name = names.get(names.size() - 1);
                String text = name + ":" + (setting.value().isNull() ? "" : " " + yaml(setting.masked()));
                lines.add("  ".repeat(open.size()) + text);
                origins.add("# " + setting.origin().map(Place::brief).orElse("default"));
            }
            if (!origin) {
                return lines;
            }
            int width = lines.stream().mapToInt(String::length).max().orElse(0);
            int column = Math.min(width, 48);
            List<String> both = new ArrayList<>();
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                String gap = " ".repeat(Math.max(1, column - line.length() + 2));
                both.add((line + gap + origins.get(i)).stripTrailing());
            }
            return both;
        }

        private static String yaml(JsonNode value) {
            if (value.isTextual()) {
                String text = value.textValue();
                boolean plain =
                        PLAIN.matcher(text).matches() && !RESERVED.matcher(text).matches();
                return plain ? text : value.toString();
            }
            return value.toString();
        }
    }

    /** {@code gateway config schema}. */
    @Command(
            name = "schema",
            description = "Prints the JSON Schema of the configuration, for editors.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionCommand.Provider.class)
    static final class Schema implements Callable<Integer> {

        private final Surroundings surroundings;

        Schema(Surroundings surroundings) {
            this.surroundings = surroundings;
        }

        @Override
        public Integer call() {
            ConfigOptions.quiet(surroundings);
            surroundings.out().print(ConfigLoader.schema());
            surroundings.out().flush();
            return ExitCode.OK;
        }
    }

    /** {@code gateway config import}. */
    @Command(
            name = "import",
            description =
                    "Prints the configuration that another gateway's comes to, and on standard error what of it has "
                            + "no counterpart.",
            mixinStandardHelpOptions = true,
            versionProvider = VersionCommand.Provider.class,
            sortOptions = false)
    static final class Import implements Callable<Integer> {

        /** For {@code --from}. */
        enum From {
            litellm
        }

        private final Surroundings surroundings;

        @Option(names = "--from", required = true, paramLabel = "GATEWAY", description = "${COMPLETION-CANDIDATES}")
        private From from = From.litellm;

        @Parameters(paramLabel = "FILE", description = "The file to read, such as LiteLLM's config.yaml.")
        private Path file = Path.of("");

        Import(Surroundings surroundings) {
            this.surroundings = surroundings;
        }

        @Override
        public Integer call() {
            ConfigOptions.quiet(surroundings);
            Imported imported = switch (from) {
                case litellm -> LiteLlmImport.read(file.toString(), content());
            };
            surroundings.out().print(imported.yaml());
            surroundings.out().flush();
            imported.findings().forEach(surroundings.err()::println);
            return ExitCode.OK;
        }

        private byte[] content() {
            try {
                return Files.readAllBytes(surroundings.directory().resolve(file));
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.USAGE, "there is no file " + file + " that can be read", e);
            }
        }
    }
}
