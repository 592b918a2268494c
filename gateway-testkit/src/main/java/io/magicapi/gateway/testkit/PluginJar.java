package io.magicapi.gateway.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * Builds real plugin jars in a test, good ones and bad ones, from Java source:
 *
 * <pre>{@code
 * Path jar = PluginJar.of("acme").version("1.2.0").provider("acme", "https://api.acme.test").writeTo(plugins);
 * }</pre>
 *
 * <p>Sources are compiled in memory against the class path of the test, which needs a JDK, not just a runtime. The
 * index that PF4J's annotation processor would write is written here: it lists the classes annotated with
 * {@code @Extension}. Two jars built alike have the same bytes.
 *
 * <p>Not safe for use by several threads.
 */
public final class PluginJar {

    private static final String INDEX = "META-INF/extensions.idx";
    private static final Pattern PACKAGE = Pattern.compile("(?m)^\\s*package\\s+([\\w.]+)\\s*;");
    /** The first type of a source, at the start of a line or behind the package's or an import's semicolon. */
    private static final Pattern TYPE = Pattern.compile("(?m)(?:^|;)\\s*(?:@[\\w.]+(?:\\([^)]*\\))?\\s+)*"
            + "(?:(?:public|final|abstract|sealed)\\s+)*(?:class|interface|record|enum)\\s+(\\w+)");

    private final Map<String, String> manifest = new LinkedHashMap<>();
    private final Map<String, String> sources = new LinkedHashMap<>();
    private final Map<String, String> compileOnly = new LinkedHashMap<>();
    private final Map<String, byte[]> entries = new TreeMap<>();
    private final Set<String> leftOut = new TreeSet<>();
    private @Nullable List<String> extensions;
    private boolean withIndex = true;
    private boolean withManifest = true;
    private int classFileVersion;

    private PluginJar(String id) {
        manifest.put("Manifest-Version", "1.0");
        manifest.put("Plugin-Id", id);
        manifest.put("Plugin-Version", "1.0.0");
    }

    /** {@return a plugin of this id and version 1.0.0, without any class so far} */
    public static PluginJar of(String id) {
        return new PluginJar(id);
    }

    /**
     * {@return the jar that the build of this plugin has made} For integration tests ({@code *IT}), which run when it is
     * there; gateway-plugin-parent tells where.
     *
     * @throws IllegalStateException if nothing has told
     */
    public static Path ofThisBuild() {
        String jar = System.getProperty("gateway.plugin.jar");
        if (jar == null) {
            throw new IllegalStateException(
                    "The system property gateway.plugin.jar does not name the plugin's jar. In a"
                            + " build with gateway-plugin-parent it does for integration tests: mvn verify. Elsewhere, set it.");
        }
        return Path.of(jar);
    }

    /** Sets {@code Plugin-Version}. {@return this} */
    public PluginJar version(String version) {
        return manifest("Plugin-Version", version);
    }

    /** Sets {@code Plugin-Requires}, such as {@code >=1.2 & <2.0}. {@return this} */
    public PluginJar requires(String range) {
        return manifest("Plugin-Requires", range);
    }

    /** Sets any line of the manifest. {@return this} */
    public PluginJar manifest(String key, String value) {
        manifest.put(key, value);
        return this;
    }

    /** Removes a line of the manifest. {@return this} */
    public PluginJar withoutManifest(String key) {
        manifest.remove(key);
        return this;
    }

    /** Leaves the manifest out altogether. {@return this} */
    public PluginJar withoutManifest() {
        withManifest = false;
        return this;
    }

    /**
     * Adds the smallest of providers: a class named after it, such as {@code com.acme.AcmeProvider}, in a package named
     * after the plugin.
     *
     * @return this
     */
    public PluginJar provider(String name, String baseUrl) {
        String simple =
                Character.toUpperCase(name.charAt(0)) + name.substring(1).replace("-", "") + "Provider";
        String home = "com." + manifest.getOrDefault("Plugin-Id", "acme").replaceAll("[^A-Za-z0-9]", "");
        return source("""
                package %s;

                import io.magicapi.gateway.api.Provider;
                import org.pf4j.Extension;

                @Extension
                public class %s implements Provider {
                    @Override
                    public String name() {
                        return "%s";
                    }

                    @Override
                    public String baseUrl() {
                        return "%s";
                    }
                }
                """.formatted(home, simple, name, baseUrl));
    }

    /**
     * Adds a class, given as the whole text of a source file.
     *
     * @return this
     * @throws IllegalArgumentException if the text declares no type
     */
    public PluginJar source(String source) {
        sources.put(typeName(source), source);
        return this;
    }

    /**
     * Adds a class that the others are compiled against and that is not in the jar. It hides a class of the same name on
     * the class path, so a plugin can be built against another version of an API.
     *
     * @return this
     * @throws IllegalArgumentException if the text declares no type
     */
    public PluginJar compileOnly(String source) {
        compileOnly.put(typeName(source), source);
        return this;
    }

    /** Compiles a class, or finds it among the sources, but leaves it out of the jar. {@return this} */
    public PluginJar withoutClass(String className) {
        leftOut.add(className);
        return this;
    }

    /** Replaces what {@code META-INF/extensions.idx} lists. {@return this} */
    public PluginJar extensions(String... classNames) {
        extensions = List.of(classNames);
        return this;
    }

    /** Leaves {@code META-INF/extensions.idx} out, as JDK 23 and newer do when not told otherwise. {@return this} */
    public PluginJar withoutExtensionsIndex() {
        withIndex = false;
        return this;
    }

    /** Adds an entry of this name, which need not be a decent one. {@return this} */
    public PluginJar entry(String name, byte[] content) {
        entries.put(name, content.clone());
        return this;
    }

    /** Adds a class of the test's own class path. {@return this} */
    public PluginJar copyOf(Class<?> type) {
        String name = type.getName().replace('.', '/') + ".class";
        try (var in = Objects.requireNonNull(type.getResourceAsStream("/" + name), name)) {
            return entry(name, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Marks all classes as compiled for another Java version.
     *
     * @param java such as 25
     * @return this
     */
    public PluginJar compiledForJava(int java) {
        classFileVersion = java + 44;
        return this;
    }

    /**
     * {@return the jar's bytes}
     *
     * @throws IllegalArgumentException if a source does not compile; the message is the compiler's
     */
    public byte[] bytes() {
        Map<String, byte[]> classes = compile();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            if (withManifest) {
                put(zip, "META-INF/MANIFEST.MF", manifestText().getBytes(StandardCharsets.UTF_8));
            }
            if (withIndex) {
                List<String> listed = extensions == null ? annotated(classes) : extensions;
                put(zip, INDEX, (String.join("\n", listed) + "\n").getBytes(StandardCharsets.UTF_8));
            }
            for (Map.Entry<String, byte[]> type : classes.entrySet()) {
                if (!leftOut.contains(type.getKey())) {
                    put(zip, type.getKey().replace('.', '/') + ".class", patched(type.getValue()));
                }
            }
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                put(zip, entry.getKey(), entry.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * Writes the jar into a directory, named after id and version, such as {@code acme-1.0.0.jar}. It appears there
     * complete, as by a rename.
     *
     * @return the file
     */
    public Path writeTo(Path directory) {
        return write(directory.resolve(manifest.getOrDefault("Plugin-Id", "plugin") + "-"
                + manifest.getOrDefault("Plugin-Version", "0") + ".jar"));
    }

    /**
     * Writes the jar to a file. It appears there complete, as by a rename, in place of what was there.
     *
     * @return the file
     */
    public Path write(Path file) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.write(part, bytes());
            return Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTime(1_000_000_000_000L);
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    /** Written by hand, since java.util.jar.Manifest has its own opinion of order and content. */
    private String manifestText() {
        StringBuilder text = new StringBuilder();
        manifest.forEach(
                (key, value) -> text.append(key).append(": ").append(value).append("\r\n"));
        return text.append("\r\n").toString();
    }

    private byte[] patched(byte[] classFile) {
        if (classFileVersion == 0) {
            return classFile;
        }
        byte[] patched = classFile.clone();
        patched[6] = (byte) (classFileVersion >> 8);
        patched[7] = (byte) classFileVersion;
        return patched;
    }

    private static List<String> annotated(Map<String, byte[]> classes) {
        List<String> found = new ArrayList<>();
        classes.forEach((name, bytes) -> {
            // The descriptor of the annotation, as it stands in the constant pool.
            if (new String(bytes, StandardCharsets.ISO_8859_1).contains("Lorg/pf4j/Extension;")) {
                found.add(name);
            }
        });
        return found;
    }

    private static String typeName(String source) {
        Matcher type = TYPE.matcher(source);
        if (!type.find()) {
            throw new IllegalArgumentException("no class in: " + source);
        }
        Matcher home = PACKAGE.matcher(source);
        return (home.find() ? home.group(1) + "." : "") + type.group(1);
    }

    private Map<String, byte[]> compile() {
        if (sources.isEmpty()) {
            return Map.of();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new IllegalStateException("PluginJar needs a JDK; this is a runtime without compiler");
        }
        Map<String, String> all = new LinkedHashMap<>(compileOnly);
        all.putAll(sources);
        List<Source> units = new ArrayList<>();
        all.forEach((name, text) -> units.add(new Source(name, text)));

        StringWriter complaints = new StringWriter();
        List<String> options =
                List.of("-proc:none", "-parameters", "-g", "-classpath", System.getProperty("java.class.path"));
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);
                Output output = new Output(files)) {
            if (!compiler.getTask(complaints, output, null, options, null, units)
                    .call()) {
                throw new IllegalArgumentException("the plugin does not compile:\n" + complaints);
            }
            Map<String, byte[]> classes = new TreeMap<>();
            output.classes.forEach((name, bytes) -> {
                if (!compileOnly.containsKey(name.replaceFirst("\\$.*", ""))) {
                    classes.put(name, bytes.toByteArray());
                }
            });
            return classes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Source extends SimpleJavaFileObject {

        private final String text;

        Source(String className, String text) {
            super(URI.create("memory:///" + className.replace('.', '/') + Kind.SOURCE.extension), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static final class Output extends ForwardingJavaFileManager<JavaFileManager> {

        private final Map<String, ByteArrayOutputStream> classes = new TreeMap<>();

        Output(JavaFileManager files) {
            super(files);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String className, JavaFileObject.Kind kind, @Nullable FileObject sibling) {
            return new SimpleJavaFileObject(
                    URI.create("memory:///" + className.replace('.', '/') + kind.extension), kind) {
                @Override
                public OutputStream openOutputStream() {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    classes.put(className, bytes);
                    return bytes;
                }
            };
        }
    }
}
