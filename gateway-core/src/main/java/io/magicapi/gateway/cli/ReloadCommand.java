package io.magicapi.gateway.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code gateway reload}: has the running gateway read its configuration again, and prints what has changed. */
@Command(
        name = "reload",
        description =
                "Has the running gateway read its configuration again. If it cannot be used, exit code 3, and what "
                        + "was in use stays.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class,
        sortOptions = false)
final class ReloadCommand implements Callable<Integer>, RootCommand.WithConfig {

    private final Surroundings surroundings;
    private final RootCommand root;

    @Mixin
    private AdminOptions gateway = new AdminOptions();

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    ReloadCommand(Surroundings surroundings, RootCommand root) {
        this.surroundings = surroundings;
        this.root = root;
    }

    @Override
    public Integer call() {
        AdminClient client = gateway.client(
                surroundings, options.load(surroundings, root.options()).config());
        JsonObject reloaded = client.post("/admin/config/reload", new JsonObject());
        PrintStream out = surroundings.out();
        JsonArray changes = reloaded.getJsonArray("changes");
        JsonArray providers = reloaded.getJsonArray("providers");
        for (int i = 0; i < changes.size(); i++) {
            JsonObject change = changes.getJsonObject(i);
            out.println(change.getString("key") + ": " + text(change.getValue("before")) + " → "
                    + text(change.getValue("after"))
                    + (change.getBoolean("needs_restart") ? " (needs a restart)" : ""));
        }
        if (!providers.isEmpty()) {
            out.println("providers that have changed: "
                    + String.join(", ", providers.stream().map(String::valueOf).toList()));
        }
        if (changes.isEmpty() && providers.isEmpty()) {
            out.println("nothing has changed");
        }
        return ExitCode.OK;
    }

    private static String text(@Nullable Object value) {
        return value == null ? "none" : value.toString();
    }

    @Override
    public ConfigOptions options() {
        return options;
    }
}
