package io.magicapi.gateway.bench;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Measures subjects in turn, again and again, so that whatever else the machine does hits all of them: A B C, C B A, and
 * so on. Before the first round each gets a while to warm up.
 */
final class Rounds {

    private final EventLoopGroup group;
    private final int rounds;
    private final Duration window;
    private final Duration warmUp;

    /**
     * A measurement that has not begun.
     *
     * @param group one thread, which sends the load
     * @param rounds how often each subject is measured
     * @param window how long, each time
     * @param warmUp how long each is loaded before
     */
    Rounds(EventLoopGroup group, int rounds, Duration window, Duration warmUp) {
        this.group = group;
        this.rounds = rounds;
        this.window = window;
        this.warmUp = warmUp;
    }

    /** {@return the same, but of another number of rounds} */
    Rounds times(int other) {
        return new Rounds(group, other, window, warmUp);
    }

    /** {@return the same, but without warming up: the subjects have been measured before} */
    Rounds warm() {
        return new Rounds(group, rounds, window, Duration.ZERO);
    }

    /** A subject and the load it is given. */
    record Entry(Subject subject, Workload workload) {}

    /** Measures subjects with one workload. */
    void run(Workload workload, List<Subject> subjects, BiConsumer<Subject, Workload.Measured> result) {
        run(subjects.stream().map(subject -> new Entry(subject, workload)).toList(), (entry, measured) -> {
            result.accept(entry.subject(), measured);
        });
    }

    /** Measures subjects, each with its own workload. */
    void run(List<Entry> entries, BiConsumer<Entry, Workload.Measured> result) {
        if (!warmUp.isZero()) {
            for (Entry entry : entries) {
                entry.workload().measure(entry.subject(), group, warmUp);
            }
        }
        List<Entry> order = new ArrayList<>(entries);
        for (int round = 0; round < rounds; round++) {
            for (Entry entry : order) {
                Workload.Measured measured = entry.workload().measure(entry.subject(), group, window);
                requireAnswers(entry, measured);
                result.accept(entry, measured);
            }
            Collections.reverse(order);
        }
    }

    /** Refusals are quick: figures with many of them would look good. */
    private static void requireAnswers(Entry entry, Workload.Measured measured) {
        long failures = measured.figures().failures();
        if (failures > measured.figures().answers() / 1000) {
            throw new IllegalStateException(entry.subject().name() + " failed " + failures + " of "
                    + (measured.figures().answers() + failures) + " requests of: "
                    + entry.workload().name());
        }
    }
}
