package io.magicapi.gateway.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How long it takes from the start of the process to its first answer. The process may use all cores, as when it ships. */
final class StartTimes {

    static final String PLAIN = "plain";
    static final String APP_CDS = "AppCDS";
    static final String AOT = "AOT cache, newest JDK";

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Results results;
    private final Machine machine;
    private final Path folder;
    private final int rounds;

    StartTimes(Results results, Machine machine, Path folder, int rounds) {
        this.results = results;
        this.machine = machine;
        this.folder = folder;
        this.rounds = rounds;
    }

    /**
     * Measures a gateway.
     *
     * @param newest a JDK of at least version 25, if there is one
     */
    void run(GatewayProcess gateway, Optional<Path> newest) {
        Path archive = folder.resolve("gateway.jsa");
        once(gateway, List.of("-XX:ArchiveClassesAtExit=" + archive));
        Optional<Path> cache = newest.map(jdk -> {
            Path file = folder.resolve("gateway.aot");
            once(gateway.jdk(jdk), List.of("-XX:AOTCacheOutput=" + file));
            return file;
        });
        Path usual = gateway.usualJdk();
        for (int i = 0; i < rounds; i++) {
            add(PLAIN, once(gateway.jdk(usual), List.of()));
            add(APP_CDS, once(gateway.jdk(usual), List.of("-XX:SharedArchiveFile=" + archive)));
            newest.ifPresent(jdk -> {
                add("plain, newest JDK", once(gateway.jdk(jdk), List.of()));
                add(AOT, once(gateway.jdk(jdk), List.of("-XX:AOTCache=" + cache.orElseThrow())));
            });
        }
        results.remark(Names.START, "With all plugins that are shipped.");
    }

    private void add(String name, double seconds) {
        results.add(Names.START, name, Names.SECONDS, seconds);
    }

    /** {@return the seconds until a request was served} */
    private double once(GatewayProcess gateway, List<String> options) {
        int port = Machine.freePort();
        List<String> command = machine.everywhere(gateway.command(port));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(gateway.folder().toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("start.log").toFile());
        builder.environment().putAll(gateway.environment());
        builder.environment().put("JAVA_OPTS", String.join(" ", options));
        try {
            long begin = System.nanoTime();
            Process process = builder.start();
            try {
                awaitAnswer(port, process);
                return (System.nanoTime() - begin) / 1e9;
            } finally {
                process.destroy();
                process.waitFor();
            }
        } catch (IOException e) {
            throw new IllegalStateException("the gateway cannot be started", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the run was interrupted", e);
        }
    }

    private static void awaitAnswer(int port, Process process) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        Target target = Target.chat(address, Script.PLAIN, Workload.MODEL, Workload.SHORT, List.of("x-provider: groq"));
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until && process.isAlive()) {
            if (answers(target)) {
                return;
            }
            Timing.sleep(Duration.ofMillis(2));
        }
        throw new IllegalStateException("the gateway does not answer");
    }

    private static boolean answers(Target target) {
        try {
            return target.isServed();
        } catch (IOException refused) {
            return false;
        }
    }
}
