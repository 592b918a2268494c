package io.magicapi.gateway.plugins;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.jar.JarFile;

/** INTERIM. Looks at a plugin jar without loading it. */
public final class JarInspector {

    private JarInspector() {}

    /** What was seen. */
    public record Inspection(Optional<String> problem, String summary) {}

    /** {@return what there is to say about a jar} */
    public static Inspection inspect(Path jar, String apiVersion) {
        if (!Files.isRegularFile(jar)) {
            return new Inspection(Optional.of("GW-P12 " + jar + " is not a complete jar."), "");
        }
        try (JarFile file = new JarFile(jar.toFile())) {
            return new Inspection(
                    Optional.empty(), jar.getFileName() + " " + file.size() + " entries, API " + apiVersion);
        } catch (java.io.IOException e) {
            return new Inspection(Optional.of("GW-P12 " + jar.getFileName() + " is not a complete jar."), "");
        }
    }
}
