package io.magicapi.gateway.plugins;

import io.magicapi.gateway.plugins.PluginStatus.State;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What operators ask for, and the folder alone does not say. Each answers how the plugin stands then, or is refused.
 * Belongs to the plugin thread.
 */
final class PluginOperations {

    /** The code of what cannot be done for want of something to do it to. */
    static final String NOTHING_TO_DO = "GW-P35";

    private static final String ROLLED_BACK = "GW-P33";
    private static final String UNLOADED = "GW-P34";

    private final DroppedJars jars;
    private final LoadedUnits units;
    private final Runnable changed;

    PluginOperations(DroppedJars jars, LoadedUnits units, Runnable changed) {
        this.jars = jars;
        this.units = units;
        this.changed = changed;
    }

    /** Loads what a file holds now, even if it serves already or was taken out of service. */
    PluginStatus load(Path file) throws Refusal {
        return standing(jars.takeNow(file));
    }

    /** Loads the file of a plugin again. */
    PluginStatus reload(String id) throws Refusal {
        PluginUnit unit = units.serving(id);
        return load(unit == null ? anyNote(id).file : unit.file());
    }

    /** Takes a plugin out of service until its file changes or is loaded again. */
    PluginStatus unload(String id) throws Refusal {
        Rejection why = new Rejection(
                UNLOADED,
                "plugin " + id + " was unloaded by an operator. It stays so until its file changes or it is reloaded.");
        PluginUnit unit = units.serving(id);
        if (unit == null) {
            JarNote note = anyNote(id);
            units.forget(id);
            note.bar(State.UNLOADED, why);
            changed.run();
            return standing(id);
        }
        Trial trial = units.trial(id);
        if (trial != null) {
            jars.bar(trial.newcomer(), State.UNLOADED, why);
        }
        jars.bar(unit, State.UNLOADED, why);
        units.remove(unit);
        jars.reconsider();
        // Not one of its other files, which was not in use before.
        Optional<PluginStatus> unloaded = jars.notes(id).stream()
                .flatMap(note -> note.status().stream())
                .filter(status -> status.state() == State.UNLOADED)
                .findFirst();
        return unloaded.isPresent() ? unloaded.get() : standing(id);
    }

    /** Uses this version of a plugin and no other. */
    PluginStatus pin(String id, String version) throws Refusal {
        PluginUnit unit = units.serving(id);
        boolean serves = unit != null && unit.descriptor().version().equals(version);
        Optional<JarNote> file =
                jars.notes(id).stream().filter(note -> note.holds(version)).findFirst();
        boolean kept = units.former(id)
                .filter(former -> former.version().equals(version))
                .isPresent();
        if (!serves && file.isEmpty() && !kept) {
            throw new Refusal(
                    NOTHING_TO_DO,
                    "no file in " + jars.dir() + " holds " + id + " " + version
                            + ", and it is not the version before the" + " present one. Copy it there first.");
        }
        jars.pin(id, version);
        Trial trial = units.trial(id);
        if (trial != null && trial.newcomer().descriptor().version().equals(version)) {
            return promote(id);
        }
        units.stopTrial(id);
        if (serves) {
            return standing(id);
        }
        return file.isPresent() ? load(file.get().file) : rollback(id);
    }

    /** Uses any version of a plugin again; the newest file takes over. */
    PluginStatus unpin(String id) throws Refusal {
        PluginStatus before = standing(id);
        jars.unpin(id);
        return before;
    }

    /** Goes back to the version before; while one is tried, to the one that serves. */
    PluginStatus rollback(String id) throws Refusal {
        Rejection why = new Rejection(
                ROLLED_BACK,
                "plugin " + id
                        + " was rolled back by an operator. This version stays unused until its file changes or is"
                        + " loaded.");
        Trial trial = units.trial(id);
        if (trial != null) {
            jars.bar(trial.newcomer(), State.REJECTED, why);
            units.stopTrial(id);
            return standing(id);
        }
        PluginUnit unit = units.serving(id);
        units.restore(id, unit == null ? anyNote(id).file : unit.file());
        if (unit != null) {
            jars.bar(unit, State.REJECTED, why);
        }
        jars.settleRestored(id);
        return standing(id);
    }

    /** Lets a version that is tried take over. */
    PluginStatus promote(String id) throws Refusal {
        Trial trial = units.trial(id);
        if (trial == null) {
            throw new Refusal(NOTHING_TO_DO, "no new version of plugin " + id + " is being tried.");
        }
        jars.takeOver(trial.newcomer(), null, () -> units.promote(trial));
        return standing(id);
    }

    private JarNote anyNote(String id) throws Refusal {
        List<JarNote> notes = jars.notes(id);
        if (notes.isEmpty()) {
            throw new Refusal(NOTHING_TO_DO, "there is no plugin " + id + " in " + jars.dir() + ".");
        }
        return notes.get(0);
    }

    /** {@return how a plugin stands: the version that is tried, or else the one that serves, or else its file} */
    private PluginStatus standing(String id) throws Refusal {
        Trial trial = units.trial(id);
        if (trial != null) {
            return PluginStatus.canary(trial);
        }
        @Nullable PluginUnit unit = units.serving(id);
        return unit != null ? PluginStatus.ready(unit) : anyNote(id).status().orElseThrow();
    }
}
