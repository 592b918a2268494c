package io.magicapi.gateway.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * The project that a provider plugin begins as. Its files are those of the Maven archetype, which the build copies
 * here: names in {@code ${…}} are filled in, and sources go into their package's folder.
 */
final class PluginTemplate {

    private static final String FOLDER = "plugin-template/";
    private static final List<String> FILES = List.of(
            "pom.xml",
            "src/main/java/__className__Provider.java",
            "src/test/java/__className__ContractIT.java",
            "src/test/java/__className__ProviderIT.java",
            "src/test/resources/logback-test.xml");

    private final String home;
    private final String className;
    private final Map<String, String> values;

    /**
     * A template filled in for one plugin.
     *
     * @param id the plugin's and its provider's: {@code acme}
     * @param packageName of its classes, also the project's group: {@code com.acme}
     * @param version the first of the plugin: {@code 0.1.0}
     * @param gatewayVersion of the parent pom, and so of API and testkit
     */
    PluginTemplate(String id, String packageName, String version, String gatewayVersion) {
        home = packageName.replace('.', '/') + "/";
        className =
                id.substring(0, 1).toUpperCase(Locale.ROOT) + id.substring(1).replace("-", "");
        values = Map.of(
                "groupId",
                packageName,
                "artifactId",
                id,
                "version",
                version,
                "package",
                packageName,
                "className",
                className,
                "gatewayVersion",
                gatewayVersion);
    }

    /**
     * Writes the project; never over a file that is there.
     *
     * @return the files, in the order of writing
     * @throws IOException if one cannot be written
     */
    List<Path> writeTo(Path directory) throws IOException {
        List<Path> written = new ArrayList<>();
        for (String name : FILES) {
            Path file = directory.resolve(place(name));
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            written.add(Files.writeString(file, filled(text(name)), StandardOpenOption.CREATE_NEW));
        }
        return written;
    }

    private String place(String name) {
        return name.replace("java/", "java/" + home).replace("__className__", className);
    }

    private String filled(String text) {
        String filled = text;
        for (Map.Entry<String, String> value : values.entrySet()) {
            filled = filled.replace("${" + value.getKey() + "}", value.getValue());
        }
        return filled;
    }

    private static String text(String name) throws IOException {
        try (InputStream file = Objects.requireNonNull(PluginTemplate.class.getResourceAsStream(FOLDER + name), name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
