package io.magicapi.gateway.config;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** Loads configurations in tests: files in a directory, variables and flags as given, nothing of the machine's own. */
final class Configs {

    private final Path directory;
    private final List<Path> files = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private final List<ConfigSources.Flag> flags = new ArrayList<>();

    Configs(Path directory) {
        this.directory = directory;
    }

    Configs file(String name, String text) {
        try {
            Path file = directory.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    Configs named(String file) {
        files.add(Path.of(file));
        return this;
    }

    Configs variable(String name, String value) {
        environment.put(name, value);
        return this;
    }

    Configs flag(String name, String key, String value) {
        flags.add(new ConfigSources.Flag(name, key, value));
        return this;
    }

    LoadedConfig load() {
        Vertx vertx = Vertx.vertx();
        try {
            return ConfigLoader.load(
                            vertx, new ConfigSources(files, environment, flags, directory, directory.resolve("home")))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof ConfigException problems) {
                throw problems;
            }
            throw e;
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    GatewayConfig config() {
        return load().config();
    }

    List<String> problems() {
        try {
            load();
            return List.of();
        } catch (ConfigException e) {
            return e.problems().stream().map(Problem::toString).toList();
        }
    }
}
