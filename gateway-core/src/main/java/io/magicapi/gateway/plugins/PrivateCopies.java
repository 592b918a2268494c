package io.magicapi.gateway.plugins;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The copies of jars that are loaded. A jar in the drop folder may be overwritten at any moment, which breaks a class
 * loader that reads from it; a copy nobody else knows of may not.
 *
 * <p>Each process has a folder of its own and holds a lock in it, so that gateways may share a data directory and what
 * a killed one left behind is cleared away by the next.
 */
final class PrivateCopies implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PrivateCopies.class);
    private static final String LOCK = "lock";

    private final Path folder;
    private final FileChannel channel;

    private PrivateCopies(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /** Opens a folder for this process below the data directory, and removes those of processes that are gone. */
    static PrivateCopies open(Path data) throws IOException {
        Path parent = Files.createDirectories(data.resolve("plugins"));
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, Files::isDirectory)) {
            for (Path left : folders) {
                removeIfAbandoned(left);
            }
        }
        Path folder = Files.createDirectory(parent.resolve(ProcessHandle.current()
                        .pid() + "-" + UUID.randomUUID().toString().substring(0, 8)));
        FileChannel channel =
                FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        channel.lock();
        return new PrivateCopies(folder, channel);
    }

    private static void removeIfAbandoned(Path folder) {
        try (FileChannel channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                return;
            }
            delete(folder);
        } catch (OverlappingFileLockException e) {
            LOG.atTrace().log("{} belongs to another gateway of this process", folder);
        } catch (IOException e) {
            // Just made by another process that has not locked it yet, or not ours to remove.
            LOG.atDebug().log("{} stays: {}", folder, e.getMessage());
        }
    }

    private static void delete(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }

    /** {@return a fresh copy of a file, for inspection} */
    Path copyOf(Path file) throws IOException {
        Path copy = folder.resolve(UUID.randomUUID() + ".part");
        try {
            Files.copy(file, copy);
        } catch (IOException e) {
            Files.deleteIfExists(copy);
            throw e;
        }
        return copy;
    }

    /** {@return the copy under the name of its hash; under a similar one if another unit has that name} */
    static Path keep(Path copy, String sha256) throws IOException {
        Path kept = copy.resolveSibling(sha256 + ".jar");
        for (int i = 2; Files.exists(kept); i++) {
            kept = copy.resolveSibling(sha256 + "-" + i + ".jar");
        }
        return Files.move(copy, kept, StandardCopyOption.ATOMIC_MOVE);
    }

    /** {@return another copy of one that is loaded, which outlives it} */
    static Path spare(Path copy) throws IOException {
        return Files.copy(copy, copy.resolveSibling(UUID.randomUUID() + ".part"));
    }

    /** Removes a copy that is not loaded any more; if that fails, the next start does it. */
    static void discard(Path copy) {
        try {
            Files.deleteIfExists(copy);
        } catch (IOException e) {
            LOG.atDebug().log("{} stays: {}", copy, e.getMessage());
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
            delete(folder);
        } catch (IOException e) {
            LOG.atDebug().log("{} stays: {}", folder, e.getMessage());
        }
    }
}
