package io.magicapi.gateway.plugins;

import java.util.List;
import java.util.Optional;

/**
 * What a plugin jar says of itself, found without loading any of its classes.
 *
 * @param id the plugin's id, {@code Plugin-Id} in the manifest
 * @param version its version, a semantic one
 * @param requires the range of gateway-api versions it works with; {@code *} if it names none
 * @param description one line for people; empty if it has none
 * @param sha256 the hash of the whole jar, lower-case hexadecimal
 * @param extensions names of the classes listed in {@code META-INF/extensions.idx}
 * @param pluginClass its PF4J plugin class, if it has one
 * @param classes names of all classes in the jar
 * @param signer who signed the whole of it; empty if nobody did, or signatures are not looked at
 * @param warnings what speaks against it although it may be loaded; empty if nothing does
 */
public record PluginDescriptor(
        String id,
        String version,
        String requires,
        String description,
        String sha256,
        List<String> extensions,
        Optional<String> pluginClass,
        List<String> classes,
        Optional<Signer> signer,
        List<Rejection> warnings)
        implements Inspection {

    public PluginDescriptor {
        extensions = List.copyOf(extensions);
        classes = List.copyOf(classes);
        warnings = List.copyOf(warnings);
    }

    /** {@return the same, with what the trust policy has found} */
    PluginDescriptor judged(Optional<Signer> by, List<Rejection> against) {
        return new PluginDescriptor(
                id, version, requires, description, sha256, extensions, pluginClass, classes, by, against);
    }

    /** {@return id and version: {@code acme 1.4.0}} */
    public String label() {
        return id + " " + version;
    }

    /** {@return enough of the hash to tell two builds apart: {@code 9f3c…}} */
    public String shortHash() {
        return sha256.substring(0, 4) + "…";
    }

    /** The plugin's own code, as opposed to libraries in its jar: the packages of its entry points, and below. */
    boolean owns(String className) {
        return extensions.stream().anyMatch(entry -> isNear(entry, className))
                || pluginClass.filter(entry -> isNear(entry, className)).isPresent();
    }

    /** Whether a class is in the very package of an entry point; libraries are often relocated to packages below. */
    boolean isBesideEntryPoint(String className) {
        String home = packageOf(className);
        return extensions.stream().anyMatch(entry -> packageOf(entry).equals(home))
                || pluginClass.filter(entry -> packageOf(entry).equals(home)).isPresent();
    }

    private static String packageOf(String className) {
        return className.substring(0, className.lastIndexOf('.') + 1);
    }

    private static boolean isNear(String entryPoint, String className) {
        String home = packageOf(entryPoint);
        return home.isEmpty() ? packageOf(className).isEmpty() : className.startsWith(home);
    }
}
