package io.magicapi.gateway.testkit;

import io.magicapi.gateway.Version;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Makes a jar of compiled classes, as the build will do it after the tests. */
final class PackagedClasses {

    private static final String MANIFEST = "META-INF/MANIFEST.MF";

    private PackagedClasses() {}

    /** {@return the jar that a class came from; empty if it is not known where it came from} */
    static Optional<Path> jarOf(Class<?> type, String pluginId) throws IOException {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null || !source.getLocation().getProtocol().equals("file")) {
            return Optional.empty();
        }
        Path place;
        try {
            place = Path.of(source.getLocation().toURI());
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
        return Optional.of(Files.isDirectory(place) ? packed(place, pluginId) : place);
    }

    private static Path packed(Path classes, String pluginId) throws IOException {
        Path jar = Files.createTempFile("plugin-", ".jar");
        jar.toFile().deleteOnExit();
        List<Path> files;
        try (Stream<Path> all = Files.walk(classes)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            zip.putNextEntry(new ZipEntry(MANIFEST));
            Path own = classes.resolve(MANIFEST);
            zip.write(Files.exists(own) ? Files.readAllBytes(own) : manifest(pluginId));
            for (Path file : files) {
                String name = classes.relativize(file).toString().replace('\\', '/');
                if (!name.equals(MANIFEST)) {
                    zip.putNextEntry(new ZipEntry(name));
                    Files.copy(file, zip);
                }
            }
        }
        return jar;
    }

    private static byte[] manifest(String pluginId) {
        return ("Manifest-Version: 1.0\r\nPlugin-Id: " + pluginId + "\r\nPlugin-Version: 0.0.0\r\nPlugin-Requires: >="
                        + Version.api() + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }
}
