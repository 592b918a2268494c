package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig.Canary;
import io.magicapi.gateway.config.Percent;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A new version of a plugin at work beside the one it may replace: the newcomer gets its share of the requests, and both
 * are counted.
 *
 * <p>{@link #takesNext} is for requests, on all threads; the rest belongs to the plugin thread.
 */
final class Trial {

    private static final int WHOLE = 10_000;

    /** With fewer times than this of the old version, a comparison would be a guess. */
    private static final int LEAST_COMPARED = 10;

    private final PluginUnit newcomer;
    private final PluginUnit old;
    private final Canary rules;
    private final int share;
    private final Tally fresh = new Tally();
    private final Tally usual = new Tally();
    private final AtomicLong turns = new AtomicLong();

    /** Begins to count. {@code rules} has a share. */
    Trial(PluginUnit newcomer, PluginUnit old, Canary rules) {
        this.newcomer = newcomer;
        this.old = old;
        this.rules = rules;
        this.share = rules.share().map(Percent::hundredths).orElse(WHOLE);
        count();
    }

    /** Counts on, where a change of the configuration has brought other generations of the two. */
    void count() {
        newcomer.generations().forEach(generation -> generation.countIn(fresh));
        old.generations().forEach(generation -> generation.countIn(usual));
    }

    /** Counts no more. */
    void end() {
        newcomer.generations().forEach(generation -> generation.countIn(null));
        old.generations().forEach(generation -> generation.countIn(null));
    }

    PluginUnit newcomer() {
        return newcomer;
    }

    PluginUnit old() {
        return old;
    }

    /**
     * {@return whether the next request goes to the newcomer}
     *
     * <p>Of 100 requests that ask, a share of 5% takes each twentieth. Once too many have failed it takes none, even before
     * the plugin thread has come to end the trial.
     */
    boolean takesNext() {
        long turn = turns.getAndIncrement() % WHOLE;
        return (turn + 1) * share / WHOLE > turn * share / WHOLE && fresh.failed() < rules.failures();
    }

    /** {@return why the newcomer must go, with the figures; empty if it need not, so far} */
    Optional<String> failure() {
        int ended = fresh.ended();
        if (fresh.failed() >= rules.failures()) {
            return Optional.of(fresh.failed() + " of its first " + ended + " requests failed (" + usual.failed()
                    + " of " + usual.ended() + " on " + old.descriptor().version() + " meanwhile)");
        }
        if (ended < rules.requests()) {
            return Optional.empty();
        }
        if (fresh.errorRate() > usual.errorRate() + rules.errorMargin().fraction()) {
            return Optional.of(percent(fresh.errorRate()) + " of its " + ended + " requests failed, against "
                    + percent(usual.errorRate()) + " of " + usual.ended() + " on "
                    + old.descriptor().version() + " (error-margin is " + rules.errorMargin() + ")");
        }
        OptionalLong its = fresh.medianFirstByte();
        OptionalLong others = usual.medianFirstByte();
        if (its.isPresent()
                && others.isPresent()
                && usual.ended() >= LEAST_COMPARED
                && its.getAsLong()
                        > others.getAsLong() * (1 + rules.latencyMargin().fraction())) {
            return Optional.of("half of its " + ended + " requests took more than " + millis(its.getAsLong())
                    + " to the first byte, against " + millis(others.getAsLong()) + " on "
                    + old.descriptor().version() + " (latency-margin is " + rules.latencyMargin() + ")");
        }
        return Optional.empty();
    }

    /** {@return whether it has served enough requests to take over, if {@link #failure} says nothing} */
    boolean isComplete() {
        return fresh.ended() >= rules.requests();
    }

    /** {@return for people: how far it is} */
    String progress() {
        return "gets " + new Percent(share) + " of the requests beside "
                + old.descriptor().version() + ": " + fresh.ended() + " of " + rules.requests() + " done, "
                + fresh.failed() + " failed";
    }

    private static String percent(double rate) {
        return String.format(Locale.ROOT, "%.1f%%", rate * 100);
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.1f ms", nanos / 1_000_000.0);
    }
}
