package io.magicapi.gateway.plugins;

import io.magicapi.gateway.plugins.DropFolder.Fingerprint;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What {@link DroppedJars} knows of one file in the drop folder, and writes down here. For the plugin thread. */
final class JarNote {

    /** Where it is; changes when it is renamed. */
    Path file;

    /** As of the last listing; acted on when the next one agrees. */
    @Nullable
    Fingerprint seen;

    /** The content that was acted on. */
    @Nullable
    Fingerprint handled;

    /** The plugin in that content, if there is one. */
    @Nullable
    PluginDescriptor descriptor;

    /** Why that content is not in use. */
    @Nullable
    Rejection rejection;

    /** When it was first found incomplete, by {@link System#nanoTime}; null if it is not, or is given up. */
    @Nullable
    Long incompleteSince;

    /** Whether to look at it again although it has not changed. */
    boolean again;

    /** In how many listings it was missing. */
    int missing;

    JarNote(Path file) {
        this.file = file;
    }

    String name() {
        return String.valueOf(file.getFileName());
    }

    boolean isOf(String id) {
        return descriptor != null && descriptor.id().equals(id);
    }

    boolean isRejectedFor(String code) {
        return isRejected(code::equals);
    }

    /** Whether it is rejected, and for such a code. */
    boolean isRejected(Predicate<String> such) {
        return rejection != null && such.test(rejection.code());
    }

    /** {@return the plugin's id, whether it is in use or refused; empty if there is no plugin} */
    Optional<String> plugin() {
        return Optional.ofNullable(descriptor).map(PluginDescriptor::id);
    }

    /** {@return how the file stands if it is rejected; empty if it is not} */
    Optional<PluginStatus> status() {
        Optional<PluginDescriptor> found = Optional.ofNullable(descriptor);
        return Optional.ofNullable(rejection).map(why -> PluginStatus.rejected(file, found, why));
    }
}
