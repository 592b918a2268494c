package io.magicapi.gateway.bench;

import io.netty.channel.EventLoopGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What memory the gateway takes: idle, and with many slow streams open. */
final class MemoryUse {

    private static final double MIB = 1024 * 1024;
    private static final Pattern HEAP_USED = Pattern.compile("(?:PSYoungGen|ParOldGen|garbage-first heap|"
            + "def new generation|tenured generation|DefNew|Tenured).*?used (\\d+)K");
    private static final Pattern OTHER = Pattern.compile("Other \\(reserved=\\d+KB, committed=(\\d+)KB");

    /** Long enough that the streams do not load the machine. */
    private static final Script SLOW = Script.sse(1000, Duration.ofSeconds(5));

    private final Results results;
    private final EventLoopGroup group;
    private final Path jdk;

    MemoryUse(Results results, EventLoopGroup group, Path jdk) {
        this.results = results;
        this.group = group;
        this.jdk = jdk;
    }

    /**
     * Opens streams through a gateway that has served nothing yet.
     *
     * @param gateway started with native memory tracking
     */
    void run(GatewayProcess gateway, List<Integer> streams) {
        try (Subject running =
                gateway.javaOptions(List.of("-XX:NativeMemoryTracking=summary")).start()) {
            Timing.sleep(Duration.ofSeconds(2));
            double idle = row("idle", running);
            // A client's and an upstream's connection each, and some files besides.
            int most = (Machine.files() - 300) / 2;
            for (int wanted : streams) {
                int count = Math.min(wanted, most);
                Workload workload = Workload.streams(Names.MEMORY, SLOW, count);
                try (Load load = Load.closed(group, workload.target(running), count, false, Duration.ZERO)) {
                    awaitAll(load, count);
                    Timing.sleep(Duration.ofSeconds(5));
                    String name = String.format(Locale.ROOT, "%,d streams", wanted);
                    double resident = row(name, running);
                    results.add(Names.MEMORY, name, "KiB/stream", (resident - idle) * 1024 / count);
                }
                if (count < wanted) {
                    results.remark(
                            Names.MEMORY,
                            "A process may have " + Machine.files() + " files open here, so it was " + count
                                    + " streams and not " + wanted + ".");
                }
                Timing.sleep(Duration.ofSeconds(1));
            }
        }
        results.remark(Names.MEMORY, "RSS is as found; the heap was collected afterwards.");
    }

    private static void awaitAll(Load load, int count) {
        long begun = 0;
        for (int i = 0; i < 60 && begun < count; i++) {
            Timing.sleep(Duration.ofSeconds(1));
            begun += load.seen().firstByte().getTotalCount();
        }
        if (begun < count) {
            throw new IllegalStateException("only " + begun + " of " + count + " streams have begun");
        }
    }

    private double row(String name, Subject running) {
        if (running.process() == null) {
            throw new IllegalStateException("no process");
        }
        ProcessHandle process = running.process().toHandle();
        double resident = Machine.resident(process) / MIB;
        results.add(Names.MEMORY, name, Names.RSS, resident);
        jcmd(process, "GC.run");
        results.add(Names.MEMORY, name, "heap after GC MiB", sum(HEAP_USED, jcmd(process, "GC.heap_info")) / 1024);
        String tracked = jcmd(process, "VM.native_memory", "summary");
        results.add(Names.MEMORY, name, "direct MiB", sum(OTHER, tracked) / 1024);
        return resident;
    }

    private String jcmd(ProcessHandle process, String... command) {
        List<String> all = new ArrayList<>(List.of(jdk.resolve("bin/jcmd").toString(), Long.toString(process.pid())));
        all.addAll(List.of(command));
        return Machine.run(all);
    }

    private static double sum(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        double sum = 0;
        while (matcher.find()) {
            sum += Double.parseDouble(matcher.group(1));
        }
        return sum;
    }
}
