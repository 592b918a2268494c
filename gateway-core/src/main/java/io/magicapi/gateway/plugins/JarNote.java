package io.magicapi.gateway.plugins;

import io.magicapi.gateway.plugins.DropFolder.Fingerprint;
import io.magicapi.gateway.plugins.PluginStatus.State;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What {@link DroppedJars} knows of one file in the drop folder, and writes down here. For the plugin thread. */
final class JarNote {

    /** A content that must not be used. */
    record Bar(String sha256, State standing, Rejection why) {}

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
    private @Nullable Rejection rejection;

    /** How it stands while it is not in use. */
    private State standing = State.REJECTED;

    private Instant since = Instant.now();

    /** What must not be used although it could be, until the content changes or an operator asks for it. */
    private @Nullable Bar bar;

    /** Whether to load that content even if it serves already. */
    boolean forced;

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

    boolean holds(String version) {
        return descriptor != null && descriptor.version().equals(version);
    }

    @Nullable
    Rejection rejection() {
        return rejection;
    }

    /** Notes why the content is not in use. */
    void reject(Rejection why) {
        if (!why.equals(rejection)) {
            since = Instant.now();
        }
        rejection = why;
        standing = State.REJECTED;
    }

    /** Notes that there is a new content to judge. */
    void reconsider() {
        rejection = null;
    }

    /** Notes that nothing is wrong with the content. */
    void accept() {
        rejection = null;
        bar = null;
    }

    /** Notes that the content, a plugin that can be loaded, must not be. */
    void bar(State how, Rejection why) {
        if (descriptor != null) {
            bar(new Bar(descriptor.sha256(), how, why));
        }
    }

    void bar(Bar how) {
        reject(how.why());
        standing = how.standing();
        bar = how;
    }

    /** {@return what this file says against a content, its own or that of another file} */
    Optional<Bar> barOf(String sha256) {
        return Optional.ofNullable(bar).filter(each -> each.sha256().equals(sha256));
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

    /** {@return how the file stands if it is not in use; empty if it is, or is nothing yet} */
    Optional<PluginStatus> status() {
        Optional<PluginDescriptor> found = Optional.ofNullable(descriptor);
        return Optional.ofNullable(rejection).map(why -> PluginStatus.unused(file, found, standing, since, why));
    }
}
