package io.magicapi.gateway.plugins;

import java.beans.Introspector;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves that class loaders of unloaded plugins are collected, and says so when one is not: that is a leak, of tens of
 * megabytes per upgrade if the plugin is large. Holds the loaders by phantom references only.
 *
 * <p>Called by the plugin thread; {@link #alive} by any.
 */
final class LoaderWatch {

    private static final Logger LOG = LoggerFactory.getLogger(LoaderWatch.class);

    private final Duration patience;
    private final List<Entry> entries = new CopyOnWriteArrayList<>();

    /** Phantom references must have one; {@link PhantomReference#refersTo} tells us what we ask. */
    private final ReferenceQueue<ClassLoader> queue = new ReferenceQueue<>();

    /**
     * A watch.
     *
     * @param patience how long after unloading a loader may stay
     */
    LoaderWatch(Duration patience) {
        this.patience = patience;
    }

    private static final class Entry {

        private final String label;
        private final PhantomReference<ClassLoader> loader;
        private long unloadedAt;
        private boolean unloaded;
        private boolean collecting;
        private boolean reported;

        Entry(String label, PhantomReference<ClassLoader> loader) {
            this.label = label;
            this.loader = loader;
        }
    }

    void loaded(String label, ClassLoader loader) {
        entries.add(new Entry(label, new PhantomReference<>(loader, queue)));
    }

    void unloaded(ClassLoader loader) {
        for (Entry entry : entries) {
            if (entry.loader.refersTo(loader)) {
                entry.unloaded = true;
                entry.unloadedAt = System.nanoTime();
            }
        }
        clearCaches();
    }

    /** Caches of the host that know plugin classes: of shared Jackson when a plugin maps its own types, of beans. */
    private static void clearCaches() {
        com.fasterxml.jackson.databind.type.TypeFactory.defaultInstance().clearCache();
        try {
            Introspector.flushCaches();
        } catch (LinkageError e) {
            // A runtime without java.desktop has no such cache.
            LOG.atTrace().log("no bean introspector here");
        }
    }

    /** Looks which loaders are gone, and warns once about each that should be. Cheap; called regularly. */
    void check() {
        entries.removeIf(entry -> entry.loader.refersTo(null));
        for (Entry entry : entries) {
            if (entry.unloaded && !entry.reported) {
                checkOverdue(entry);
            }
        }
    }

    private void checkOverdue(Entry entry) {
        long waited = System.nanoTime() - entry.unloadedAt;
        if (waited > patience.toNanos()) {
            entry.reported = true;
            LOG.atWarn()
                    .addKeyValue("plugin", entry.label)
                    .log(
                            "{} is unloaded but its class loader is still in use after {} s: a thread, timer or cache of"
                                    + " the plugin holds it. Its memory is lost until the gateway restarts.",
                            entry.label,
                            patience.toSeconds());
        } else if (waited > patience.toNanos() * 3 / 4 && !entry.collecting) {
            // An idle gateway may not collect old objects for hours; without this the warning would often be false.
            entry.collecting = true;
            System.gc();
        }
    }

    /** {@return how many class loaders have been made and not collected yet} */
    int alive() {
        return (int)
                entries.stream().filter(entry -> !entry.loader.refersTo(null)).count();
    }
}
