package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig.ProviderLimits;
import io.magicapi.gateway.upstream.Slots.Slot;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SlotsTest {

    private static final int LOOPS = 4;

    @Test
    @DisplayName("a slot that is given back goes to the first that waits, one that has left is passed over")
    void order() {
        Slots slots = new Slots("groq", new ProviderLimits(1, 3));
        Slot holder = slots.slot(Runnable::run);
        Slot leaves = slots.slot(Runnable::run);
        Slot first = slots.slot(Runnable::run);
        Slot second = slots.slot(Runnable::run);
        assertThat(holder.take().succeeded()).isTrue();
        Future<Void> left = leaves.take();
        Future<Void> firsts = first.take();
        Future<Void> seconds = second.take();

        leaves.giveBack();
        holder.giveBack();

        assertThat(left.isComplete()).isFalse();
        assertThat(firsts.succeeded()).isTrue();
        assertThat(seconds.isComplete()).isFalse();
        first.giveBack();
        first.giveBack();
        assertThat(seconds.succeeded()).isTrue();
        second.giveBack();
        assertThat(slots.free()).isEqualTo(1);
        assertThat(slots.waiting()).isZero();
    }

    @Test
    @DisplayName("more than may wait are refused, and one that leaves makes room")
    void full() {
        Slots slots = new Slots("groq", new ProviderLimits(1, 1));
        slots.slot(Runnable::run).take();
        Slot waits = slots.slot(Runnable::run);
        waits.take();

        assertThat(slots.slot(Runnable::run).take().cause())
                .hasMessage(
                        "provider groq is sent all the requests it may be, and 1 more wait (providers.groq.limits)");
        waits.giveBack();
        assertThat(slots.slot(Runnable::run).take().isComplete()).isFalse();
    }

    /** What one event loop does at random: takes, gives back what it holds, and leaves while it waits. */
    private static final class Loop {

        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        private final Deque<Slot> waiting = new ArrayDeque<>();
        private final Deque<Slot> held = new ArrayDeque<>();
        private final Slots slots;
        private final AtomicInteger inUse;
        private final AtomicInteger most;
        private final Random random;

        Loop(Slots slots, AtomicInteger inUse, AtomicInteger most, int seed) {
            this.slots = slots;
            this.inUse = inUse;
            this.most = most;
            this.random = new Random(seed);
        }

        void step() {
            int what = random.nextInt(4);
            if (what < 2) {
                Slot slot = slots.slot(thread);
                waiting.add(slot);
                slot.take()
                        .onSuccess(taken -> {
                            if (waiting.remove(slot)) {
                                held.add(slot);
                                most.accumulateAndGet(inUse.incrementAndGet(), Math::max);
                            }
                        })
                        .onFailure(refused -> waiting.remove(slot));
            } else if (what == 2) {
                release();
            } else if (!waiting.isEmpty()) {
                waiting.poll().giveBack();
            }
        }

        private void release() {
            if (!held.isEmpty()) {
                inUse.decrementAndGet();
                held.poll().giveBack();
            }
        }

        void end() {
            while (!waiting.isEmpty()) {
                waiting.poll().giveBack();
            }
            while (!held.isEmpty()) {
                release();
            }
        }
    }

    @Test
    @DisplayName("four event loops at random never hold more than there are, and in the end all are free")
    void random() throws Exception {
        Slots slots = new Slots("groq", new ProviderLimits(3, 5));
        AtomicInteger inUse = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Loop> loops = new ArrayList<>();
        for (int seed = 0; seed < LOOPS; seed++) {
            loops.add(new Loop(slots, inUse, most, seed));
        }
        try {
            List<java.util.concurrent.Future<?>> steps = new ArrayList<>();
            for (int i = 0; i < 50_000; i++) {
                for (Loop loop : loops) {
                    steps.add(loop.thread.submit(loop::step));
                }
            }
            for (java.util.concurrent.Future<?> step : steps) {
                step.get(30, TimeUnit.SECONDS);
            }
            for (Loop loop : loops) {
                loop.thread.submit(loop::end).get(30, TimeUnit.SECONDS);
            }

            assertThat(most.get()).isEqualTo(3);
            assertThat(slots.free()).isEqualTo(3);
            assertThat(slots.waiting()).isZero();
            assertThat(slots.slot(Runnable::run).take().succeeded()).isTrue();
        } finally {
            loops.forEach(loop -> loop.thread.shutdownNow());
        }
    }
}
