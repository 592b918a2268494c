package io.magicapi.gateway.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the run has to do with: tools that are or are not installed, and cores. With two cores and {@code taskset}, the
 * upper half of the cores is for what is measured, and the lower half for the upstream and the load, so that neither
 * takes the other's time.
 */
final class Machine {

    private static final List<Path> FURTHER_PLACES = List.of(Path.of("/usr/sbin"), Path.of("/usr/local/sbin"));

    private final int cores = Runtime.getRuntime().availableProcessors();
    private final Optional<Path> taskset = tool("taskset");

    /** {@return where a program is; empty if it is not installed} */
    static Optional<Path> tool(String name) {
        Stream<Path> path = Stream.of(
                        Optional.ofNullable(System.getenv("PATH")).orElse("").split(":", -1))
                .filter(entry -> !entry.isEmpty())
                .map(Path::of);
        return Stream.concat(path, FURTHER_PLACES.stream())
                .map(folder -> folder.resolve(name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** {@return whether what is measured has cores of its own} */
    boolean pins() {
        return cores > 1 && taskset.isPresent();
    }

    /** {@return how many cores what is measured may use} */
    int measuredCores() {
        return pins() ? cores - cores / 2 : cores;
    }

    /** {@return a command that runs on the cores for what is measured} */
    List<String> measured(List<String> command) {
        return pinned(cores / 2 + "-" + (cores - 1), command);
    }

    /** {@return a command that runs on the cores for upstream and load} */
    List<String> beside(List<String> command) {
        return pinned("0-" + (cores / 2 - 1), command);
    }

    /** {@return a command that may use all cores, whatever this process may} */
    List<String> everywhere(List<String> command) {
        return pinned("0-" + (cores - 1), command);
    }

    /** Keeps this process to the cores for upstream and load. */
    void stayBeside() {
        move(ProcessHandle.current(), "0-" + (cores / 2 - 1));
    }

    /** Lets a process use all cores from now on. */
    void release(ProcessHandle process) {
        move(process, "0-" + (cores - 1));
    }

    /** Keeps a process to the cores for what is measured from now on. */
    void confine(ProcessHandle process) {
        move(process, cores / 2 + "-" + (cores - 1));
    }

    private void move(ProcessHandle process, String list) {
        if (pins()) {
            String program = taskset.orElseThrow().toString();
            run(List.of(program, "-a", "-p", "-c", list, Long.toString(process.pid())));
        }
    }

    private List<String> pinned(String list, List<String> command) {
        if (!pins()) {
            return command;
        }
        List<String> all = new ArrayList<>(List.of(taskset.orElseThrow().toString(), "-c", list));
        all.addAll(command);
        return all;
    }

    /**
     * Runs a command to its end.
     *
     * @return what it wrote, on both streams
     * @throws IllegalStateException if it cannot be run
     */
    static String run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output;
            try (InputStream in = process.getInputStream()) {
                output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
            process.waitFor();
            return output;
        } catch (IOException e) {
            throw new IllegalStateException("cannot run " + command.get(0), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the run was interrupted", e);
        }
    }

    /** {@return a port of the loopback interface that is free just now} */
    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException("no free port", e);
        }
    }

    /** {@return how many files a process may have open} */
    static int files() {
        String limits = read(Path.of("/proc/self/limits"));
        return limits.lines()
                .filter(line -> line.startsWith("Max open files"))
                .map(line -> line.substring("Max open files".length()).strip().split("\\s+", 2)[0])
                .mapToInt(Integer::parseInt)
                .findFirst()
                .orElse(1024);
    }

    /** {@return the resident memory of a process, in bytes; 0 where that is not known} */
    static long resident(ProcessHandle process) {
        return read(Path.of("/proc/" + process.pid() + "/status"))
                .lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElse(0);
    }

    /** {@return the user and system time that a process and those it started have used} */
    static Duration cpu(ProcessHandle process) {
        return Stream.concat(Stream.of(process), process.descendants())
                .flatMap(each -> each.info().totalCpuDuration().stream())
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** {@return what a report says of the machine: neither its name nor any path} */
    Map<String, String> description() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "processor",
                read(Path.of("/proc/cpuinfo"))
                        .lines()
                        .filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse(System.getProperty("os.arch")));
        facts.put("cores", Integer.toString(cores));
        facts.put("pinned", pins() ? "measured on " + measuredCores() + ", load and upstream on the others" : "no");
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("java", System.getProperty("java.version") + " (" + System.getProperty("java.vm.vendor") + ")");
        facts.put("open files", Integer.toString(files()));
        return facts;
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            return ""; // a process that has just ended
        }
    }
}
