package io.magicapi.gateway.health;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.internal.CircuitBreakerStateMachine;
import io.magicapi.gateway.config.GatewayConfig.Breaker;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of one model of one provider: whether it is asked at all, how fast it answers, and how much it is busy
 * with. Safe for all threads.
 *
 * <p>The library's breaker counts the attempts and knows the states. It has no threads here: it is the next request that
 * finds that its time is over. What it does not do is done around it, under one lock that is held for as long as counting
 * takes:
 *
 * <ul>
 *   <li>An attempt says how the target was when the attempt began. If the state has changed since, it no longer counts:
 *       hundreds of attempts that began before an outage would otherwise end as if they were probes.
 *   <li>The library waits for its probes for ever, and a probe is a request, which may take minutes. Here one more is
 *       let through whenever the last one is an interval ago.
 *   <li>A probe whose client left has told nothing, but it was sent; the next must still wait for its interval.
 * </ul>
 */
public final class TargetHealth {

    private static final Logger log = LoggerFactory.getLogger(TargetHealth.class);

    /** Whether a target is asked. */
    public enum State {
        /** It is. */
        CLOSED,
        /** It is not, until its next probe is due. */
        OPEN,
        /** It is being tried. */
        PROBING
    }

    /** Which attempts failed, the breaker counts; it need not know why. */
    private static final Throwable FAILURE = new Throwable("an attempt failed", null, false, false) {
        private static final long serialVersionUID = 1L;
    };

    private final String name;
    private final Breaker settings;
    private final LongSupplier nanoTime;
    private final CircuitBreaker breaker;
    private final DecayingAverage firstToken = new DecayingAverage();
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile long touched;

    // Written while holding the lock.
    private volatile State state = State.CLOSED;
    /** Counts the changes of state. */
    private int era;
    /** How many attempts were let through since the state is {@link State#PROBING}. */
    private int probes;
    /** Unless the state is {@link State#CLOSED}: when an attempt is let through in any case. */
    private long nextProbe;

    TargetHealth(String name, Breaker settings, LongSupplier nanoTime) {
        this.name = name;
        this.settings = settings;
        this.nanoTime = nanoTime;
        this.touched = nanoTime.getAsLong();
        this.breaker = new CircuitBreakerStateMachine(
                name,
                CircuitBreakerConfig.custom()
                        .initialState(settings.enabled() ? CircuitBreaker.State.CLOSED : CircuitBreaker.State.DISABLED)
                        .slidingWindow(settings.window(), leastAttempts(settings), SlidingWindowType.COUNT_BASED)
                        .failureRateThreshold(percent(settings.failures().hundredths()))
                        .slowCallDurationThreshold(settings.slow())
                        .slowCallRateThreshold(percent(settings.slowShare().hundredths()))
                        .waitDurationInOpenState(settings.open())
                        .permittedNumberOfCallsInHalfOpenState(settings.probes())
                        .clock(new NanoClock(nanoTime))
                        .build());
    }

    /** A target that is new should not have to fail for a whole window, nor be given up for its first failure. */
    private static int leastAttempts(Breaker settings) {
        return (settings.window() + 1) / 2;
    }

    private static float percent(int hundredths) {
        return hundredths / 100f;
    }

    /**
     * Asks whether an attempt may be made now.
     *
     * @return what must be told how it ended; empty if the target is left alone, and {@link #retryAfter} says how long
     */
    public Optional<Permit> tryAcquire() {
        Optional<Permit> permit = acquire(nanoTime.getAsLong());
        if (permit.isPresent()) {
            inFlight.incrementAndGet();
        }
        return permit;
    }

    private synchronized Optional<Permit> acquire(long now) {
        boolean permitted = breaker.tryAcquirePermission();
        follow(now);
        if (!permitted && state == State.PROBING && now - nextProbe >= 0) {
            breaker.releasePermission();
            permitted = breaker.tryAcquirePermission();
        }
        if (!permitted) {
            return Optional.empty();
        }
        if (state == State.PROBING) {
            probes++;
            nextProbe = now + settings.open().toNanos();
        }
        return Optional.of(new Permit(era));
    }

    /** Notices what the breaker has come to. */
    private void follow(long now) {
        State current = state(breaker.getState());
        if (current == state) {
            return;
        }
        state = current;
        era++;
        probes = 0;
        nextProbe = now + settings.open().toNanos();
    }

    private static State state(CircuitBreaker.State state) {
        return switch (state) {
            case OPEN, FORCED_OPEN -> State.OPEN;
            case HALF_OPEN -> State.PROBING;
            case CLOSED, DISABLED, METRICS_ONLY -> State.CLOSED;
        };
    }

    /** {@return whether it is asked} */
    public State state() {
        return state;
    }

    /** {@return whether {@link #tryAcquire} would let an attempt through} */
    public boolean available() {
        return retryAfter().isZero();
    }

    /** {@return how long until an attempt is let through; zero if it would be now} */
    public Duration retryAfter() {
        return state == State.CLOSED ? Duration.ZERO : untilProbe(nanoTime.getAsLong());
    }

    private synchronized Duration untilProbe(long now) {
        boolean free = state == State.CLOSED || (state == State.PROBING && probes < settings.probes());
        return free ? Duration.ZERO : Duration.ofNanos(Math.max(0, nextProbe - now));
    }

    /**
     * {@return how long it takes to the first token, on average of late; zero if that is not known}
     *
     * <p>It sinks while the target is not used, so that a slow one is tried again.
     */
    public Duration latency() {
        return Duration.ofNanos((long) firstToken.at(nanoTime.getAsLong()).orElse(0));
    }

    /** {@return how many attempts are under way} */
    public int inFlight() {
        return inFlight.get();
    }

    /** It was asked for. */
    void touch() {
        touched = nanoTime.getAsLong();
    }

    /** {@return when it was asked for last} */
    long touched() {
        return touched;
    }

    private enum Outcome {
        SUCCESS,
        FAILURE,
        NONE,
        UNUSED
    }

    private void settle(int permitEra, Outcome outcome, long nanos) {
        inFlight.decrementAndGet();
        State before;
        State after;
        synchronized (this) {
            before = state;
            note(permitEra, outcome, nanos);
            after = state;
        }
        if (before == State.CLOSED && after == State.OPEN) {
            log.atWarn()
                    .addKeyValue("target", name)
                    .log("GW-T01 {} fails and is left alone; it is tried every {} s", name, seconds(settings.open()));
        } else if (before != State.CLOSED && after == State.CLOSED) {
            log.atInfo().addKeyValue("target", name).log("GW-T02 {} works again", name);
        }
    }

    private void note(int permitEra, Outcome outcome, long nanos) {
        long now = nanoTime.getAsLong();
        switch (outcome) {
            case SUCCESS -> firstToken.add(now, nanos);
            // A failure may be quick, but it makes no target look fast.
            case FAILURE -> firstToken.addFailure(now, nanos);
            case NONE, UNUSED -> {}
        }
        if (permitEra != era) {
            return;
        }
        switch (outcome) {
            case SUCCESS -> breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
            case FAILURE -> breaker.onError(nanos, TimeUnit.NANOSECONDS, FAILURE);
            case UNUSED -> {
                breaker.releasePermission();
                probes--;
            }
            case NONE -> {}
        }
        follow(now);
    }

    private static String seconds(Duration duration) {
        return String.valueOf(duration.toMillis() / 1000.0);
    }

    /** Leave for one attempt. One of its methods is called when it is known how it ended; a second call does nothing. */
    public final class Permit {

        private final int permitEra;
        private final AtomicBoolean settled = new AtomicBoolean();

        private Permit(int permitEra) {
            this.permitEra = permitEra;
        }

        /**
         * The target answered.
         *
         * @param firstTokenNanos how long it took to the first token, or to the answer if that came whole
         */
        public void succeeded(long firstTokenNanos) {
            settle(Outcome.SUCCESS, firstTokenNanos);
        }

        /**
         * The target failed: it could not be reached, broke off, took too long, or said that it is the one to blame.
         *
         * @param nanos how long it took
         */
        public void failed(long nanos) {
            settle(Outcome.FAILURE, nanos);
        }

        /** The attempt was made and says nothing of the target: the client left, or asked for something wrong. */
        public void ignored() {
            settle(Outcome.NONE, 0);
        }

        /** No attempt was made, so another request may make it. */
        public void unused() {
            settle(Outcome.UNUSED, 0);
        }

        private void settle(Outcome outcome, long nanos) {
            if (settled.compareAndSet(false, true)) {
                TargetHealth.this.settle(permitEra, outcome, nanos);
            }
        }
    }
}
