package io.magicapi.gateway.plugins;

import java.nio.file.Path;
import java.util.List;

/** INTERIM. How one plugin jar is doing. */
public record PluginStatus(
        String id, String version, Path file, String sha256, List<String> providers, State state, String message) {

    /** What has become of it. */
    public enum State {
        READY,
        REJECTED,
        DRAINING
    }
}
