package io.magicapi.gateway.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A configuration, and how it came to be.
 *
 * @param config the configuration, valid
 * @param settings every key with its value, in the order of {@code docs/configuration.md}
 * @param files the files that were read, in the order of reading; a later one wins
 * @param lookedFor where a main file was looked for; empty if {@code --config} named it
 * @param sources where it was looked for, and where it is to be looked for again
 * @param seen the files, places and keys' files that it depends on, as they were before they were read
 * @param warnings what is odd, but no reason to refuse the configuration
 */
public record LoadedConfig(
        GatewayConfig config,
        List<Setting> settings,
        List<Path> files,
        List<Path> lookedFor,
        ConfigSources sources,
        SeenFiles seen,
        List<Problem> warnings) {

    public LoadedConfig {
        settings = List.copyOf(settings);
        files = List.copyOf(files);
        lookedFor = List.copyOf(lookedFor);
        warnings = List.copyOf(warnings);
    }

    /** {@return how all that it depends on looks now: other than {@link #seen} if it may be out of date; asks the file system} */
    public SeenFiles look() {
        return ConfigLoader.look(sources).and(SeenFiles.ofKeys(config));
    }

    /** {@return for every key that was set, where; keys on their default are absent} */
    public Map<String, Place> origins() {
        Map<String, Place> origins = new TreeMap<>();
        settings.forEach(setting -> setting.origin().ifPresent(place -> origins.put(setting.key(), place)));
        return origins;
    }
}
