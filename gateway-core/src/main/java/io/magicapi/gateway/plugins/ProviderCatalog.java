package io.magicapi.gateway.plugins;

/** Holds the newest {@link ProviderSnapshot}. Written by the plugin thread only, read by all. */
public final class ProviderCatalog {

    private volatile ProviderSnapshot snapshot = ProviderSnapshot.EMPTY;

    /** {@return the newest snapshot} */
    public ProviderSnapshot snapshot() {
        return snapshot;
    }

    /** Replaces the snapshot; requests that begin after this see the new one. */
    public void publish(ProviderSnapshot newest) {
        snapshot = newest;
    }
}
