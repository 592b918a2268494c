package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.plugins.DropFolder.Fingerprint;
import io.magicapi.gateway.plugins.PluginRegistry.Timing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the drop folder. Of each jar in it there is a {@link JarNote} of what was seen and what became of it; whatever
 * differs from its note is acted on, and {@link LoadedUnits} loads and unloads accordingly.
 *
 * <p>A file is acted on when two listings in a row agree on it, so that half-written ones wait; a deleted one likewise,
 * so that a copy made by deleting first does not interrupt service. One that was renamed is the same plugin, and takes
 * its note along. A jar that is not complete is given time to become so. Of a folder that a build writes to, a deleted
 * file is given time to come back.
 *
 * <p>Of two files with one plugin the newer version serves; the other is refused until the first is gone. A jar that was
 * refused is looked at again when it changes, or when the plugin that stood in its way has changed or gone.
 *
 * <p>Belongs to the plugin thread. Every change of what {@link #rejected} tells is followed by {@code changed}.
 */
final class DroppedJars {

    private static final Logger LOG = LoggerFactory.getLogger(DroppedJars.class);

    /** A build from clean deletes the jar first, and may take so long to make it anew. */
    private static final Duration CLEAN_BUILD = Duration.ofMinutes(1);

    private static final String TWO_FILES = "GW-P11";
    private static final String NAME_TAKEN = "GW-P19";

    private final GatewayConfig.Plugins config;
    private final Timing timing;
    private final LoadedUnits units;
    private final Runnable changed;
    private final DropFolder folder;
    private final TrustPolicy trust;
    private final JarInspector inspector;

    /** In how many listings in a row, one a tick, a file must be missing. */
    private final int missingMeansGone;

    private final Map<Path, JarNote> notes = new TreeMap<>();
    private @Nullable PrivateCopies copies;
    private long listedAt;

    /** Whether the next tick must list the folder, come events or not. */
    private boolean unsettled;

    DroppedJars(GatewayConfig.Plugins config, String apiVersion, Timing timing, LoadedUnits units, Runnable changed) {
        this.config = config;
        this.timing = timing;
        this.units = units;
        this.changed = changed;
        this.folder = new DropFolder(config.dir(), config.dev());
        this.trust = TrustPolicy.of(config);
        this.inspector = new JarInspector(apiVersion, trust);
        this.missingMeansGone = config.dev() ? Math.toIntExact(CLEAN_BUILD.dividedBy(timing.tick())) : 2;
    }

    /** Makes room for private copies; comes before all else. */
    void open() {
        try {
            copies = PrivateCopies.open(config.data());
        } catch (IOException e) {
            throw UnusableFolderException.data(config.data(), e);
        }
    }

    /** Takes what is in the folder, as the gateway starts: at first sight. From then on, asks for events. */
    void takeAll() {
        if (config.watch()) {
            folder.watch();
        }
        list(true);
        units.publish();
    }

    /** Lists the folder if there is reason to. Called regularly. */
    void look() {
        if (folder.hasEvents()
                || unsettled
                || System.nanoTime() - listedAt >= timing.poll().toNanos()) {
            folder.watch();
            list(false);
        }
    }

    /** Asks for no more events. */
    void stopWatching() {
        folder.close();
    }

    /** Removes the private copies, when nothing is loaded any more. */
    void close() {
        if (copies != null) {
            copies.close();
        }
    }

    // ---- what differs

    /**
     * Compares the folder with what is known of it and acts on the differences that have settled.
     *
     * @param atOnce whether files count as settled at first sight
     */
    private void list(boolean atOnce) {
        listedAt = System.nanoTime();
        unsettled = false;
        Map<Path, Fingerprint> present = folder.list().orElse(null);
        if (present == null) {
            return;
        }
        followRenames(present);
        if (trust.refresh()) {
            notes.values().forEach(note -> note.again |= note.isRejected(TrustPolicy::dependsOnLock));
        }
        present.forEach((file, fingerprint) -> {
            JarNote note = notes.computeIfAbsent(file, JarNote::new);
            note.missing = 0;
            if (fingerprint.equals(note.handled) && !note.again) {
                note.seen = fingerprint;
                giveUpIncomplete(note);
            } else if (atOnce || fingerprint.equals(note.seen)) {
                take(note, fingerprint);
            } else {
                note.seen = fingerprint;
                unsettled = true;
            }
        });
        for (JarNote note : List.copyOf(notes.values())) {
            if (!present.containsKey(note.file)) {
                if (++note.missing < missingMeansGone) {
                    unsettled = true;
                } else {
                    forget(note);
                }
            }
        }
    }

    /** A file that was renamed within the folder is the same plugin; nothing is loaded again. */
    private void followRenames(Map<Path, Fingerprint> present) {
        Map<Fingerprint, Path> gone = new HashMap<>();
        notes.forEach((file, note) -> {
            if (!present.containsKey(file) && note.handled != null && note.handled.key() != null) {
                gone.put(note.handled, file);
            }
        });
        present.forEach((file, fingerprint) -> {
            Path before = gone.get(fingerprint);
            JarNote note = before == null || notes.containsKey(file) ? null : notes.remove(before);
            if (note != null) {
                note.file = file;
                notes.put(file, note);
                units.serving().stream()
                        .filter(unit -> unit.file().equals(before))
                        .forEach(unit -> unit.moved(file));
                changed.run();
            }
        });
    }

    /** A file is gone, and with it what it held, unless another file holds that too. */
    private void forget(JarNote gone) {
        notes.remove(gone.file);
        PluginUnit unit = units.serving(candidate -> candidate.file().equals(gone.file));
        if (unit == null) {
            changed.run();
            return;
        }
        String id = unit.descriptor().id();
        for (JarNote note : notes.values()) {
            if (note.isRejectedFor(TWO_FILES) && note.isOf(id)) {
                Fingerprint.of(note.file).ifPresent(fingerprint -> take(note, fingerprint));
            }
        }
        // Another file may have turned out to hold the very same jar.
        if (units.serving(id) == unit && unit.file().equals(gone.file)) {
            units.remove(unit);
            reconsider();
        }
    }

    /** Gives those another try that were refused because of a plugin that has changed or gone. */
    private void reconsider() {
        for (JarNote note : notes.values()) {
            if (note.isRejectedFor(NAME_TAKEN)) {
                note.again = true;
                unsettled = true;
            }
        }
    }

    // ---- a new content

    /** Acts on a new content of a file; whatever happens concerns that file only. */
    private void take(JarNote note, Fingerprint fingerprint) {
        if (!fingerprint.equals(note.handled)) {
            note.rejection = null;
        }
        note.again = false;
        try {
            inspect(note, fingerprint);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            note.handled = fingerprint;
            String what = PluginThread.describe(e, name -> name.startsWith("io.magicapi."));
            reject(
                    note,
                    "GW-P24",
                    note.name() + " made the gateway fail (" + what + "). Please report this with the jar.");
        }
    }

    private void inspect(JarNote note, Fingerprint fingerprint) {
        long begun = System.nanoTime();
        if (copies == null) {
            throw new IllegalStateException("not started");
        }
        Path copy;
        try {
            copy = copies.copyOf(note.file);
        } catch (IOException e) {
            note.handled = fingerprint;
            note.descriptor = null;
            reject(
                    note,
                    "GW-P22",
                    note.name() + " cannot be read: " + e.getClass().getSimpleName() + ": " + e.getMessage()
                            + ". Check its permissions, or copy it again.");
            return;
        }
        if (!Fingerprint.of(note.file).equals(Optional.of(fingerprint))) { // it changed meanwhile
            PrivateCopies.discard(copy);
            note.seen = null;
            unsettled = true;
            return;
        }
        note.handled = fingerprint;
        note.seen = fingerprint;
        note.descriptor = null;
        Inspection inspection = inspector.inspect(copy, note.name());
        if (inspection instanceof PluginDescriptor descriptor) {
            note.incompleteSince = null;
            note.descriptor = descriptor;
            descriptor.warnings().forEach(warning -> warn(note, warning));
            install(note, descriptor, copy, begun);
        } else if (inspection instanceof Rejection rejection) {
            PrivateCopies.discard(copy);
            if (rejection.code().equals(JarInspector.INCOMPLETE)) {
                waitForRest(note, rejection);
            } else {
                note.incompleteSince = null;
                reject(note, rejection);
            }
        }
    }

    private void waitForRest(JarNote note, Rejection rejection) {
        String patience = timing.incomplete().toSeconds() + " s";
        Rejection waiting = rejection.and("Waiting for the copy to finish; will look again for " + patience + ".");
        if (note.incompleteSince == null) {
            note.incompleteSince = System.nanoTime();
            reject(note, waiting);
        } else { // it grows: one line was enough
            note.rejection = waiting;
            changed.run();
        }
    }

    private void giveUpIncomplete(JarNote note) {
        Long since = note.incompleteSince;
        if (since != null && System.nanoTime() - since > timing.incomplete().toNanos()) {
            note.incompleteSince = null;
            reject(
                    note,
                    JarInspector.INCOMPLETE,
                    note.name() + " is still not a complete jar after "
                            + timing.incomplete().toSeconds()
                            + " s. Copy it again, best under a name that ends in .part, and rename it when it is"
                            + " whole.");
        }
    }

    /** Lets a jar that passed inspection serve, in the place of what it replaces. */
    private void install(JarNote note, PluginDescriptor descriptor, Path copy, long begun) {
        String id = descriptor.id();
        // What this file held before it was overwritten with another plugin.
        PluginUnit former = units.serving(
                unit -> unit.file().equals(note.file) && !unit.descriptor().id().equals(id));
        PluginUnit old = units.serving(id);
        JarNote rival = old == null || old.file().equals(note.file) ? null : holder(old);
        if (old != null && rival == null && old.descriptor().sha256().equals(descriptor.sha256())) {
            // Touched, rewritten with the same bytes, or moved here by copying.
            PrivateCopies.discard(copy);
            old.moved(note.file);
            note.rejection = null;
            if (former != null) {
                units.remove(former);
                reconsider();
            }
            changed.run();
            return;
        }
        if (old != null && rival != null) {
            int age = JarInspector.compareVersions(
                    descriptor.version(), old.descriptor().version());
            if (age <= 0) {
                PrivateCopies.discard(copy);
                reject(note, twoFiles(id, rival, note, age < 0 ? "older, ignored" : "the same version, ignored"));
                return;
            }
            LOG.atWarn()
                    .addKeyValue("code", TWO_FILES)
                    .addKeyValue("plugin", id)
                    .log("{}", twoFiles(id, rival, note, "newer, taking over"));
        }

        PluginUnit unit;
        try {
            unit = units.load(descriptor, note.file, copy, former);
        } catch (Refusal e) {
            reject(note, e.rejection());
            return;
        }
        note.rejection = null;
        if (rival != null) {
            rival.rejection = twoFiles(id, note, rival, "older, ignored");
        }
        units.swapIn(unit, former, Duration.ofNanos(System.nanoTime() - begun));
        if (old != null || former != null) {
            reconsider();
        }
    }

    /** {@return the note of the file a unit came from, if it still holds that plugin, as far as the last look tells} */
    private @Nullable JarNote holder(PluginUnit unit) {
        JarNote note = notes.get(unit.file());
        boolean holds = note != null
                && note.missing == 0
                && note.isOf(unit.descriptor().id())
                && Fingerprint.of(note.file).isPresent();
        return holds ? note : null;
    }

    // ---- telling

    /** {@return the files that are not in use, in the order of their names, and why} */
    List<PluginStatus> rejected() {
        return notes.values().stream().flatMap(note -> note.status().stream()).toList();
    }

    private void reject(JarNote note, String code, String message) {
        reject(note, new Rejection(code, message));
    }

    private void reject(JarNote note, Rejection rejection) {
        PluginUnit serving = units.serving(unit -> unit.file().equals(note.file)
                || (note.isOf(unit.descriptor().id()) && !rejection.code().equals(TWO_FILES)));
        Rejection told = serving == null
                ? rejection
                : rejection.and("The previous version " + serving.descriptor().version() + " ("
                        + serving.descriptor().shortHash() + ") keeps serving.");
        boolean known = told.equals(note.rejection);
        note.rejection = told;
        changed.run();
        if (!known) {
            warn(note, told);
        }
    }

    private static void warn(JarNote note, Rejection told) {
        LOG.atWarn()
                .addKeyValue("code", told.code())
                .addKeyValue("file", note.file.getFileName())
                .log("{}", told);
    }

    private static Rejection twoFiles(String id, JarNote inUse, JarNote other, String standing) {
        return new Rejection(
                TWO_FILES,
                "two files hold plugin " + id + ": " + inUse.name() + " (in use) and " + other.name() + " (" + standing
                        + "). Remove one of them.");
    }
}
