package io.magicapi.gateway.reload;

import io.magicapi.gateway.config.ConfigDiff.Change;
import io.magicapi.gateway.config.LoadedConfig;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How the configuration stands.
 *
 * @param version how many have been in use since the start, this one included
 * @param since since when the one in use is
 * @param read when it was last read without being refused, changed or not
 * @param inUse the one in use
 * @param waiting what of it takes effect at the next start only, compared with what the gateway was started with
 * @param failure the last reload, if it was refused
 */
public record ReloadStatus(
        int version, Instant since, Instant read, LoadedConfig inUse, List<Change> waiting, Optional<Failure> failure) {

    public ReloadStatus {
        waiting = List.copyOf(waiting);
    }

    /** A configuration that was in use from the start. */
    static ReloadStatus first(LoadedConfig started) {
        Instant now = Instant.now();
        return new ReloadStatus(1, now, now, started, List.of(), Optional.empty());
    }

    /** {@return the same after a reload that was refused} */
    ReloadStatus failed(Failure refused) {
        return new ReloadStatus(version, since, read, inUse, waiting, Optional.of(refused));
    }

    /**
     * A reload that was refused.
     *
     * @param by who asked for it
     * @param problems why
     */
    public record Failure(Instant at, String by, List<String> problems) {

        public Failure {
            problems = List.copyOf(problems);
        }
    }
}
