package io.magicapi.gateway.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugin jars that travel inside {@code gateway.jar}: {@code bundled-plugins/index} lists their file names, one a
 * line, and {@code bundled-plugins/<name>} are the jars. They are not loaded from there; they are installed into a drop
 * folder that does not exist yet, and from then on are files like any other.
 *
 * <p>Blocks on the file system; safe for all threads.
 */
public final class BundledPlugins {

    private static final Logger LOG = LoggerFactory.getLogger(BundledPlugins.class);
    private static final String FOLDER = "bundled-plugins/";

    private final ClassLoader resources;

    /** Those this gateway was packed with; none when it runs from a build tree. */
    public BundledPlugins() {
        this(BundledPlugins.class.getClassLoader());
    }

    /** Those a class loader has among its resources. */
    public BundledPlugins(ClassLoader resources) {
        this.resources = resources;
    }

    /**
     * {@return the file names of the bundled jars; empty if there are none}
     *
     * @throws IOException if the index cannot be read or names what is no file name
     */
    public List<String> names() throws IOException {
        try (InputStream index = resources.getResourceAsStream(FOLDER + "index")) {
            if (index == null) {
                return List.of();
            }
            List<String> names = new String(index.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
            for (String name : names) {
                if (!name.matches("[A-Za-z0-9][A-Za-z0-9._+-]*")) {
                    throw new IOException(FOLDER + "index names \"" + name + "\", which is not a file name");
                }
            }
            return names;
        }
    }

    /**
     * Creates the drop folder with the bundled jars in it, unless it exists.
     *
     * @return the files written; empty if the folder was there or nothing is bundled
     * @throws IOException if the folder cannot be made or written
     */
    public List<Path> installIfAbsent(Path dir) throws IOException {
        return Files.exists(dir) ? List.of() : install(dir);
    }

    /**
     * Writes the bundled jars into the drop folder, in place of files of the same names. A watching gateway never sees
     * half a jar: each is written under another name and renamed.
     *
     * @return the files written
     * @throws IOException if the folder cannot be made or written
     */
    public List<Path> install(Path dir) throws IOException {
        Files.createDirectories(dir);
        List<Path> written = new ArrayList<>();
        for (String name : names()) {
            Path part = dir.resolve(name + ".part");
            try (InputStream jar = resources.getResourceAsStream(FOLDER + name)) {
                if (jar == null) {
                    throw new IOException(FOLDER + "index names \"" + name + "\", which is not there");
                }
                Files.copy(jar, part, StandardCopyOption.REPLACE_EXISTING);
            }
            written.add(Files.move(
                    part, dir.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING));
        }
        if (!written.isEmpty()) {
            LOG.atInfo().addKeyValue("dir", dir).log("installed bundled plugins into {}: {}", dir, names());
        }
        return written;
    }
}
