package io.magicapi.gateway.bench;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Measures subjects in turn, again and again, so that whatever else the machine does hits all of them: A B C, C B A, and
 * so on. Before the first round each is warmed up.
 */
final class Rounds {

    private static final Duration WARM_UP = Duration.ofMillis(1500);
    private static final int MAX_WARM_UPS = 16;
    private static final Duration SETTLED = Duration.ofSeconds(5);

    private final EventLoopGroup group;
    private final int rounds;
    private final Duration window;
    private final Machine machine;
    private final boolean warm;

    /**
     * A measurement that has not begun.
     *
     * @param group one thread, which sends the load
     * @param rounds how often each subject is measured
     * @param window how long, each time
     * @param warm whether the subjects have been warmed up before, with the same workload
     */
    Rounds(EventLoopGroup group, int rounds, Duration window, Machine machine, boolean warm) {
        this.group = group;
        this.rounds = rounds;
        this.window = window;
        this.machine = machine;
        this.warm = warm;
    }

    /** {@return the same, but without warming up: the subjects have been measured before} */
    Rounds warm() {
        return new Rounds(group, rounds, window, machine, true);
    }

    /**
     * A subject and the load it is given.
     *
     * @param name in the report
     * @param prepare what is done to the subject before each time that it is measured
     */
    record Entry(String name, Subject subject, Workload workload, Optional<Runnable> prepare) {

        /** Nothing is done to it. */
        Entry(Subject subject, Workload workload) {
            this(subject.name(), subject, workload, Optional.empty());
        }
    }

    /** Measures subjects with one workload. */
    void run(Workload workload, List<Subject> subjects, BiConsumer<Subject, Workload.Measured> result) {
        run(subjects.stream().map(subject -> new Entry(subject, workload)).toList(), (entry, measured) -> {
            result.accept(entry.subject(), measured);
        });
    }

    /** Measures subjects, each with its own workload. */
    void run(List<Entry> entries, BiConsumer<Entry, Workload.Measured> result) {
        if (!warm) {
            entries.forEach(this::warmUp);
        }
        List<Entry> order = new ArrayList<>(entries);
        for (int round = 0; round < rounds; round++) {
            for (Entry entry : order) {
                prepare(entry);
                Workload.Measured measured = entry.workload().measure(entry.subject(), group, window);
                requireAnswers(entry, measured);
                result.accept(entry, measured);
            }
            Collections.reverse(order);
        }
    }

    /** What it does once after a change is not what is measured, such as to compile anew: so some load is let pass. */
    private void prepare(Entry entry) {
        entry.prepare().ifPresent(change -> {
            change.run();
            entry.workload().measure(entry.subject(), group, SETTLED);
        });
    }

    /**
     * Loads a subject until its requests get no cheaper. Meanwhile it may use all cores: the JVM's compilers would take
     * minutes on one that is busy. Streams come without pauses first, for the same reason.
     */
    private void warmUp(Entry entry) {
        Process process = entry.subject().process();
        if (process == null || entry.subject().name().equals(Names.DIRECT)) {
            return;
        }
        machine.release(process.toHandle());
        prepare(entry);
        Workload workload = entry.workload();
        if (!workload.script().gap().isZero()) {
            warmUp(entry.subject(), workload.withoutPauses());
        }
        warmUp(entry.subject(), workload);
        machine.confine(process.toHandle());
    }

    private void warmUp(Subject subject, Workload workload) {
        double best = Double.MAX_VALUE;
        int worse = 0;
        for (int i = 0; i < MAX_WARM_UPS && worse < 4; i++) {
            double cost = workload.measure(subject, group, WARM_UP).cpuPerAnswer();
            worse = cost > best * 0.97 ? worse + 1 : 0;
            best = Math.min(best, cost);
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
