package io.magicapi.gateway.plugins;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The plugins an operator has approved of, each by the hash of its jar: what {@code plugins.lock} says. A line for each,
 * in the order of ids and versions, so that two locks can be compared line by line.
 *
 * @param entries one for each version of a plugin
 */
record PluginLock(List<Entry> entries) {

    private static final String HEAD = """
            # The plugins that this gateway knows, written by: gateway plugins lock
            # id version sha256 file
            """;

    private static final Pattern LINE = Pattern.compile("(\\S+) +(\\S+) +sha256:([0-9a-f]{64})(?: +(.*))?");

    private static final Comparator<Entry> ORDER =
            Comparator.comparing(Entry::id).thenComparing(Entry::version, PluginLock::compare);

    /** Below the order, which it needs. */
    static final PluginLock EMPTY = new PluginLock(List.of());

    /**
     * A version of a plugin.
     *
     * @param file the name of the jar when it was locked, for people; the jar may have any name
     */
    record Entry(String id, String version, String sha256, String file) {

        Entry {
            file = file.replaceAll("\\p{Cntrl}", "?").strip();
        }

        static Entry of(PluginDescriptor plugin, String file) {
            return new Entry(plugin.id(), plugin.version(), plugin.sha256(), file);
        }

        String label() {
            return id + " " + version;
        }

        @Override
        public String toString() {
            return (label() + " sha256:" + sha256 + " " + file).strip();
        }
    }

    PluginLock {
        entries = entries.stream().sorted(ORDER).toList();
    }

    /** Semantic versions that differ in their build metadata only are the same to {@code compareVersions}. */
    private static int compare(String one, String other) {
        int order = JarInspector.compareVersions(one, other);
        return order != 0 ? order : one.compareTo(other);
    }

    /**
     * {@return what a file says}
     *
     * @throws IOException if it cannot be read or is malformed; the message says why, and in which line
     */
    static PluginLock read(Path file) throws IOException {
        String text;
        try {
            text = Files.readString(file);
        } catch (MalformedInputException e) {
            throw new IOException("it is not UTF-8 text", e);
        }
        return parse(text);
    }

    private static PluginLock parse(String text) throws IOException {
        List<Entry> entries = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            Matcher parts = LINE.matcher(line.strip());
            if (!parts.matches() || !JarInspector.isVersion(parts.group(2))) {
                throw new IOException("line " + number + " is not \"id version sha256:<64 hex digits> file\"");
            }
            Entry entry = new Entry(
                    parts.group(1),
                    parts.group(2),
                    parts.group(3),
                    Optional.ofNullable(parts.group(4)).orElse(""));
            if (find(entries, entry.id(), entry.version()).isPresent()) {
                throw new IOException("line " + number + " is the second for " + entry.label());
            }
            entries.add(entry);
        }
        return new PluginLock(entries);
    }

    Optional<Entry> find(String id, String version) {
        return find(entries, id, version);
    }

    private static Optional<Entry> find(List<Entry> entries, String id, String version) {
        return entries.stream()
                .filter(entry -> entry.id().equals(id) && entry.version().equals(version))
                .findFirst();
    }

    /** {@return the newest version of a plugin} */
    Optional<Entry> newest(String id) {
        return entries.stream().filter(entry -> entry.id().equals(id)).max(ORDER);
    }

    /** Writes the file, in place of what was there, so that no reader ever sees a part of it. */
    void write(Path file) throws IOException {
        Path real = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path part = real.resolveSibling(real.getFileName() + ".part");
        Files.writeString(part, toString());
        Files.move(part, real, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** {@return the content of the file} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(HEAD);
        entries.forEach(entry -> text.append(entry).append('\n'));
        return text.toString();
    }
}
