package io.magicapi.gateway.testkit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for a condition. */
final class Waiting {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private Waiting() {}

    /** @throws AssertionError if it does not come true within five seconds */
    static void until(String what, BooleanSupplier condition) throws InterruptedException {
        if (!within(PATIENCE, condition)) {
            throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what);
        }
    }

    /** {@return whether it comes true in time} */
    static boolean within(Duration patience, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
        return true;
    }
}
