package io.magicapi.gateway.bench;

import io.magicapi.gateway.testkit.PluginJar;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;

/** What the clients feel of it when the plugin that serves them is replaced. */
final class Swaps {

    static final String BEFORE = "before";
    static final String DURING = "while swapped";

    private final Results results;
    private final EventLoopGroup group;

    Swaps(Results results, EventLoopGroup group) {
        this.results = results;
        this.group = group;
    }

    /** Replaces a plugin by its next version once a second, after a time without. */
    void run(GatewayProcess gateway, Subject upstream, int swaps) throws IOException {
        Path folder = Files.createDirectories(gateway.plugins());
        String baseUrl = "http://127.0.0.1:" + upstream.address().getPort();
        PluginJar plugin = PluginJar.of("swapped").provider("swapped", baseUrl);
        Path jar = folder.resolve("swapped.jar");
        plugin.version("1.0.0").write(jar);
        try (Subject running = gateway.start().with(List.of("x-provider: swapped"))) {
            Workload workload = Workload.rated(Names.SWAPS, 500);
            try (Load load = Load.open(group, workload.target(running), 64, 500)) {
                load.warmUp(Duration.ofSeconds(5));
                for (int i = 0; i < swaps; i++) {
                    Timing.sleep(Duration.ofSeconds(1));
                    row(BEFORE, load.seen());
                }
                for (int i = 1; i <= swaps; i++) {
                    byte[] next = plugin.version("1.0." + i).bytes();
                    load.seen();
                    Path part = Files.write(folder.resolve("swapped.jar.part"), next);
                    Files.move(part, jar, StandardCopyOption.ATOMIC_MOVE);
                    Timing.sleep(Duration.ofSeconds(1));
                    row(DURING, load.seen());
                }
            }
        }
    }

    private void row(String name, Load.Figures figures) {
        results.add(Names.SWAPS, name, "p50 ms", Workload.Measured.millis(figures.latency(), 50));
        results.add(Names.SWAPS, name, Names.P99, Workload.Measured.millis(figures.latency(), 99));
        results.add(Names.SWAPS, name, "longest ms", Workload.Measured.millis(figures.latency(), 100));
        results.add(Names.SWAPS, name, "failed", figures.failures());
    }
}
