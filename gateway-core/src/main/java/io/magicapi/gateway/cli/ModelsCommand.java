package io.magicapi.gateway.cli;

import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.plugins.ProviderGeneration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code gateway models}. */
@Command(
        name = "models",
        description =
                "Loads the plugins, lists the models of their catalogues, and exits. Needs neither keys nor a network.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class,
        sortOptions = false)
final class ModelsCommand implements Callable<Integer>, RootCommand.WithConfig {

    private final Surroundings surroundings;
    private final RootCommand root;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    ModelsCommand(Surroundings surroundings, RootCommand root) {
        this.surroundings = surroundings;
        this.root = root;
    }

    @Override
    public Integer call() {
        List<String> lines = LoadedPlugins.use(
                surroundings,
                options,
                root.options(),
                plugins -> table(plugins.providers().all()));
        if (lines.size() == 1) {
            surroundings.out().println("no models: no loaded provider has a catalogue");
        } else {
            lines.forEach(surroundings.out()::println);
        }
        return ExitCode.OK;
    }

    @Override
    public ConfigOptions options() {
        return options;
    }

    /** {@return one line per model, under a header} */
    static List<String> table(List<ProviderGeneration> providers) {
        Table table = new Table("MODEL", "CONTEXT", "STATUS");
        for (ProviderGeneration provider : providers) {
            for (Model model : provider.models()) {
                String context = model.contextWindow().isPresent()
                        ? String.valueOf(model.contextWindow().getAsInt())
                        : "-";
                StringBuilder status = new StringBuilder(model.status().word());
                model.shutdown().ifPresent(day -> status.append(", ends ").append(day));
                model.replacement().ifPresent(other -> status.append(", use ").append(other));
                table.row(provider.name() + "/" + model.id(), context, status.toString());
            }
        }
        return table.lines();
    }
}
