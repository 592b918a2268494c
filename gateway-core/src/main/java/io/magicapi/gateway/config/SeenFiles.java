package io.magicapi.gateway.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How files and folders looked at one moment, as far as can be told without reading them. Links are followed, so that a
 * link that is swapped (as Kubernetes does with a ConfigMap) is a change of what it leads to. Two that are equal saw the
 * same.
 */
public final class SeenFiles {

    /**
     * What tells one content of a file from another.
     *
     * @param key identity on disk, which changes when a file is renamed over another; null where unknown
     */
    private record Stamp(
            long size, FileTime modified, @Nullable Object key, boolean readable) {}

    private final Map<Path, Optional<Stamp>> stamps;

    private SeenFiles(Map<Path, Optional<Stamp>> stamps) {
        this.stamps = Map.copyOf(stamps);
    }

    /** {@return how these look now; they need not exist; asks the file system} */
    static SeenFiles look(Collection<Path> files) {
        Map<Path, Optional<Stamp>> stamps = new HashMap<>();
        files.forEach(file -> stamps.put(file, stamp(file)));
        return new SeenFiles(stamps);
    }

    /** {@return how the files look that hold providers' keys; asks the file system} */
    static SeenFiles ofKeys(GatewayConfig config) {
        return look(config.providers().values().stream()
                .flatMap(provider -> provider.keys().stream())
                .flatMap(key -> key.file().stream())
                .toList());
    }

    /** {@return these, and others} */
    SeenFiles and(SeenFiles others) {
        Map<Path, Optional<Stamp>> all = new HashMap<>(stamps);
        all.putAll(others.stamps);
        return new SeenFiles(all);
    }

    private static Optional<Stamp> stamp(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Optional.of(new Stamp(
                    attributes.size(), attributes.lastModifiedTime(), attributes.fileKey(), Files.isReadable(file)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SeenFiles seen && seen.stamps.equals(stamps);
    }

    @Override
    public int hashCode() {
        return stamps.hashCode();
    }

    @Override
    public String toString() {
        List<Path> files = new ArrayList<>(stamps.keySet());
        files.sort(null);
        return files.toString();
    }
}
