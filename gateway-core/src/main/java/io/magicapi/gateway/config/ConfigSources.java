package io.magicapi.gateway.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Where to look for configuration.
 *
 * @param files the files the operator named, the last one winning; empty: look in the usual places
 * @param environment the environment variables
 * @param flags what the command line sets
 * @param directory the working directory, which relative paths start from
 * @param home the user's home directory
 */
public record ConfigSources(
        List<Path> files, Map<String, String> environment, List<Flag> flags, Path directory, Path home) {

    /**
     * A key set by the command line.
     *
     * @param name the flag: {@code --port}
     * @param key the key it sets: {@code server.port}
     * @param value its value as written
     */
    public record Flag(String name, String key, String value) {}

    public ConfigSources {
        files = List.copyOf(files);
        environment = Map.copyOf(environment);
        flags = List.copyOf(flags);
        directory = directory.toAbsolutePath().normalize();
    }

    /** {@return a path that an operator in {@link #directory} has written} */
    Path resolved(Path file) {
        return directory.resolve(file).normalize();
    }

    /** {@return a path as an operator in {@link #directory} would write it} */
    String shown(Path file) {
        Path absolute = resolved(file);
        return absolute.startsWith(directory) ? directory.relativize(absolute).toString() : absolute.toString();
    }
}
