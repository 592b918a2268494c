package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import java.util.List;

/** Holds the newest {@link ProviderSnapshot}. Written by the plugin thread only, read by all. */
public final class ProviderCatalog {

    private volatile ProviderSnapshot snapshot;
    private volatile Runnable listener = () -> {};

    /** A catalogue without providers and without configuration. */
    public ProviderCatalog() {
        this(GatewayConfig.defaults());
    }

    /** A catalogue without providers. */
    public ProviderCatalog(GatewayConfig config) {
        this.snapshot = ProviderSnapshot.of(config, List.of());
    }

    /** {@return the newest snapshot} */
    public ProviderSnapshot snapshot() {
        return snapshot;
    }

    /** {@return the newest configuration in use} */
    public GatewayConfig config() {
        return snapshot.config();
    }

    /** Replaces the snapshot; requests that begin after this see the new one. */
    public void publish(ProviderSnapshot newest) {
        snapshot = newest.remembering(snapshot.known());
        listener.run();
    }

    /** Has this one told of each snapshot that is published from now on, on the plugin thread. It must not block or throw. */
    public void whenPublished(Runnable told) {
        listener = told;
    }
}
