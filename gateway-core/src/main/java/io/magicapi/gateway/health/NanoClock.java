package io.magicapi.gateway.health;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.LongSupplier;

/**
 * A clock that cannot be set, for those who only measure how long something is ago. It begins with the epoch, so that it
 * goes on where {@link System#nanoTime} overflows.
 */
final class NanoClock extends Clock {

    private final LongSupplier nanoTime;
    private final long begin;

    NanoClock(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.begin = nanoTime.getAsLong();
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochSecond(0, nanoTime.getAsLong() - begin);
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
