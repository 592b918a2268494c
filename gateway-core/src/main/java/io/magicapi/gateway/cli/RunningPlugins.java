package io.magicapi.gateway.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The commands below {@code gateway plugins} that ask a running gateway. */
final class RunningPlugins {

    private RunningPlugins() {}

    /** {@return all of them} */
    static List<Object> all(Surroundings surroundings, RootCommand root) {
        return List.of(
                new Status(surroundings, root),
                new Load(surroundings, root),
                onPlugin(surroundings, root, "reload", "Loads the jar of a plugin again."),
                onPlugin(
                        surroundings,
                        root,
                        "unload",
                        "Takes a plugin out of service until its file changes or it is reloaded."),
                new Pin(surroundings, root),
                onPlugin(
                        surroundings, root, "unpin", "Uses any version of a plugin again; the newest file takes over."),
                onPlugin(
                        surroundings,
                        root,
                        "rollback",
                        "Goes back to the version before, or ends the trial of a new one."),
                onPlugin(surroundings, root, "promote", "Lets a version that is tried take over."),
                new Upload(surroundings, root));
    }

    private static CommandLine onPlugin(Surroundings surroundings, RootCommand root, String word, String description) {
        CommandLine command = new CommandLine(new OnPlugin(surroundings, root, word));
        command.getCommandSpec().name(word).usageMessage().description(description);
        return command;
    }

    /** What they have in common: they find the gateway, and print how its plugins stand. */
    @Command(mixinStandardHelpOptions = true, versionProvider = VersionCommand.Provider.class, sortOptions = false)
    abstract static class Operation implements Callable<Integer>, RootCommand.WithConfig {

        private final Surroundings surroundings;
        private final RootCommand root;

        @Mixin
        private AdminOptions gateway = new AdminOptions();

        @Mixin
        private ConfigOptions options = new ConfigOptions();

        Operation(Surroundings surroundings, RootCommand root) {
            this.surroundings = surroundings;
            this.root = root;
        }

        /** {@return the plugins to show} */
        abstract JsonArray ask(AdminClient gateway);

        @Override
        public Integer call() {
            AdminClient client = gateway.client(
                    surroundings, options.load(surroundings, root.options()).config());
            table(ask(client)).forEach(surroundings.out()::println);
            return ExitCode.OK;
        }

        @Override
        public ConfigOptions options() {
            return options;
        }

        Path resolve(Path file) {
            return surroundings.directory().resolve(file);
        }
    }

    /** {@return one line per version of a plugin, under a header} */
    private static List<String> table(JsonArray plugins) {
        Table table = new Table("PLUGIN", "VERSION", "STATE", "IN FLIGHT", "SINCE", "PROVIDERS", "FILE", "MESSAGE");
        for (int i = 0; i < plugins.size(); i++) {
            JsonObject plugin = plugins.getJsonObject(i);
            table.row(
                    cell(plugin, "id"),
                    cell(plugin, "version"),
                    cell(plugin, "state"),
                    cell(plugin, "in_flight"),
                    cell(plugin, "since").replaceFirst("\\.\\d+Z$", "Z"),
                    plugin.getJsonArray("providers", new JsonArray()).stream()
                            .map(provider -> cell((JsonObject) provider, "name"))
                            .collect(Collectors.collectingAndThen(
                                    Collectors.joining(", "), names -> names.isEmpty() ? "-" : names)),
                    cell(plugin, "file"),
                    plugin.getString("message", ""));
        }
        return table.lines();
    }

    private static String cell(JsonObject plugin, String name) {
        String text = String.valueOf(plugin.getValue(name, "-"));
        return text.isEmpty() ? "-" : text;
    }

    /** Something that is done to one plugin; the word for it ends the path. */
    static class OnPlugin extends Operation {

        private final String word;

        @Parameters(paramLabel = "ID", description = "The plugin's id.")
        private String id = "";

        OnPlugin(Surroundings surroundings, RootCommand root, String word) {
            super(surroundings, root);
            this.word = word;
        }

        JsonObject body() {
            return new JsonObject();
        }

        @Override
        final JsonArray ask(AdminClient gateway) {
            return JsonArray.of(gateway.post("/admin/plugins/" + AdminClient.segment(id) + "/" + word, body()));
        }
    }

    /** {@code gateway plugins status}. */
    @Command(
            name = "status",
            description = "Says how the plugins of the running gateway are, versions that drain or are tried included.")
    static final class Status extends Operation {

        @Parameters(arity = "0..1", paramLabel = "ID", description = "Only the plugin with this id.")
        private @Nullable String id;

        Status(Surroundings surroundings, RootCommand root) {
            super(surroundings, root);
        }

        @Override
        JsonArray ask(AdminClient gateway) {
            return id == null
                    ? gateway.get("/admin/plugins").getJsonArray("plugins")
                    : gateway.get("/admin/plugins/" + AdminClient.segment(id)).getJsonArray("versions");
        }
    }

    /** {@code gateway plugins load}. */
    @Command(
            name = "load",
            description =
                    "Loads a jar of the running gateway's plugins folder now, even if it was taken out of service.")
    static final class Load extends Operation {

        @Parameters(paramLabel = "FILE", description = "The jar's name in that folder.")
        private String file = "";

        Load(Surroundings surroundings, RootCommand root) {
            super(surroundings, root);
        }

        @Override
        JsonArray ask(AdminClient gateway) {
            return JsonArray.of(gateway.post("/admin/plugins/load", new JsonObject().put("file", file)));
        }
    }

    /** {@code gateway plugins pin}. */
    @Command(
            name = "pin",
            description = "Uses one version of a plugin and no other, until the gateway restarts or it is unpinned.")
    static final class Pin extends OnPlugin {

        @Parameters(index = "1", paramLabel = "VERSION", description = "Such as 1.2.3.")
        private String version = "";

        Pin(Surroundings surroundings, RootCommand root) {
            super(surroundings, root, "pin");
        }

        @Override
        JsonObject body() {
            return new JsonObject().put("version", version);
        }
    }

    /** {@code gateway plugins upload}. */
    @Command(
            name = "upload",
            description = "Sends a jar to the running gateway, which checks and loads it (admin.plugin-upload).")
    static final class Upload extends Operation {

        @Parameters(paramLabel = "FILE", description = "A plugin jar.")
        private Path file = Path.of("");

        Upload(Surroundings surroundings, RootCommand root) {
            super(surroundings, root);
        }

        @Override
        JsonArray ask(AdminClient gateway) {
            return JsonArray.of(gateway.upload(resolve(file)));
        }
    }
}
