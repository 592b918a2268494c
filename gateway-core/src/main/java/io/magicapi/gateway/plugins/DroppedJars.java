package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Canary;
import io.magicapi.gateway.plugins.Audit.Action;
import io.magicapi.gateway.plugins.DropFolder.Fingerprint;
import io.magicapi.gateway.plugins.JarNote.Bar;
import io.magicapi.gateway.plugins.PluginRegistry.Timing;
import io.magicapi.gateway.plugins.PluginStatus.State;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
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

    private static final String NOT_STARTED = "GW-P08";
    private static final String NOT_A_PROVIDER = "GW-P21";
    private static final String TWO_FILES = "GW-P11";
    private static final String NAME_TAKEN = "GW-P19";
    private static final String PINNED = "GW-P30";
    private static final String FAILED_TRIAL = "GW-P31";
    private static final String MISCONDUCT = "GW-P32";

    private final GatewayConfig.Plugins config;
    private final Timing timing;
    private final LoadedUnits units;
    private final Audit audit;
    private final Runnable changed;
    private final DropFolder folder;
    private final TrustPolicy trust;
    private final JarInspector inspector;

    /** In how many listings in a row, one a tick, a file must be missing. */
    private final int missingMeansGone;

    private final Map<Path, JarNote> notes = new TreeMap<>();

    /** The only versions that are used, by plugin: as configured, until an operator says otherwise. */
    private final Map<String, String> pins = new HashMap<>();

    private @Nullable PrivateCopies copies;
    private long listedAt;

    /** Whether the next tick must list the folder, come events or not. */
    private boolean unsettled;

    DroppedJars(
            GatewayConfig.Plugins config,
            String apiVersion,
            Timing timing,
            LoadedUnits units,
            Audit audit,
            Runnable changed) {
        this.config = config;
        this.timing = timing;
        this.units = units;
        this.audit = audit;
        this.changed = changed;
        config.each().forEach((id, settings) -> settings.pin().ifPresent(version -> pins.put(id, version)));
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
                units.trials().stream()
                        .map(Trial::newcomer)
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
            gone.plugin().ifPresent(id -> forgetUnused(id, gone));
            changed.run();
            return;
        }
        String id = unit.descriptor().id();
        Trial trial = units.trial(id);
        if (trial != null && !trial.newcomer().file().equals(gone.file)) {
            // The usual end of an upgrade, but the newcomer has yet to prove itself.
            unit.moved(trial.newcomer().file());
            changed.run();
            return;
        }
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

    /** A file is gone that held no serving plugin, but perhaps one that is tried, or was taken out of service. */
    private void forgetUnused(String id, JarNote gone) {
        Trial trial = units.trial(id);
        if (trial != null && trial.newcomer().file().equals(gone.file)) {
            units.stopTrial(id);
        }
        if (notes.values().stream().noneMatch(note -> note.isOf(id)) && units.forget(id)) {
            reconsider();
        }
        if (units.serving(id) == null) {
            notes.values().stream()
                    .filter(note -> note.isOf(id) && note.isRejectedFor(TWO_FILES))
                    .forEach(this::tryAgain);
        }
    }

    /** Gives those another try that were refused because of a plugin that has changed or gone. */
    void reconsider() {
        notes.values().stream().filter(note -> note.isRejectedFor(NAME_TAKEN)).forEach(this::tryAgain);
    }

    /** Gives those another try that were refused for what the configuration may have mended. */
    void configurationChanged() {
        reconsider();
        notes.values().stream()
                .filter(note -> note.isRejectedFor(NOT_STARTED) || note.isRejectedFor(NOT_A_PROVIDER))
                .forEach(this::tryAgain);
    }

    private void tryAgain(JarNote note) {
        note.again = true;
        unsettled = true;
    }

    // ---- a new content

    /** Acts on a new content of a file; whatever happens concerns that file only. */
    private void take(JarNote note, Fingerprint fingerprint) {
        if (!fingerprint.equals(note.handled)) {
            note.reconsider();
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
            note.reject(waiting);
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
        boolean forced = note.forced;
        note.forced = false;
        // What this file held before it was overwritten with another plugin.
        PluginUnit former = units.serving(
                unit -> unit.file().equals(note.file) && !unit.descriptor().id().equals(id));
        PluginUnit old = units.serving(id);
        Trial trial = units.trial(id);
        JarNote rival = old == null || old.file().equals(note.file) ? null : holder(old);
        if (old != null && rival == null && !forced && old.descriptor().sha256().equals(descriptor.sha256())) {
            // Touched, rewritten with the same bytes, or moved here by copying.
            PrivateCopies.discard(copy);
            old.moved(note.file);
            note.accept();
            if (trial != null && trial.newcomer().file().equals(note.file)) {
                units.stopTrial(id);
            }
            if (former != null) {
                units.remove(former);
                reconsider();
            }
            changed.run();
            return;
        }
        if (trial != null && !forced && trial.newcomer().descriptor().sha256().equals(descriptor.sha256())) {
            PrivateCopies.discard(copy);
            trial.newcomer().moved(note.file);
            note.accept();
            return;
        }
        Optional<Bar> bar = notes.values().stream()
                .flatMap(each -> each.barOf(descriptor.sha256()).stream())
                .findFirst();
        if (!forced && bar.isPresent()) {
            PrivateCopies.discard(copy);
            note.bar(bar.get());
            changed.run();
            return;
        }
        Rejection refusal = forced ? null : reasonAgainst(note, descriptor, old, rival);
        if (refusal != null) {
            PrivateCopies.discard(copy);
            reject(note, refusal);
            return;
        }
        Canary canary = units.config().plugins().of(id).canary();
        boolean pinned = descriptor.version().equals(pins.get(id));
        boolean tried =
                old != null && former == null && !pinned && canary.share().isPresent();
        if (rival != null) {
            String standing = tried ? "being tried" : pinned ? "pinned, taking over" : "newer, taking over";
            LOG.atWarn()
                    .addKeyValue("code", TWO_FILES)
                    .addKeyValue("plugin", id)
                    .log("{}", twoFiles(id, rival, note, standing));
        }

        PluginUnit unit;
        try {
            unit = units.load(descriptor, note.file, copy, former);
        } catch (Refusal e) {
            reject(note, e.rejection());
            return;
        }
        note.accept();
        if (old != null && tried) {
            units.tryOut(unit, old, canary);
            return;
        }
        takeOver(unit, former, () -> units.swapIn(unit, former, Duration.ofNanos(System.nanoTime() - begun)));
    }

    /** {@return why a jar that could be loaded is not; null if nothing is against it} */
    private @Nullable Rejection reasonAgainst(
            JarNote note, PluginDescriptor descriptor, @Nullable PluginUnit old, @Nullable JarNote rival) {
        String id = descriptor.id();
        String pin = pins.get(id);
        boolean pinned = descriptor.version().equals(pin);
        if (pin != null && !pinned) {
            return rival == null
                    ? new Rejection(
                            PINNED,
                            note.name() + " holds " + descriptor.label() + ", but plugin " + id + " is pinned to " + pin
                                    + " (plugins." + id + ".pin).")
                    : twoFiles(id, rival, note, "ignored because plugins." + id + ".pin says " + pin);
        }
        Trial trial = units.trial(id);
        JarNote tried = trial == null || trial.newcomer().file().equals(note.file) ? null : holder(trial.newcomer());
        if (trial != null
                && tried != null
                && !pinned
                && JarInspector.compareVersions(
                                descriptor.version(),
                                trial.newcomer().descriptor().version())
                        <= 0) {
            return twoFiles(id, tried, note, "not newer, ignored");
        }
        if (old == null
                || rival == null
                || (pinned && !old.descriptor().version().equals(pin))) {
            return null;
        }
        int age = JarInspector.compareVersions(
                descriptor.version(), old.descriptor().version());
        return age > 0 ? null : twoFiles(id, rival, note, age < 0 ? "older, ignored" : "the same version, ignored");
    }

    /** Does what lets a unit serve, and settles what that means for other files. */
    void takeOver(PluginUnit unit, @Nullable PluginUnit former, Runnable swap) {
        String id = unit.descriptor().id();
        PluginUnit old = units.serving(id);
        JarNote mine = notes.get(unit.file());
        JarNote rival = old == null || old.file().equals(unit.file()) ? null : holder(old);
        swap.run();
        if (rival != null && mine != null) {
            String pin = pins.get(id);
            rival.reject(twoFiles(
                    id,
                    mine,
                    rival,
                    pin == null ? "older, ignored" : "ignored because plugins." + id + ".pin says " + pin));
        }
        if (old != null || former != null) {
            reconsider();
        }
        changed.run();
    }

    // ---- what becomes of new versions

    /** Ends trials that are decided, and takes versions out of service that block event loops. Called regularly. */
    void judge() {
        for (Trial trial : units.trials()) {
            PluginUnit newcomer = trial.newcomer();
            Optional<String> failure = trial.failure();
            if (newcomer.misconduct().isPresent()) {
                endTrial(
                        trial,
                        State.QUARANTINED,
                        MISCONDUCT,
                        newcomer.misconduct().get());
            } else if (failure.isPresent()) {
                endTrial(trial, State.REJECTED, FAILED_TRIAL, "it did worse than the version before: " + failure.get());
            } else if (trial.isComplete()) {
                LOG.atInfo()
                        .addKeyValue("plugin", newcomer.descriptor().id())
                        .log("{} {}: it takes over", newcomer.label(), trial.progress());
                takeOver(newcomer, null, () -> units.promote(trial));
            }
        }
        for (PluginUnit unit : units.serving()) {
            unit.misconduct().ifPresent(why -> quarantine(unit, why));
        }
        notes.values().stream().filter(this::isLeftOver).forEach(this::tryAgain);
    }

    /** Whether nobody uses what a file holds although nothing is said against it: its trial was ended by something else. */
    private boolean isLeftOver(JarNote note) {
        PluginDescriptor held = note.descriptor;
        return held != null
                && note.rejection() == null
                && note.missing == 0
                && Stream.concat(
                                units.serving().stream(),
                                units.trials().stream().map(Trial::newcomer))
                        .noneMatch(unit -> unit.file().equals(note.file)
                                && unit.descriptor().sha256().equals(held.sha256()));
    }

    private void endTrial(Trial trial, State standing, String code, String why) {
        PluginUnit newcomer = trial.newcomer();
        PluginUnit old = trial.old();
        String text = newcomer.label() + " is not used, because " + why + ". The version before, "
                + old.descriptor().version() + " (" + old.descriptor().shortHash()
                + "), serves all requests again. Put a corrected file in its place.";
        bar(newcomer, standing, new Rejection(code, text));
        units.audit(standing == State.QUARANTINED ? Action.QUARANTINE : Action.ROLLBACK, newcomer, code + " " + text);
        units.stopTrial(newcomer.descriptor().id());
    }

    /** Back to the version before; to another file of the plugin; or else its providers answer 503. */
    private void quarantine(PluginUnit unit, String why) {
        String id = unit.descriptor().id();
        String text = unit.label() + " is out of service, because " + why + ".";
        bar(unit, State.QUARANTINED, new Rejection(MISCONDUCT, text));
        units.audit(Action.QUARANTINE, unit, MISCONDUCT + " " + text);
        Trial trial = units.trial(id);
        if (trial != null) {
            takeOver(trial.newcomer(), null, () -> units.promote(trial));
            return;
        }
        try {
            units.restore(id, unit.file());
            settleRestored(id);
            return;
        } catch (Refusal e) {
            LOG.atDebug().log("{}", e.rejection());
        }
        units.takeOut(
                unit,
                "the plugin " + unit.descriptor().label() + " is out of service, because it held up other requests"
                        + " (" + MISCONDUCT + "); the operator must replace or reload it");
        for (JarNote note : List.copyOf(notes.values())) {
            if (note.isRejectedFor(TWO_FILES) && note.isOf(id)) {
                Fingerprint.of(note.file).ifPresent(fingerprint -> take(note, fingerprint));
            }
        }
        changed.run();
    }

    /** If what serves again is in a file of its own, it belongs to that one. */
    void settleRestored(String id) {
        PluginUnit unit = units.serving(id);
        for (JarNote note : notes.values()) {
            if (unit != null
                    && note.descriptor != null
                    && note.descriptor.sha256().equals(unit.descriptor().sha256())) {
                unit.moved(note.file);
                note.accept();
            }
        }
        changed.run();
    }

    /** Marks the file a unit came from: it must not be used. */
    void bar(PluginUnit unit, State standing, Rejection why) {
        JarNote note = notes.get(unit.file());
        LOG.atWarn()
                .addKeyValue("code", why.code())
                .addKeyValue("plugin", unit.descriptor().id())
                .addKeyValue("version", unit.descriptor().version())
                .log("{}", why);
        if (note != null && note.isOf(unit.descriptor().id())) {
            note.bar(standing, why);
            changed.run();
        }
    }

    // ---- what operators ask for, through PluginOperations

    /**
     * Loads what a file holds now, even if it serves already or must not be used.
     *
     * @return the plugin's id
     * @throws Refusal if it cannot be used
     */
    String takeNow(Path file) throws Refusal {
        Path jar = config.dir().resolve(file.getFileName());
        Fingerprint fingerprint = Fingerprint.of(jar)
                .orElseThrow(() -> new Refusal(
                        PluginOperations.NOTHING_TO_DO,
                        "there is no file " + file.getFileName() + " in " + config.dir() + ". Copy the jar there."));
        JarNote note = notes.computeIfAbsent(jar, JarNote::new);
        note.accept();
        note.forced = true;
        take(note, fingerprint);
        note.forced = false;
        Rejection refused = note.rejection();
        if (refused != null) {
            throw new Refusal(refused.code(), refused.message());
        }
        return note.plugin().orElse(note.name());
    }

    /** Uses one version of a plugin and no other. */
    void pin(String id, String version) {
        pins.put(id, version);
    }

    /** Uses any version of a plugin again: newer files are looked at again. */
    void unpin(String id) {
        pins.remove(id);
        notes(id).stream()
                .filter(note -> note.isRejectedFor(PINNED) || note.isRejectedFor(TWO_FILES))
                .forEach(this::tryAgain);
    }

    Path dir() {
        return config.dir();
    }

    /** {@return the notes of the files that hold this plugin, in the order of their names} */
    List<JarNote> notes(String id) {
        return notes.values().stream().filter(note -> note.isOf(id)).toList();
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
        boolean known = told.equals(note.rejection());
        if (!known) {
            note.reject(told);
            changed.run();
            audit.refused(note.descriptor, note.file, told);
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
