package io.magicapi.gateway.cli;

import io.magicapi.gateway.config.ConfigLoader;
import io.magicapi.gateway.config.ConfigSources;
import io.magicapi.gateway.config.ConfigSources.Flag;
import io.magicapi.gateway.config.LoadedConfig;
import io.magicapi.gateway.observe.LogSetup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that name or override configuration, for every command that needs one. */
final class ConfigOptions {

    /** For {@code --log-level}. */
    enum Level {
        error,
        warn,
        info,
        debug
    }

    /** For {@code --log-format}. */
    enum Format {
        auto,
        text,
        json
    }

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "Configuration file; repeatable, the last one wins. Without it, the first that is there of "
                    + "./gateway.yaml, ~/.config/gateway/gateway.yaml and /etc/gateway/gateway.yaml.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = {"-H", "--host"},
            paramLabel = "ADDRESS",
            description = "Address to listen on (server.host).")
    private @Nullable String host;

    @Option(
            names = {"-p", "--port"},
            paramLabel = "PORT",
            description = "Port to listen on, 0 for any free one (server.port).")
    private @Nullable Integer port;

    @Option(
            names = "--plugins",
            paramLabel = "DIR",
            description = "Folder that plugin jars are dropped into (plugins.dir).")
    private @Nullable Path plugins;

    @Option(names = "--data", paramLabel = "DIR", description = "The gateway's private folder (plugins.data).")
    private @Nullable Path data;

    @Option(
            names = "--dev",
            description = "For a folder that a plugin's build writes to, as in --dev --plugins target/ (plugins.dev).")
    private boolean dev;

    @Option(names = "--log-level", paramLabel = "LEVEL", description = "${COMPLETION-CANDIDATES} (log.level).")
    private @Nullable Level level;

    @Option(names = "--log-format", paramLabel = "FORMAT", description = "${COMPLETION-CANDIDATES} (log.format).")
    private @Nullable Format format;

    /**
     * {@return the configuration that these flags and the process's surroundings lead to}
     *
     * @param before the flags given before the command's name, as in {@code gateway -c x.yaml models}; weaker than
     *     these
     * @throws io.magicapi.gateway.config.ConfigException if it cannot be used
     */
    LoadedConfig load(Surroundings surroundings, ConfigOptions before) {
        quiet(surroundings);
        List<Path> allFiles = new ArrayList<>(before.files);
        List<Flag> flags = new ArrayList<>();
        before.addTo(flags);
        if (before != this) {
            allFiles.addAll(files);
            addTo(flags);
        }
        ConfigSources sources = new ConfigSources(
                allFiles, surroundings.environment(), flags, surroundings.directory(), surroundings.home());
        return Work.with(vertx -> ConfigLoader.load(vertx, sources));
    }

    /** Until the configuration says more: nothing but disasters is logged, and not among the results. */
    static void quiet(Surroundings surroundings) {
        LogSetup.apply("error", false, surroundings.colours(), surroundings.err());
    }

    /** {@return whether {@code --log-level debug} asks for stack traces} */
    boolean debug() {
        return level == Level.debug;
    }

    private void addTo(List<Flag> flags) {
        add(flags, "--host", "server.host", host);
        add(flags, "--port", "server.port", port);
        add(flags, "--plugins", "plugins.dir", plugins);
        add(flags, "--data", "plugins.data", data);
        add(flags, "--dev", "plugins.dev", dev ? true : null);
        add(flags, "--log-level", "log.level", level);
        add(flags, "--log-format", "log.format", format);
    }

    private static void add(List<Flag> flags, String name, String key, @Nullable Object value) {
        if (value != null) {
            String text = value instanceof Enum<?> word ? word.name().toLowerCase(Locale.ROOT) : value.toString();
            flags.add(new Flag(name, key, text));
        }
    }
}
