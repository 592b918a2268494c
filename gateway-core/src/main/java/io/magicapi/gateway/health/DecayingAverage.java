package io.magicapi.gateway.health;

import java.time.Duration;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * An average in which what was measured counts for less the longer ago it was. While nothing is measured it sinks, so
 * that what was found slow once is tried again. Written by one thread at a time, read by all.
 */
final class DecayingAverage {

    /** After so long a measurement counts for e times less. */
    static final Duration DECAY = Duration.ofSeconds(30);

    private record Value(long at, double average) {}

    private volatile @Nullable Value value;

    /**
     * Adds a measurement.
     *
     * @param now the time, in nanoseconds
     */
    void add(long now, double measured) {
        Value before = value;
        if (before == null) {
            value = new Value(now, measured);
            return;
        }
        double kept = weight(now - before.at());
        value = new Value(now, before.average() * kept + measured * (1 - kept));
    }

    /** Adds what was measured where something failed: it makes an average larger, but not smaller. */
    void addFailure(long now, double measured) {
        Value before = value;
        if (before != null) {
            add(now, Math.max(measured, before.average()));
        }
    }

    /** {@return the average as it has sunk until now; empty if nothing was ever measured} */
    OptionalDouble at(long now) {
        Value latest = value;
        return latest == null
                ? OptionalDouble.empty()
                : OptionalDouble.of(latest.average() * weight(now - latest.at()));
    }

    private static double weight(long nanos) {
        return Math.exp(-(double) Math.max(0, nanos) / DECAY.toNanos());
    }
}
