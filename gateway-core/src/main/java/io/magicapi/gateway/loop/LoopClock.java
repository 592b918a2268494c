package io.magicapi.gateway.loop;

import io.vertx.core.Vertx;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The deadlines of one event loop. Every request has one or two and hardly any expires, so setting one must cost next
 * to nothing: they form a list that a single timer walks ten times a second, and only while there are any. A deadline
 * therefore expires up to {@link #TICK} late.
 *
 * <p>For the event loop that it was made on.
 */
public final class LoopClock {

    /** How often deadlines are looked at. */
    public static final Duration TICK = Duration.ofMillis(100);

    private static final Logger log = LoggerFactory.getLogger(LoopClock.class);

    private final Vertx vertx;
    private @Nullable Deadline first;

    /** The deadline that a walk looks at next. */
    private @Nullable Deadline upNext;

    private boolean ticking;

    /** A clock for the event loop this is called on. */
    public LoopClock(Vertx vertx) {
        this.vertx = vertx;
    }

    /**
     * {@return a running deadline}
     *
     * @param limit how long from now, or from the last {@link Deadline#touch}
     * @param onExpiry called once, on this event loop, unless the deadline is cancelled before
     */
    public Deadline start(Duration limit, Runnable onExpiry) {
        Deadline deadline = new Deadline(this, limit.toNanos(), onExpiry);
        deadline.next = first;
        if (first != null) {
            first.previous = deadline;
        }
        first = deadline;
        if (!ticking) {
            ticking = true;
            vertx.setTimer(TICK.toMillis(), fired -> tick());
        }
        return deadline;
    }

    /**
     * Has something done after a pause, and not up to a {@link #TICK} later.
     *
     * @return calls it off, if it has not begun
     */
    public Runnable after(Duration pause, Runnable task) {
        long timer = vertx.setTimer(Math.max(1, pause.toMillis()), fired -> task.run());
        return () -> vertx.cancelTimer(timer);
    }

    void remove(Deadline deadline) {
        if (deadline.previous != null) {
            deadline.previous.next = deadline.next;
        } else if (first == deadline) {
            first = deadline.next;
        }
        if (deadline.next != null) {
            deadline.next.previous = deadline.previous;
        }
        if (upNext == deadline) {
            upNext = deadline.next;
        }
        // What has ended must not hold on to what has not.
        deadline.previous = null;
        deadline.next = null;
    }

    private void tick() {
        long now = System.nanoTime();
        upNext = first;
        while (upNext != null) {
            Deadline deadline = upNext;
            upNext = deadline.next;
            try {
                deadline.check(now);
            } catch (RuntimeException | StackOverflowError failure) {
                log.atError().setCause(failure).log("a deadline was not kept"); // and the others must be
            }
        }
        ticking = first != null;
        if (ticking) {
            vertx.setTimer(TICK.toMillis(), fired -> tick());
        }
    }
}
