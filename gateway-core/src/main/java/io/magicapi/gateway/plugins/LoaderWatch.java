package io.magicapi.gateway.plugins;

import java.beans.Introspector;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves that class loaders of unloaded plugins are collected, and says so when one is not: that is a leak, of tens of
 * megabytes per upgrade if the plugin is large. Holds the loaders by phantom references only.
 *
 * <p>Called by the plugin thread; {@link #alive} and {@link #leaked} by any.
 */
final class LoaderWatch {

    private static final Logger LOG = LoggerFactory.getLogger(LoaderWatch.class);

    private static final String LEAK = "GW-P36";
    private static final int MOST_NAMED = 3;

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
        private final Predicate<String> owned;
        private final PhantomReference<ClassLoader> loader;
        private long unloadedAt;
        private boolean unloaded;
        private boolean collecting;
        private volatile boolean reported;

        Entry(String label, Predicate<String> owned, PhantomReference<ClassLoader> loader) {
            this.label = label;
            this.owned = owned;
            this.loader = loader;
        }

        /** {@return for how many nanoseconds it has been unloaded} */
        private long waited() {
            return System.nanoTime() - unloadedAt;
        }
    }

    /**
     * Begins to watch a loader.
     *
     * @param label the plugin, for people
     * @param owned which class names are the plugin's own code
     */
    void loaded(String label, Predicate<String> owned, ClassLoader loader) {
        entries.add(new Entry(label, owned, new PhantomReference<>(loader, queue)));
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
        collect();
        for (Entry entry : entries) {
            if (entry.unloaded && !entry.reported) {
                checkOverdue(entry);
            }
        }
    }

    /**
     * An idle gateway may not collect old objects for hours; without this the warning would often be false. Requests
     * stand still meanwhile, so it is done once for all whose time is nearly over.
     */
    private void collect() {
        long nearlyOver = patience.toNanos() * 3 / 4;
        List<Entry> due = entries.stream()
                .filter(entry -> entry.unloaded && !entry.collecting && entry.waited() > nearlyOver)
                .toList();
        if (!due.isEmpty()) {
            due.forEach(entry -> entry.collecting = true);
            System.gc();
        }
    }

    private void checkOverdue(Entry entry) {
        if (entry.waited() > patience.toNanos()) {
            String culprit = culprit(entry);
            if (entry.loader.refersTo(null)) { // collected at the last moment
                return;
            }
            entry.reported = true;
            LOG.atWarn()
                    .addKeyValue("code", LEAK)
                    .addKeyValue("plugin", entry.label)
                    .log(
                            "{} {} is unloaded but its class loader is still in use after {} s: {}. Its memory is lost"
                                    + " until the gateway restarts.",
                            LEAK,
                            entry.label,
                            patience.toSeconds(),
                            culprit);
        }
    }

    /** {@return what holds a loader, as far as that can be seen from outside: threads can, and nothing else} */
    private static String culprit(Entry entry) {
        List<String> threads = Thread.getAllStackTraces().entrySet().stream()
                .filter(each -> holds(each.getKey(), each.getValue(), entry))
                .map(each -> "\"" + each.getKey().getName() + "\"")
                .sorted()
                .limit(MOST_NAMED)
                .toList();
        return threads.isEmpty()
                ? "no thread of its own runs, so a ThreadLocal on a thread of the gateway, a shutdown hook, or a static of"
                        + " the JDK or of a shared library holds it"
                : (threads.size() == 1 ? "thread " : "threads ") + String.join(", ", threads)
                        + " did not end with stop()";
    }

    private static boolean holds(Thread thread, StackTraceElement[] stack, Entry entry) {
        return isLoader(entry, thread.getContextClassLoader())
                || isLoader(entry, thread.getClass().getClassLoader())
                || isRunBy(stack, entry.owned);
    }

    private static boolean isLoader(Entry entry, @Nullable ClassLoader loader) {
        return loader != null && entry.loader.refersTo(loader);
    }

    /** Whether it is the plugin's code that a thread began with. What merely calls it holds it no longer than that. */
    private static boolean isRunBy(StackTraceElement[] stack, Predicate<String> owned) {
        for (int i = stack.length - 1; i >= 0; i--) {
            if (stack[i].getModuleName() == null) {
                return owned.test(stack[i].getClassName());
            }
        }
        return false;
    }

    /** {@return how many were warned of and are still there} */
    int leaked() {
        return (int) entries.stream()
                .filter(entry -> entry.reported && !entry.loader.refersTo(null))
                .count();
    }

    /** {@return how many class loaders have been made and not collected yet} */
    int alive() {
        return (int)
                entries.stream().filter(entry -> !entry.loader.refersTo(null)).count();
    }
}
