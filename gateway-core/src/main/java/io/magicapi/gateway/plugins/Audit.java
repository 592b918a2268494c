package io.magicapi.gateway.plugins;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * One line for each thing that happens to a plugin, for whoever must know later who ran what code when. All lines have
 * the logger {@code io.magicapi.gateway.audit} and the same fields. For the plugin thread.
 */
final class Audit {

    private static final Logger LOG = LoggerFactory.getLogger("io.magicapi.gateway.audit");

    /** Who acts when nobody asked for anything: the gateway, which follows the drop folder. */
    static final String GATEWAY = "gateway";

    /** What was done. */
    enum Action {
        /** A plugin that was not there serves. */
        LOAD,
        /** Another version serves in the place of the one before. */
        SWAP,
        /** A version gets its share of the requests. */
        CANARY,
        /** A jar is not used. */
        REFUSE,
        /** A plugin is taken out of service. */
        REMOVE,
        /** The version before serves again. */
        ROLLBACK,
        /** A version is taken out of service for its conduct. */
        QUARANTINE,
        /** Requests that were left on a version are ended. */
        END_LEFTOVERS,
        /** A version is stopped and its class loader given up. */
        UNLOAD;

        private final String word = name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    private String actor = GATEWAY;

    /** Names who acts from now on. */
    void by(String who) {
        actor = who;
    }

    void ok(Action action, PluginUnit unit, String reason) {
        write(action, Optional.of(unit.descriptor()), unit.file(), "ok", reason);
    }

    void refused(@Nullable PluginDescriptor descriptor, Path file, Rejection why) {
        write(Action.REFUSE, Optional.ofNullable(descriptor), file, "refused", why.toString());
    }

    private void write(Action action, Optional<PluginDescriptor> plugin, Path file, String outcome, String reason) {
        LoggingEventBuilder line = LOG.atInfo().addKeyValue("action", action.word);
        if (plugin.isPresent()) {
            line = line.addKeyValue("plugin", plugin.get().id())
                    .addKeyValue("version", plugin.get().version())
                    .addKeyValue("sha256", plugin.get().sha256());
        }
        line = line.addKeyValue("file", String.valueOf(file.getFileName())).addKeyValue("outcome", outcome);
        if (!reason.isEmpty()) {
            line = line.addKeyValue("reason", reason);
        }
        line.addKeyValue("by", actor).log("plugin {}", action.word);
    }
}
