package io.magicapi.gateway.upstream;

import io.magicapi.gateway.config.GatewayConfig.ProviderLimits;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How many requests one provider is sent at once, over all event loops, and which wait for their turn, the first that
 * came first. (The HTTP client has a queue of its own, which nobody can leave: a client that is gone would keep its place
 * there, and those behind it would be refused on its account.) Safe for all threads, and without locks.
 *
 * <p>What is given back goes to the first in the queue, on that one's event loop. Whoever queues looks once more at what
 * is free, and whoever gives back looks at the queue, so that none waits beside a free slot.
 */
final class Slots {

    private final String provider;
    private volatile ProviderLimits limits;
    private final AtomicInteger free;
    private final AtomicInteger waiting = new AtomicInteger();
    private final Queue<Slot> queue = new ConcurrentLinkedQueue<>();

    /** All are free. */
    Slots(String provider, ProviderLimits limits) {
        this.provider = provider;
        this.limits = limits;
        this.free = new AtomicInteger(limits.inFlight());
    }

    /**
     * Goes by these limits from now on. Requests under way go on, even if they are more than are allowed now; so many must
     * then end before the next one is sent.
     */
    void follow(ProviderLimits now) {
        if (!now.equals(limits)) {
            change(now);
        }
    }

    private synchronized void change(ProviderLimits now) {
        int more = now.inFlight() - limits.inFlight();
        limits = now;
        free.addAndGet(more);
        serveQueue();
    }

    /**
     * {@return a slot for one request, which it has not taken yet}
     *
     * @param loop runs what comes after waiting
     */
    Slot slot(Executor loop) {
        return new Slot(loop);
    }

    /** {@return how many there are} */
    int most() {
        return limits.inFlight();
    }

    /** {@return how many are taken by nobody; negative while more are taken than there are now} */
    int free() {
        return free.get();
    }

    /** {@return how many requests wait} */
    int waiting() {
        return waiting.get();
    }

    private boolean takeFree() {
        int count = free.get();
        while (count > 0) {
            if (free.compareAndSet(count, count - 1)) {
                return true;
            }
            count = free.get();
        }
        return false;
    }

    private void serveQueue() {
        while (!queue.isEmpty() && takeFree()) {
            Slot next = queue.poll();
            if (next == null || !next.grant()) {
                free.incrementAndGet();
            }
        }
    }

    private enum State {
        NEW,
        WAITING,
        HELD,
        OVER
    }

    /** One request's. Taken once and given back once. */
    final class Slot {

        private final Executor loop;
        private final AtomicReference<State> state = new AtomicReference<>(State.NEW);
        private final Promise<Void> granted = Promise.promise();

        private Slot(Executor loop) {
            this.loop = loop;
        }

        /**
         * Takes it, or waits for it.
         *
         * @return completes when it is held: at once, or later on the event loop, unless it is given back before; fails at
         *     once if too many wait already
         */
        Future<Void> take() {
            if (takeFree()) {
                state.set(State.HELD);
                return Future.succeededFuture();
            }
            if (waiting.incrementAndGet() > limits.waiting()) {
                waiting.decrementAndGet();
                state.set(State.OVER);
                return Future.failedFuture(new GatewayException(
                        ErrorCode.OVERLOADED,
                        "provider " + provider + " is sent all the requests it may be, and " + limits.waiting()
                                + " more wait (providers." + provider + ".limits)"));
            }
            state.set(State.WAITING);
            queue.add(this);
            serveQueue();
            return granted.future();
        }

        private boolean grant() {
            if (!state.compareAndSet(State.WAITING, State.HELD)) {
                return false;
            }
            waiting.decrementAndGet();
            loop.execute(granted::tryComplete);
            return true;
        }

        /** Gives it back, or leaves the queue; harmless if that has been done. */
        void giveBack() {
            State before = state.getAndSet(State.OVER);
            if (before == State.WAITING) {
                waiting.decrementAndGet();
                queue.remove(this);
            } else if (before == State.HELD) {
                free.incrementAndGet();
                serveQueue();
            }
        }
    }
}
