package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

@DisplayName("An unloaded plugin whose class loader stays is reported, once")
class LoaderWatchTest {

    /** Holds the loader, as a leak would. */
    private static ClassLoader held = ClassLoader.getPlatformClassLoader();

    private final LoaderWatch watch = new LoaderWatch(Duration.ofMillis(50));
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(LoaderWatch.class);

    @BeforeEach
    void listen() {
        log.start();
        logger.setLevel(Level.WARN); // whatever a command of the CLI left
        logger.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(log);
    }

    private long warnings() {
        return log.list.stream()
                .filter(event ->
                        event.getFormattedMessage().startsWith("GW-P36 acme 1.0.0 is unloaded but its class loader"))
                .count();
    }

    @Test
    @DisplayName("a loader that something holds is warned of after the time allowed, and not again")
    void leak() {
        held = new URLClassLoader(new URL[0], null);
        watch.loaded("acme 1.0.0", name -> false, held);
        watch.check();
        assertThat(warnings()).isZero();

        watch.unloaded(held);
        await().until(() -> {
            watch.check();
            return warnings() == 1;
        });
        watch.check();

        assertThat(warnings()).isEqualTo(1);
        assertThat(watch.alive()).isEqualTo(1);
    }

    @Test
    @DisplayName("a loader nothing holds is collected, found so, and not warned of")
    void collected() {
        loadAndUnload();

        await().until(() -> {
            System.gc();
            watch.check();
            return watch.alive() == 0;
        });
    }

    @Test
    @DisplayName("heaps are collected once for all that were unloaded together, not once for each")
    void oneCollection() {
        LoaderWatch patient = new LoaderWatch(Duration.ofSeconds(3));
        List<ClassLoader> loaders = Stream.generate(() -> (ClassLoader) new URLClassLoader(new URL[0], null))
                .limit(100)
                .toList();
        loaders.forEach(loader -> patient.loaded("many 1.0.0", name -> false, loader));
        loaders.forEach(patient::unloaded);
        long before = collections();

        await().pollInterval(Duration.ofMillis(20)).until(() -> {
            patient.check();
            return patient.leaked() == loaders.size();
        });

        assertThat(collections() - before).isBetween(1L, 10L);
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
    }

    private void loadAndUnload() {
        ClassLoader loader = new URLClassLoader(new URL[0], null);
        watch.loaded("acme 1.0.0", name -> false, loader);
        watch.unloaded(loader);
    }
}
