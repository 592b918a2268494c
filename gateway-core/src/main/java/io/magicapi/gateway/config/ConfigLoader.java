package io.magicapi.gateway.config;

import io.vertx.config.ConfigRetriever;
import io.vertx.config.ConfigRetrieverOptions;
import io.vertx.config.ConfigStoreOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Loads the configuration: defaults, under {@code gateway.yaml}, under {@code conf.d/*.yaml}, under the environment,
 * under flags.
 *
 * <p>The work is split so that each part does what it is good at. vertx-config reads: each file is one of its stores,
 * environment and flags are two more, and it merges them key by key in that order. {@link LocatedYaml}, a format for
 * vertx-config, keeps spelling and place of each value. {@link ConfigReader} alone knows which keys there are, and
 * turns the merged tree into records, collecting all problems.
 *
 * <p>Files are read on worker threads; {@link #load} may be called from any thread.
 */
public final class ConfigLoader {

    private static final String MAIN_FILE = "gateway.yaml";

    private ConfigLoader() {}

    /**
     * Loads and checks the configuration.
     *
     * @param vertx reads the files; still open afterwards
     * @return fails with a {@link ConfigException} that holds all problems
     */
    public static Future<LoadedConfig> load(Vertx vertx, ConfigSources sources) {
        return vertx.executeBlocking(() -> find(sources)).compose(found -> read(vertx, sources, found));
    }

    /** {@return all keys that exist, with {@code <name>} for names that the operator chooses, and their defaults} */
    public static List<Setting> keys() {
        return List.copyOf(ConfigReader.describe());
    }

    /** {@return the JSON Schema of the configuration} */
    public static String schema() {
        try (InputStream in = ConfigLoader.class.getResourceAsStream("gateway.schema.json")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Files to read, in order, where a main file was looked for, and how all that can change this looked before. */
    private record Found(List<Path> files, List<Path> lookedFor, SeenFiles seen, List<Problem> problems) {}

    private static Found find(ConfigSources sources) {
        List<Problem> problems = new ArrayList<>();
        List<Path> lookedFor = new ArrayList<>();
        List<Path> files = new ArrayList<>();
        SeenFiles seen = look(sources);
        String named = sources.environment().getOrDefault("GATEWAY_CONFIG", "");
        if (!sources.files().isEmpty()) {
            sources.files().forEach(file -> named(sources, file, "--config", files, problems));
        } else if (!named.isBlank()) {
            named(sources, Path.of(named), "GATEWAY_CONFIG", files, problems);
        } else {
            lookedFor.addAll(usualPlaces(sources));
            lookedFor.stream().filter(Files::exists).findFirst().ifPresent(files::add);
        }
        if (!files.isEmpty()) {
            files.addAll(dropIns(files.get(0), sources, problems));
        }
        return new Found(files, lookedFor, seen, problems);
    }

    /** {@return how the files and folders look that decide what is loaded from here; asks the file system} */
    static SeenFiles look(ConfigSources sources) {
        List<Path> all = new ArrayList<>(candidates(sources));
        candidates(sources).stream().filter(Files::exists).findFirst().ifPresent(main -> {
            all.add(dropInFolder(main));
            all.addAll(dropIns(main, sources, new ArrayList<>()));
        });
        return SeenFiles.look(all);
    }

    /** {@return the files of which one or all are the main files, whether they exist or not} */
    private static List<Path> candidates(ConfigSources sources) {
        String named = sources.environment().getOrDefault("GATEWAY_CONFIG", "");
        if (!sources.files().isEmpty()) {
            return sources.files().stream().map(sources::resolved).toList();
        }
        return named.isBlank() ? usualPlaces(sources) : List.of(sources.resolved(Path.of(named)));
    }

    private static Path dropInFolder(Path main) {
        return main.resolveSibling("conf.d");
    }

    private static void named(ConfigSources sources, Path file, String how, List<Path> files, List<Problem> problems) {
        Path absolute = sources.resolved(file);
        Place place = Place.file(sources.shown(file));
        if (!Files.exists(absolute)) {
            problems.add(new Problem(Problem.FILE, place, "does not exist (named by " + how + ")"));
        } else if (Files.isDirectory(absolute)) {
            problems.add(new Problem(
                    Problem.FILE, place, "is a directory (named by " + how + "). Name the file in it: " + MAIN_FILE));
        } else {
            files.add(absolute);
        }
    }

    private static List<Path> usualPlaces(ConfigSources sources) {
        String xdg = sources.environment().getOrDefault("XDG_CONFIG_HOME", "");
        Path user = xdg.isBlank()
                ? sources.home().resolve(".config")
                : sources.directory().resolve(xdg);
        return List.of(
                sources.directory().resolve(MAIN_FILE),
                user.resolve("gateway").resolve(MAIN_FILE),
                Path.of("/etc/gateway").resolve(MAIN_FILE));
    }

    /** {@return the files of {@code conf.d} next to the main file, by name; hidden ones belong to editors and mounts} */
    private static List<Path> dropIns(Path main, ConfigSources sources, List<Problem> problems) {
        Path directory = dropInFolder(main);
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(entry -> {
                        String name = entry.getFileName().toString();
                        return !name.startsWith(".") && (name.endsWith(".yaml") || name.endsWith(".yml"));
                    })
                    .sorted(Comparator.comparing(entry -> entry.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            problems.add(
                    new Problem(Problem.FILE, Place.file(sources.shown(directory)), "cannot be read: " + reason(e)));
            return List.of();
        }
    }

    private static Future<LoadedConfig> read(Vertx vertx, ConfigSources sources, Found found) {
        List<Problem> problems = new ArrayList<>(found.problems());
        EnvironmentKeys environment = new EnvironmentKeys().variables(sources.environment());
        EnvironmentKeys flags = new EnvironmentKeys().flags(sources.flags());
        ConfigRetrieverOptions options =
                new ConfigRetrieverOptions().setIncludeDefaultStores(false).setScanPeriod(-1);
        for (Path file : found.files()) {
            if (Files.isReadable(file)) {
                options.addStore(new ConfigStoreOptions()
                        .setType("file")
                        .setFormat(LocatedYaml.FORMAT)
                        .setOptional(false)
                        .setConfig(new JsonObject()
                                .put("path", file.toString())
                                .put(LocatedYaml.SHOWN, sources.shown(file))));
            } else {
                problems.add(new Problem(
                        Problem.FILE, Place.file(sources.shown(file)), "cannot be read: permission denied"));
            }
        }
        options.addStore(store(environment)).addStore(store(flags));
        ConfigRetriever retriever = ConfigRetriever.create(vertx, options);
        return retriever
                .getConfig()
                .eventually(retriever::close)
                .recover(failure -> Future.failedFuture(new ConfigException(List.of(
                        new Problem(Problem.FILE, Place.file("configuration"), "cannot be read: " + reason(failure))))))
                // Off the event loop: the reader opens the files of certificates.
                .compose(merged -> vertx.executeBlocking(() -> {
                    problems.addAll(LocatedYaml.problems(merged));
                    problems.addAll(environment.problems());
                    problems.addAll(flags.problems());
                    Located.Mapping tree = (Located.Mapping) Located.fromJson(merged);
                    Section.Reading reading = new Section.Reading(false);
                    GatewayConfig config = ConfigReader.read(tree.members(), reading);
                    problems.addAll(reading.problems());
                    if (!problems.isEmpty()) {
                        throw new ConfigException(sorted(problems, sources, found.files()));
                    }
                    return new LoadedConfig(
                            config,
                            reading.settings(),
                            found.files(),
                            found.lookedFor(),
                            sources,
                            found.seen().and(SeenFiles.ofKeys(config)),
                            environment.warnings().stream()
                                    .filter(warning -> !holdsKey(config, warning))
                                    .toList());
                }));
    }

    private static ConfigStoreOptions store(EnvironmentKeys keys) {
        return new ConfigStoreOptions()
                .setType("json")
                .setOptional(false)
                .setConfig(keys.tree().toJson());
    }

    /** Whether a variable is one that holds a provider's key, and so has a reason to exist. */
    private static boolean holdsKey(GatewayConfig config, Problem warning) {
        return config.providers().values().stream()
                .flatMap(provider -> provider.keys().stream())
                .flatMap(key -> key.env().stream())
                .anyMatch(name -> Place.variable(name).equals(warning.place()));
    }

    private static List<Problem> sorted(List<Problem> problems, ConfigSources sources, List<Path> files) {
        List<String> order = files.stream().map(sources::shown).toList();
        return problems.stream()
                .sorted(Comparator.<Problem>comparingInt(problem -> position(problem, order))
                        .thenComparingInt(problem -> problem.place().line())
                        .thenComparingInt(problem -> problem.place().column()))
                .toList();
    }

    /** Files that are missing first, then the files in their order, then variables, then flags. */
    private static int position(Problem problem, List<String> files) {
        String source = problem.place().source();
        if (problem.code().equals(Problem.FILE)) {
            return -1;
        }
        int file = files.indexOf(source);
        return file >= 0 ? file : source.startsWith("--") ? files.size() + 1 : files.size();
    }

    private static String reason(Throwable failure) {
        String message = failure.getMessage();
        return message == null ? failure.getClass().getSimpleName() : message;
    }
}
