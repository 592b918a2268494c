package io.magicapi.gateway.plugins;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The right to use one generation of a provider until {@link #close}. Every request and stream holds one from its
 * choice of provider to its last byte; closing twice is harmless. From any thread.
 */
public final class Lease implements AutoCloseable {

    private final ProviderGeneration generation;
    private final AtomicBoolean closed = new AtomicBoolean();

    Lease(ProviderGeneration generation) {
        this.generation = generation;
    }

    /** {@return the generation that is held} */
    public ProviderGeneration generation() {
        return generation;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            generation.release();
        }
    }
}
