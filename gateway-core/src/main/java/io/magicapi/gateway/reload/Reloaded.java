package io.magicapi.gateway.reload;

import io.magicapi.gateway.config.ConfigDiff;
import java.util.List;

/**
 * What a reload has changed.
 *
 * @param version how many configurations have been in use since the start, this one included
 * @param diff what differs from the configuration before
 * @param providers the providers that have come, gone, or changed, be it that a file holds another key now
 */
public record Reloaded(int version, ConfigDiff diff, List<String> providers) {

    public Reloaded {
        providers = List.copyOf(providers);
    }

    /** {@return whether all stays as it was} */
    public boolean isEmpty() {
        return diff.changes().isEmpty() && providers.isEmpty();
    }
}
