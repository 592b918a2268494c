package io.magicapi.gateway.bench;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Something that requests are sent to.
 *
 * @param process what runs it; null if the run has not started it, so that its CPU time is not known
 * @param headers lines that its requests need besides the usual ones
 */
record Subject(
        String name, InetSocketAddress address, @Nullable Process process, List<String> headers)
        implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /**
     * Starts a process, and waits until it listens.
     *
     * @param folder its working directory, where its output goes to {@code NAME.log}
     * @throws IllegalStateException if it does not
     */
    static Subject start(String name, List<String> command, Map<String, String> environment, Path folder, int port) {
        File log =
                folder.resolve(name.replaceAll("[^A-Za-z0-9]+", "-") + ".log").toFile();
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log);
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process)));
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            awaitListening(name, address, process);
            return new Subject(name, address, process, List.of());
        } catch (IOException e) {
            throw new IllegalStateException(name + " cannot be started", e);
        }
    }

    /** Ends it at once, and its workers, which would live on without it. */
    private static void end(Process process) {
        List<ProcessHandle> workers = process.descendants().toList();
        process.destroyForcibly();
        workers.forEach(ProcessHandle::destroyForcibly);
    }

    private static void awaitListening(String name, InetSocketAddress address, Process process) {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until && process.isAlive()) {
            if (listens(address)) {
                return;
            }
            Timing.sleep(Duration.ofMillis(20));
        }
        end(process);
        throw new IllegalStateException(name + " does not listen; see its log");
    }

    private static boolean listens(InetSocketAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(address, 1000);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** {@return the same, for requests with these headers} */
    Subject with(List<String> lines) {
        return new Subject(name, address, process, lines);
    }

    /** {@return the same under another name} */
    Subject named(String other) {
        return new Subject(other, address, process, headers);
    }

    /** {@return the CPU time it has used; zero if that is not known} */
    Duration cpu() {
        return process == null ? Duration.ZERO : Machine.cpu(process.toHandle());
    }

    /** Ends its process, if the run has started it. */
    @Override
    public void close() {
        if (process == null) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                end(process);
                process.waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
