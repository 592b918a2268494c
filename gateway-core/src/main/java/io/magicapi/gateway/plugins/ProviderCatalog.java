package io.magicapi.gateway.plugins;

import java.util.Set;

/** Holds the newest {@link ProviderSnapshot}. Written by the plugin thread only, read by all. */
public final class ProviderCatalog {

    private volatile ProviderSnapshot snapshot;
    private volatile Runnable listener = () -> {};

    /** A catalogue without providers. */
    public ProviderCatalog() {
        this(Set.of());
    }

    /**
     * A catalogue without providers.
     *
     * @param expected names of providers that are to be known although they are not loaded: those that are configured
     */
    public ProviderCatalog(Set<String> expected) {
        this.snapshot = ProviderSnapshot.EMPTY.remembering(expected);
    }

    /** {@return the newest snapshot} */
    public ProviderSnapshot snapshot() {
        return snapshot;
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
