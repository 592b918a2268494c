package io.magicapi.gateway.plugins;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory plugins are dropped into. Says what is in it and whether it may have changed; events make that quick,
 * but do not exist for changes made on another machine, or when the directory itself is swapped, so they are a hint and
 * the listing decides. For one thread.
 */
final class DropFolder implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DropFolder.class);

    /** What builds leave beside the jar: sources, Javadoc, tests, and the jar before it was shaded. */
    private static final Pattern BYPRODUCT =
            Pattern.compile("original-.*\\.jar|.*-(sources|javadoc|tests|test-sources|test-javadoc)\\.jar");

    private final Path dir;
    private final boolean ofBuild;
    private final Set<Path> byproducts = new HashSet<>();
    private @Nullable WatchService events;
    private @Nullable WatchKey key;
    private boolean unreadable;

    /** @param ofBuild whether it is one that a build writes to, and not all jars in it are meant */
    DropFolder(Path dir, boolean ofBuild) {
        this.dir = dir;
        this.ofBuild = ofBuild;
    }

    /**
     * What tells one content of a file from another without reading it.
     *
     * @param key identity on disk (the inode), which changes when a file is renamed over another; null where unknown
     */
    record Fingerprint(
            long size, FileTime modified, @Nullable Object key) {

        /** {@return that of a file; empty if it is not there or not a file} */
        static Optional<Fingerprint> of(Path file) {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                return attributes.isRegularFile()
                        ? Optional.of(
                                new Fingerprint(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey()))
                        : Optional.empty();
            } catch (IOException e) {
                return Optional.empty();
            }
        }
    }

    /** Asks the system for events; without them, or where there are none, the listing alone must do. */
    void watch() {
        try {
            if (events == null) {
                events = dir.getFileSystem().newWatchService();
            }
            if (key == null || !key.isValid()) {
                key = dir.register(events, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE);
            }
        } catch (IOException | UnsupportedOperationException e) {
            LOG.atDebug().log("no events for {}: {}", dir, e.toString());
        }
    }

    /** {@return whether events have come since the last call; does not wait} */
    boolean hasEvents() {
        if (events == null) {
            return false;
        }
        boolean any = false;
        for (WatchKey signalled = events.poll(); signalled != null; signalled = events.poll()) {
            any |= !signalled.pollEvents().isEmpty();
            if (!signalled.reset()) {
                key = null;
            }
        }
        return any;
    }

    /**
     * {@return the jars that are there, in the order of their names; empty if the directory is gone, and nothing at all
     * if it cannot be read just now, which must not be taken for "all were deleted"}
     */
    Optional<Map<Path, Fingerprint>> list() {
        Map<Path, Fingerprint> jars = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(dir, this::isMeant)) {
            for (Path file : files) {
                Fingerprint.of(file).ifPresent(fingerprint -> jars.put(file, fingerprint));
            }
            unreadable = false;
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.of(Map.of());
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            if (!unreadable) {
                unreadable = true;
                LOG.atWarn()
                        .addKeyValue("dir", dir)
                        .log("{} cannot be read ({}); plugins stay as they are", dir, e.toString());
            }
            return Optional.empty();
        }
        return Optional.of(jars);
    }

    private boolean isMeant(Path file) {
        String name = file.getFileName().toString();
        boolean jar = !name.startsWith(".") && name.toLowerCase(Locale.ROOT).endsWith(".jar");
        if (jar && ofBuild && BYPRODUCT.matcher(name).matches()) {
            if (byproducts.add(file)) {
                LOG.atDebug().addKeyValue("file", file).log("{} is no plugin but made along with one; ignored", name);
            }
            return false;
        }
        return jar;
    }

    @Override
    public void close() {
        if (events != null) {
            try {
                events.close();
            } catch (IOException e) {
                LOG.atDebug().log("events of {}: {}", dir, e.toString());
            }
        }
    }
}
