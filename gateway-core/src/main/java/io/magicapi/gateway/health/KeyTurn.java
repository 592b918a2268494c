package io.magicapi.gateway.health;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.plugins.KeyRing;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** The place of a request that waits for a key with room. */
public final class KeyTurn {

    final KeyRing ring;
    final String model;
    final Set<Secret> not;
    private final KeyPool pool;
    private final Runnable again;
    private final AtomicBoolean over = new AtomicBoolean();

    KeyTurn(KeyPool pool, KeyRing ring, String model, Set<Secret> not, Runnable again) {
        this.pool = pool;
        this.ring = ring;
        this.model = model;
        this.not = not;
        this.again = again;
    }

    /** Tells the request to choose again. {@return whether it still waited} */
    boolean call() {
        if (!over.compareAndSet(false, true)) {
            return false;
        }
        pool.left(this);
        again.run();
        return true;
    }

    /**
     * The request waits no longer. To be called too if it is over when its turn has come, so that the next is called in
     * its place; harmless at any other time.
     */
    public void leave() {
        if (over.compareAndSet(false, true)) {
            pool.left(this);
        } else {
            pool.callNext();
        }
    }
}
