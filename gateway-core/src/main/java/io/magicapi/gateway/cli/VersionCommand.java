package io.magicapi.gateway.cli;

import io.magicapi.gateway.Version;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** {@code gateway version}, and the text of {@code --version}. */
@Command(
        name = "version",
        description = "Prints the versions of the gateway, the plugin API and Java.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class)
final class VersionCommand implements Callable<Integer> {

    private final Surroundings surroundings;

    VersionCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        surroundings.out().println(text());
        return ExitCode.OK;
    }

    private static String text() {
        return "gateway " + Version.gateway() + "   plugin API " + Version.api() + "   Java "
                + System.getProperty("java.version");
    }

    /** For picocli, which creates it. */
    static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {text()};
        }
    }
}
