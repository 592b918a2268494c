package io.magicapi.gateway.loop;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A deadline that moves: it expires when {@link #touch} was not called for its limit. Touching costs a clock reading.
 * For the event loop of the {@link LoopClock} that made it.
 */
public final class Deadline {

    private static final long NANOS_PER_BYTE = TimeUnit.SECONDS.toNanos(1) / 1024;

    private final LoopClock clock;
    private final long limitNanos;
    private final Runnable onExpiry;
    private long touched = System.nanoTime();
    private boolean paused;
    private boolean over;

    @Nullable
    Deadline previous;

    @Nullable
    Deadline next;

    Deadline(LoopClock clock, long limitNanos, Runnable onExpiry) {
        this.clock = clock;
        this.limitNanos = limitNanos;
        this.onExpiry = onExpiry;
    }

    /** Moves the deadline: what is waited for made progress just now. */
    public void touch() {
        touched = System.nanoTime();
    }

    /**
     * Moves the deadline by a second for each KiB that has come, but never beyond what {@link #touch} would: who sends at
     * least that fast is never late, and who trickles soon is.
     */
    public void progress(long bytes) {
        touched = Math.min(touched + bytes * NANOS_PER_BYTE, System.nanoTime());
    }

    /** {@return how long it is until it expires, unless it moves; not negative} */
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, limitNanos - (System.nanoTime() - touched)));
    }

    /** Stops the clock while it is not the other side that is waited for. */
    public void pause() {
        paused = true;
    }

    /** Lets the clock run again, from zero. */
    public void resume() {
        paused = false;
        touch();
    }

    /** Ends it for good; harmless when it has ended already. */
    public void cancel() {
        if (!over) {
            over = true;
            clock.remove(this);
        }
    }

    void check(long now) {
        if (!over && !paused && now - touched >= limitNanos) {
            cancel();
            onExpiry.run();
        }
    }
}
