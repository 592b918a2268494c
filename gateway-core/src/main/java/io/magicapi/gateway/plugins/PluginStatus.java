package io.magicapi.gateway.plugins;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How one plugin stands, as the start screen, the command line and the admin API show it. A moment's picture.
 *
 * @param id the plugin's id; the file's name if the jar has none
 * @param version its version; {@code built in} for the gateway's own; empty if the jar has none
 * @param file where it was dropped; empty for the gateway's own
 * @param sha256 the hash of the jar; empty if the file holds no plugin
 * @param signer who signed it; empty if nobody did, or {@code plugins.verify} is off
 * @param providers the providers it has brought; empty if it is rejected
 * @param state how it stands
 * @param since since when
 * @param message why it is not used, or what speaks against it although it is, with its code; or what is being waited
 *     for; empty if all is well
 */
public record PluginStatus(
        String id,
        String version,
        Optional<Path> file,
        Optional<String> sha256,
        Optional<Signer> signer,
        List<ProviderStatus> providers,
        State state,
        Instant since,
        Optional<String> message) {

    public PluginStatus {
        providers = List.copyOf(providers);
    }

    static PluginStatus builtIn(ProviderGeneration generation) {
        return new PluginStatus(
                generation.name(),
                PluginRegistry.BUILT_IN,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(ProviderStatus.of(generation)),
                State.READY,
                generation.since(),
                Optional.empty());
    }

    static PluginStatus ready(PluginUnit unit) {
        Optional<String> warning = Stream.concat(
                        unit.missing().values().stream(), unit.descriptor().warnings().stream())
                .map(Rejection::toString)
                .findFirst();
        return of(unit, State.READY, warning);
    }

    static PluginStatus draining(PluginUnit unit) {
        return of(unit, State.DRAINING, Optional.of(unit.finishing("it")));
    }

    static PluginStatus canary(Trial trial) {
        return of(trial.newcomer(), State.CANARY, Optional.of(trial.progress()));
    }

    private static PluginStatus of(PluginUnit unit, State state, Optional<String> message) {
        PluginDescriptor descriptor = unit.descriptor();
        return new PluginStatus(
                descriptor.id(),
                descriptor.version(),
                Optional.of(unit.file()),
                Optional.of(descriptor.sha256()),
                descriptor.signer(),
                unit.generations().stream().map(ProviderStatus::of).toList(),
                state,
                unit.since(),
                message);
    }

    /** {@return how a file stands that is not in use} */
    static PluginStatus unused(
            Path file, Optional<PluginDescriptor> descriptor, State state, Instant since, Rejection why) {
        return new PluginStatus(
                descriptor.map(PluginDescriptor::id).orElse(String.valueOf(file.getFileName())),
                descriptor.map(PluginDescriptor::version).orElse(""),
                Optional.of(file),
                descriptor.map(PluginDescriptor::sha256),
                descriptor.flatMap(PluginDescriptor::signer),
                List.of(),
                state,
                since,
                Optional.of(why.toString()));
    }

    /** How a plugin stands. */
    public enum State {
        /** Its providers serve. */
        READY,
        /** It is replaced or removed, and requests are finishing on it. */
        DRAINING,
        /** A new version that gets its share of the requests beside the one that is ready. */
        CANARY,
        /** It is not used. */
        REJECTED,
        /** It was taken out of service for its conduct. */
        QUARANTINED,
        /** An operator took it out of service. */
        UNLOADED;

        /** {@return whether nothing uses it, for a reason that the message tells} */
        public boolean isUnused() {
            return this == REJECTED || this == QUARANTINED || this == UNLOADED;
        }
    }

    /** {@return how many requests use it} */
    public int inFlight() {
        return providers.stream().mapToInt(ProviderStatus::inFlight).sum();
    }

    /**
     * One provider of a plugin.
     *
     * @param name its name
     * @param baseUrl the base URL that is used
     * @param keyVariable the environment variable that holds its key when nothing is configured, if there is one
     * @param keys the keys the gateway holds for it
     * @param inFlight how many requests use it
     */
    public record ProviderStatus(
            String name, String baseUrl, Optional<String> keyVariable, KeyRing keys, int inFlight) {

        static ProviderStatus of(ProviderGeneration generation) {
            return new ProviderStatus(
                    generation.name(),
                    generation.baseUrl(),
                    generation.keyVariable(),
                    generation.keys(),
                    generation.inFlight());
        }
    }
}
