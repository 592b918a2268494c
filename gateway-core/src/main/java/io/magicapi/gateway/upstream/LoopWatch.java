package io.magicapi.gateway.upstream;

import io.magicapi.gateway.plugins.ProviderGeneration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the calls of plugin code that run on event loops, while they run: one that never returns could not be judged
 * afterwards, and a second one would take the next event loop.
 *
 * <p>A call that takes longer than 20 ms is named in the log (GW-P15, once a minute for each generation), with the line
 * of the plugin it is at. At 200 ms the provider's further calls are {@link
 * io.magicapi.gateway.plugins.Conduct#moveOffLoop moved to worker threads}, so that it costs one event loop and no
 * more. Calls that had begun on other loops before count as well: at the third within a minute the version is {@link
 * io.magicapi.gateway.plugins.Conduct#blockedLoop taken out of service}.
 *
 * <p>Each event loop has a slot that says what it calls and since when; it alone writes there, without a lock. A daemon
 * thread looks at the slots every 20 ms. What is over between two looks is judged by its event loop when it ends.
 */
final class LoopWatch {

    private static final Logger log = LoggerFactory.getLogger(LoopWatch.class);

    private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long TOO_SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final List<Slot> slots = new CopyOnWriteArrayList<>();
    private final ThreadLocal<Slot> slot = ThreadLocal.withInitial(this::newSlot);
    private final Thread watcher = new Thread(this::watch, "plugin-loop-watch");
    private volatile boolean closed;

    /** Starts to watch; {@link #close} ends it. */
    LoopWatch() {
        watcher.setDaemon(true);
        watcher.start();
    }

    /** What one event loop calls. Written by that event loop, {@code since} first. */
    private static final class Slot {

        private final Thread thread = Thread.currentThread();
        private volatile long since;
        private volatile @Nullable ProviderGeneration running;

        /** Which call was found too slow: its {@code since}. The watcher and the event loop race to be the first. */
        private final AtomicLong counted = new AtomicLong();

        boolean isStill(ProviderGeneration generation, long begin) {
            return running == generation && since == begin;
        }
    }

    private Slot newSlot() {
        Slot made = new Slot();
        slots.add(made);
        return made;
    }

    /** Says that this event loop enters a provider's code. Calls do not nest. */
    void begin(ProviderGeneration generation) {
        Slot mine = slot.get();
        mine.since = System.nanoTime();
        mine.running = generation;
    }

    /** Says that this event loop has come back from the provider's code it entered last. */
    void end(ProviderGeneration generation) {
        Slot mine = slot.get();
        long nanos = System.nanoTime() - mine.since;
        mine.running = null;
        if (nanos >= SLOW_NANOS) {
            judge(mine, generation, mine.since, nanos, () -> className(generation));
        }
    }

    /** Ends the watch. */
    void close() {
        closed = true;
        LockSupport.unpark(watcher);
    }

    private void watch() {
        while (!closed) {
            LockSupport.parkNanos(this, LOOK_EVERY_NANOS);
            slots.forEach(LoopWatch::look);
        }
    }

    private static void look(Slot slot) {
        ProviderGeneration generation = slot.running;
        long since = slot.since;
        long nanos = System.nanoTime() - since;
        if (generation == null || nanos < SLOW_NANOS) {
            return;
        }
        judge(slot, generation, since, nanos, () -> {
            StackTraceElement[] stack = slot.thread.getStackTrace();
            // If the call has ended meanwhile, the stack is that of something else.
            return slot.isStill(generation, since) ? " in " + PluginFrame.of(stack, generation) : className(generation);
        });
    }

    /** What is known of a call that has ended before anybody looked. */
    private static String className(ProviderGeneration generation) {
        return " in " + generation.provider().getClass().getName();
    }

    /** Warns of a slow call; moves the provider off the event loops, and counts against it, if it is too slow. */
    private static void judge(
            Slot slot, ProviderGeneration generation, long begin, long nanos, Supplier<String> findPlace) {
        boolean tooSlow = nanos >= TOO_SLOW_NANOS && slot.counted.getAndSet(begin) != begin;
        boolean moved = tooSlow && generation.conduct().moveOffLoop();
        boolean told = generation.conduct().isTimeToWarn() || moved;
        if (told || tooSlow) {
            String place = findPlace.get();
            if (tooSlow) {
                generation.conduct().blockedLoop(place);
            }
            if (told) {
                tell(generation, nanos, place);
            }
        }
    }

    private static void tell(ProviderGeneration generation, long nanos, String place) {
        log.warn(
                "GW-P15 {} {} has blocked an event loop for {} ms{}. {}",
                generation.name(),
                generation.pluginVersion(),
                TimeUnit.NANOSECONDS.toMillis(nanos),
                place,
                nanos < TOO_SLOW_NANOS
                        ? "Slow work belongs in a provider whose blocking() returns true. Shown once a minute."
                        : "Its further calls run on worker threads; the connections of that event loop wait until this"
                                + " call returns.");
    }
}
