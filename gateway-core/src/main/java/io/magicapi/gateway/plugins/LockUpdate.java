package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.plugins.DropFolder.Fingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes {@code plugins.lock} for what is in the plugins folder: the operator's word that these jars, and no others, are
 * the ones meant. It is all or nothing: with one bad jar in the folder nothing is written. Signatures are asked for as
 * the configuration has it, so that a lock never approves what the gateway would refuse. Blocks.
 */
public final class LockUpdate {

    private final Path file;
    private final PluginLock before;
    private final PluginLock after;
    private final List<Rejection> refused;

    private LockUpdate(Path file, PluginLock before, PluginLock after, List<Rejection> refused) {
        this.file = file;
        this.before = before;
        this.after = after;
        this.refused = List.copyOf(refused);
    }

    /**
     * Looks at all jars in the folder, which is made and filled with the bundled ones if there is none, as by a start of
     * the gateway. The lock is not written yet.
     *
     * @param config where folder and lock are, and what jars must show
     * @param apiVersion the version of gateway-api, without qualifier
     * @throws UnusableFolderException if the folder cannot be made
     */
    public static LockUpdate of(GatewayConfig.Plugins config, String apiVersion) {
        try {
            new BundledPlugins().installIfAbsent(config.dir());
        } catch (IOException e) {
            throw UnusableFolderException.plugins(config.dir(), e);
        }
        JarInspector inspector = new JarInspector(apiVersion, TrustPolicy.withoutLock(config));
        List<PluginLock.Entry> entries = new ArrayList<>();
        List<Rejection> refused = new ArrayList<>();
        Map<Path, Fingerprint> jars =
                new DropFolder(config.dir(), config.dev()).list().orElse(null);
        if (jars == null) {
            refused.add(new Rejection("GW-P22", config.dir() + " cannot be read. Check its permissions."));
        } else {
            for (Path jar : jars.keySet()) {
                Inspection inspection = inspector.inspect(jar);
                if (inspection instanceof PluginDescriptor plugin) {
                    add(PluginLock.Entry.of(plugin, String.valueOf(jar.getFileName())), entries, refused);
                } else if (inspection instanceof Rejection rejection) {
                    refused.add(rejection);
                }
            }
        }
        return new LockUpdate(config.lock(), former(config.lock()), new PluginLock(entries), refused);
    }

    private static void add(PluginLock.Entry entry, List<PluginLock.Entry> entries, List<Rejection> refused) {
        Optional<PluginLock.Entry> rival = new PluginLock(entries).find(entry.id(), entry.version());
        if (rival.isEmpty()) {
            entries.add(entry);
        } else if (!rival.get().sha256().equals(entry.sha256())) {
            refused.add(new Rejection(
                    "GW-P11",
                    "two files hold " + entry.label() + ", and are not the same: "
                            + rival.get().file() + " and " + entry.file() + ". Remove one of them."));
        }
    }

    /** What is there may be anything; it is about to be replaced. */
    private static PluginLock former(Path file) {
        if (!Files.exists(file)) {
            return PluginLock.EMPTY;
        }
        try {
            return PluginLock.read(file);
        } catch (IOException e) {
            return PluginLock.EMPTY;
        }
    }

    /** {@return the file that is to be written} */
    public Path file() {
        return file;
    }

    /** {@return the jars that cannot be locked, and why; if there are any, {@link #write} must not be called} */
    public List<Rejection> refused() {
        return refused;
    }

    /** {@return what the lock will say, a line for each entry, each with what is new about it} */
    public List<String> changes() {
        List<String> lines = new ArrayList<>();
        for (PluginLock.Entry entry : after.entries()) {
            String change = before.find(entry.id(), entry.version())
                    .map(old -> old.sha256().equals(entry.sha256()) ? "same   " : "changed")
                    .orElse("new    ");
            lines.add(change + " " + entry);
        }
        for (PluginLock.Entry entry : before.entries()) {
            if (after.find(entry.id(), entry.version()).isEmpty()) {
                lines.add("removed " + entry);
            }
        }
        return lines;
    }

    /**
     * Writes the lock, in place of the one before; a running gateway reads it within two seconds.
     *
     * @throws IOException if it cannot be written
     * @throws IllegalStateException if jars were refused
     */
    public void write() throws IOException {
        if (!refused.isEmpty()) {
            throw new IllegalStateException("jars were refused");
        }
        after.write(file);
    }
}
