package io.magicapi.gateway.cli;

import io.magicapi.gateway.Version;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code gateway plugins new}. */
@Command(
        name = "new",
        description = "Writes the Maven project of a new provider plugin.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class,
        sortOptions = false)
final class NewPluginCommand implements Callable<Integer> {

    private static final String FIRST_VERSION = "0.1.0";
    private static final Pattern ID = Pattern.compile("[a-z][a-z0-9-]{0,31}");
    private static final Pattern PACKAGE = Pattern.compile("[a-z_][a-z0-9_]*(\\.[a-z_][a-z0-9_]*)*");

    private final Surroundings surroundings;

    /** Replaced by picocli. */
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "NAME",
            description = "The provider's name, as in NAME/model: small letters, digits, dashes.")
    private String id = "";

    @Option(
            names = "--package",
            paramLabel = "PACKAGE",
            description = "Java package of its classes, also the Maven group; com.NAME if not given.")
    private @Nullable String packageName;

    @Option(names = "--dir", paramLabel = "DIR", description = "Folder to write to; ./NAME if not given.")
    private @Nullable Path dir;

    NewPluginCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        String home = packageName == null ? "com." + id.replace("-", "") : packageName;
        refuseUnless(ID, id, "NAME must be small letters, digits and dashes, at most 32, a letter first");
        refuseUnless(PACKAGE, home, "--package must be a Java package in small letters, such as com.acme");
        Path shown = dir == null ? Path.of(id) : dir;
        PrintStream out = surroundings.out();
        out.println(
                "If " + id + " speaks OpenAI's wire format and nothing about it is special, it needs no code at all:"
                        + " configure providers." + id + " with plugin: openai-compatible and its base-url.");
        out.println();
        for (Path file : write(home, shown)) {
            out.println("wrote " + shown.resolve(file));
        }
        out.println();
        out.println("Next: set baseUrl() in the provider's class, then: cd " + shown + " && mvn verify");
        return ExitCode.OK;
    }

    /** {@return the files written, relative to the folder} */
    private List<Path> write(String home, Path shown) {
        Path folder = surroundings.directory().resolve(shown);
        try {
            if (Files.exists(folder) && !isEmpty(folder)) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        "GW-S07 " + shown + " is there already, and nothing in it is overwritten. Name another folder:"
                                + " --dir DIR",
                        null);
            }
            return new PluginTemplate(id, home, FIRST_VERSION, Version.gateway())
                    .writeTo(folder).stream().map(folder::relativize).toList();
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "GW-S07 " + shown + " cannot be written: " + e.getClass().getSimpleName() + ": " + e.getMessage()
                            + ". Name another folder: --dir DIR",
                    e);
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void refuseUnless(Pattern shape, String value, String rule) {
        if (!shape.matcher(value).matches()) {
            throw new ParameterException(spec.commandLine(), rule + ", but was: " + value);
        }
    }
}
