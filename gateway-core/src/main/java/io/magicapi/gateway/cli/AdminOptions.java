package io.magicapi.gateway.cli;

import io.magicapi.gateway.config.GatewayConfig;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say which running gateway is meant, for every command that asks one. */
final class AdminOptions {

    @Option(
            names = "--admin-url",
            paramLabel = "URL",
            description = "Where the gateway's admin API is. Without it, the gateway that runs with the data folder.")
    private @Nullable URI url;

    @Option(
            names = "--admin-key-file",
            paramLabel = "FILE",
            description = "File with the admin API's key. Without it, the configured key (admin.key), or the one in "
                    + "GATEWAY_ADMIN_KEY, or the one that the gateway has made for this machine.")
    private @Nullable Path keyFile;

    /**
     * {@return a client of the gateway that is meant}
     *
     * @throws CommandFailure if there is none, or no key for it
     */
    AdminClient client(Surroundings surroundings, GatewayConfig config) {
        return AdminClient.of(surroundings, config, url, keyFile);
    }
}
