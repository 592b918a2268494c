package io.magicapi.gateway.bench;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * A kind of load, and what is counted of it.
 *
 * @param name heads its table in the report
 * @param model as clients name it
 * @param bodyLength of the requests, in bytes
 * @param rate requests a second; 0: as many as are answered
 * @param headers lines of the requests besides the usual ones
 */
record Workload(
        String name, Script script, String model, int bodyLength, int connections, int rate, List<String> headers) {

    static final String MODEL = "llama-3.3-70b-versatile";

    /** What the requests of plain loads weigh, head included, is what SDKs send for a short question. */
    static final int SHORT = 340;

    private static final Duration WARM_UP = Duration.ofMillis(300);
    private static final double MICROS = 1000;

    /** {@return requests that are answered at once, as many as can be} */
    static Workload plain(String name, int bodyLength, int connections) {
        return new Workload(name, Script.PLAIN, MODEL, bodyLength, connections, 0, List.of());
    }

    /** {@return the same at a fixed rate} */
    static Workload rated(String name, int rate) {
        return new Workload(name, Script.PLAIN, MODEL, SHORT, 64, rate, List.of());
    }

    /** {@return so many streams at once, each followed by the next} */
    static Workload streams(String name, Script script, int streams) {
        return new Workload(name, script, MODEL, SHORT, streams, 0, List.of());
    }

    /** {@return the same with other headers and another model} */
    Workload asking(String otherModel, List<String> lines) {
        return new Workload(name, script, otherModel, bodyLength, connections, rate, lines);
    }

    /** {@return the same, with events of streams that follow each other at once} */
    Workload withoutPauses() {
        return new Workload(
                name,
                new Script(script.form(), script.events(), Duration.ZERO),
                model,
                bodyLength,
                connections,
                rate,
                headers);
    }

    /** {@return what is sent to a subject} */
    Target target(Subject subject) {
        List<String> all = new ArrayList<>(headers.isEmpty() ? subject.headers() : headers);
        return Target.chat(subject.address(), script, model, bodyLength, all);
    }

    /**
     * Loads a subject for a while. Streams that take their time do not begin all at once: users do not either.
     *
     * @param group one thread, which sends the load
     * @return what was measured
     */
    Measured measure(Subject subject, EventLoopGroup group, Duration window) {
        boolean streamed = script.form() != Script.Form.PLAIN;
        Target target = target(subject);
        try (Load load = rate > 0
                ? Load.open(group, target, connections, rate)
                : Load.closed(group, target, connections, streamed, script.length())) {
            load.warmUp(WARM_UP);
            Duration cpuBefore = subject.cpu();
            long begin = System.nanoTime();
            load.seen();
            Timing.sleep(window);
            Load.Figures figures = load.seen();
            Duration cpu = subject.cpu().minus(cpuBefore);
            return new Measured(figures, cpu, (System.nanoTime() - begin) / 1e9, script.events());
        }
    }

    /**
     * One window of a load.
     *
     * @param cpu what the subject used
     * @param seconds how long the window was
     * @param eventsPerAnswer 0 unless the answers are streams
     */
    record Measured(Load.Figures figures, Duration cpu, double seconds, int eventsPerAnswer) {

        /** {@return how many answers came a second} */
        double answersPerSecond() {
            return figures.answers() / seconds;
        }

        /** {@return how many megabytes came a second} */
        double megabytesPerSecond() {
            return figures.bytes() / seconds / 1e6;
        }

        /** {@return CPU time for each answer, in microseconds} */
        double cpuPerAnswer() {
            return cpu.toNanos() / MICROS / Math.max(1, figures.answers());
        }

        /** {@return CPU time for each event of the streams, in microseconds} */
        double cpuPerEvent() {
            return cpu.toNanos() / MICROS / Math.max(1, events());
        }

        /** {@return how many events came; where they carry no stamp, those of the streams that ended} */
        long events() {
            long stamped = figures.events().getTotalCount();
            return stamped > 0 ? stamped : figures.answers() * eventsPerAnswer;
        }

        /** {@return a percentile, in milliseconds} */
        static double millis(Histogram histogram, double percentile) {
            return histogram.getValueAtPercentile(percentile) / 1e6;
        }
    }
}
