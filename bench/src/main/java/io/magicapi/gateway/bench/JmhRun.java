package io.magicapi.gateway.bench;

import java.nio.file.Path;

/** Runs the JMH benchmarks. */
final class JmhRun {

    private final Results results;
    private final Machine machine;
    private final Path jdk;

    JmhRun(Results results, Machine machine, Path jdk) {
        this.results = results;
        this.machine = machine;
        this.jdk = jdk;
    }

    void run() {
        throw new IllegalStateException("not yet " + results + machine + jdk);
    }
}
