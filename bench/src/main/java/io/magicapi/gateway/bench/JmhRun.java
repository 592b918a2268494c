package io.magicapi.gateway.bench;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs the JMH benchmarks, each in a JVM of its own, with allocation rates. */
final class JmhRun {

    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private final Results results;

    JmhRun(Results results) {
        this.results = results;
    }

    /** Takes about two minutes. */
    void run() throws IOException {
        OptionsBuilder options = new OptionsBuilder();
        options.forks(1)
                .warmupIterations(3)
                .warmupTime(TimeValue.milliseconds(700))
                .measurementIterations(5)
                .measurementTime(TimeValue.milliseconds(700))
                .timeUnit(TimeUnit.NANOSECONDS)
                .jvmArgs("-XX:+UseParallelGC", "-Xmx1g")
                .addProfiler(GCProfiler.class);
        System.setProperty("java.class.path", Subjects.classPath());
        Collection<RunResult> all;
        try {
            all = new Runner(options.build()).run();
        } catch (RunnerException e) {
            throw new IOException("JMH failed", e);
        }
        for (RunResult each : all) {
            add(each);
        }
        results.remark(Names.JMH, "Bytes are those allocated for each call.");
    }

    private void add(RunResult result) {
        String full = result.getParams().getBenchmark();
        String name = full.substring(full.lastIndexOf('.', full.lastIndexOf('.') - 1) + 1);
        for (String parameter : List.copyOf(result.getParams().getParamsKeys())) {
            name += ", " + parameter + " " + result.getParams().getParam(parameter);
        }
        results.add(Names.JMH, name, "ns", result.getPrimaryResult().getScore());
        Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
        if (allocated != null) {
            results.add(Names.JMH, name, "bytes", allocated.getScore());
        }
    }
}
