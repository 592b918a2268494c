package io.magicapi.gateway.bench;

import java.time.Duration;

/** Waiting, for a run that has nothing else to do meanwhile. */
final class Timing {

    private Timing() {}

    /** Does nothing for a while. */
    static void sleep(Duration duration) {
        try {
            Thread.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the run was interrupted", e);
        }
    }
}
