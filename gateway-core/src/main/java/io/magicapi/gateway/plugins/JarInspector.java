package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.pf4j.DefaultVersionManager;
import org.pf4j.VersionManager;

/**
 * Decides from the bytes of a jar whether it is a plugin this gateway can load, before PF4J or a class loader sees it.
 * PF4J lets one bad jar stop the good ones, and loads some bad ones without a word; what passes here does neither.
 *
 * <p>The last question is whether it may be loaded, which {@link TrustPolicy} answers.
 *
 * <p>Runs no code of the jar. Blocks on the file system, so call it off the event loop; safe for all threads.
 */
public final class JarInspector {

    /** The jar is not a whole zip file: perhaps it is still being copied. */
    static final String INCOMPLETE = "GW-P12";

    private static final String TOO_LARGE = "GW-P25";

    private static final String INDEX = UnpackLimit.INDEX;

    /** What is longer is no version, range or description; and long input makes regular expressions overflow the stack. */
    private static final int MAX_VALUE = 500;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    /** As semver.org gives it. */
    private static final Pattern SEMVER = Pattern.compile("(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)"
            + "(-(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(\\.(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
            + "(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?");

    private static final Pattern EXACT = Pattern.compile("\\d+\\.\\d+\\.\\d+");
    private static final Pattern NUMBERS = Pattern.compile("\\d+(\\.\\d+){0,2}");

    private static final VersionManager VERSIONS = new DefaultVersionManager();

    private final String apiVersion;
    private final TrustPolicy trust;
    private final int javaVersion = Runtime.version().feature();

    /**
     * An inspector for gateways of one API version, which trusts every jar.
     *
     * @param apiVersion the version of gateway-api, without qualifier: {@code 0.1.0}
     */
    public JarInspector(String apiVersion) {
        this(apiVersion, TrustPolicy.NONE);
    }

    /**
     * An inspector for a gateway of this configuration: what it accepts, that gateway loads.
     *
     * @param apiVersion the version of gateway-api, without qualifier: {@code 0.1.0}
     */
    public JarInspector(String apiVersion, GatewayConfig.Plugins config) {
        this(apiVersion, TrustPolicy.of(config));
    }

    JarInspector(String apiVersion, TrustPolicy trust) {
        this.apiVersion = Objects.requireNonNull(apiVersion);
        this.trust = trust;
    }

    /** {@return what the jar is, or why it is refused; never throws for what is wrong with the jar} */
    public Inspection inspect(Path jar) {
        return inspect(jar, String.valueOf(jar.getFileName()));
    }

    /** {@return as {@link #inspect(Path)}, of a copy, calling it by the name people know} */
    public Inspection inspect(Path jar, String fileName) {
        try (JarFile open = new JarFile(jar.toFile(), false)) {
            Reading reading = new Reading(open, fileName);
            PluginDescriptor plugin = reading.descriptor(sha256(jar));
            boolean signed = reading.signed && trust.readsSignatures();
            return trust.judge(plugin, fileName, signed ? JarSignatures.read(jar, fileName) : JarSignatures.NONE);
        } catch (Refusal e) {
            return e.rejection();
        } catch (ZipException | EOFException e) {
            return new Rejection(INCOMPLETE, fileName + " is not a complete jar (" + size(jar) + ").");
        } catch (IOException | RuntimeException e) {
            return new Rejection(
                    "GW-P22",
                    fileName + " cannot be read: " + e.getClass().getSimpleName() + ": " + e.getMessage()
                            + ". Check its permissions, or copy it again.");
        }
    }

    static boolean isVersion(String text) {
        return text.length() <= MAX_VALUE && SEMVER.matcher(text).matches();
    }

    /** {@return negative, 0 or positive as the first semantic version is older, the same or newer} */
    static int compareVersions(String one, String other) {
        return VERSIONS.compareVersions(one, other);
    }

    private static String size(Path jar) {
        try {
            long bytes = Files.size(jar);
            return bytes < 1024 ? bytes + " bytes" : (bytes + 1023) / 1024 + " KiB";
        } catch (IOException e) {
            return "gone";
        }
    }

    private static String sha256(Path jar) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        try (InputStream in = new DigestInputStream(Files.newInputStream(jar), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** One jar being read; each check either passes or throws. */
    private final class Reading {

        private final JarFile jar;
        private final String fileName;

        /** Names of classes, with dots, and the Java version each was compiled for. */
        private final TreeMap<String, Integer> classes = new TreeMap<>();

        private String label;

        /** Whether there is a signature, be it good or bad. */
        private boolean signed;

        /** How many bytes came out of the entries so far. */
        private long unpacked;

        private final byte[] buffer = new byte[64 * 1024];

        Reading(JarFile jar, String fileName) {
            this.jar = jar;
            this.fileName = fileName;
            this.label = fileName;
        }

        PluginDescriptor descriptor(String sha256) throws Refusal, IOException {
            readEntries();
            Attributes manifest = manifest();
            String id = id(manifest);
            label = id + " "
                    + Optional.ofNullable(value(manifest, "Plugin-Version")).orElse("(no version)");
            String version = version(manifest);
            checkStandsAlone(manifest);
            String requires = requires(id, manifest);
            checkBundlesNoApi();
            checkJavaVersion();
            Optional<String> pluginClass = pluginClass(manifest);
            List<String> extensions = extensions();
            return new PluginDescriptor(
                    id,
                    version,
                    requires,
                    Optional.ofNullable(value(manifest, "Plugin-Description")).orElse(""),
                    sha256,
                    extensions,
                    pluginClass,
                    List.copyOf(classes.keySet()),
                    Optional.empty(),
                    List.of());
        }

        /** Reads every byte once: what is damaged or too large shows here, and not while serving. */
        private void readEntries() throws Refusal, IOException {
            if (jar.size() > UnpackLimit.ENTRIES) {
                throw new Refusal(
                        TOO_LARGE,
                        String.format(
                                Locale.ROOT,
                                "%s has %,d entries, more than the %,d that a plugin may have. %s",
                                fileName,
                                jar.size(),
                                UnpackLimit.ENTRIES,
                                UnpackLimit.TOTAL.remedy()));
            }
            for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
                String name = entry.getName();
                if (leavesTheJar(name)) {
                    throw new Refusal(
                            "GW-P18",
                            fileName + " has an entry named \"" + name
                                    + "\", which points outside of the jar. Build it again with an ordinary jar tool.");
                }
                signed |= JarSignatures.isSignature(name);
                try (InputStream in = jar.getInputStream(entry)) {
                    byte[] head = in.readNBytes(ClassFile.HEADER);
                    if (isClass(name)) {
                        classes.put(className(name), javaVersion(name, head));
                    }
                    unpack(name, head.length, in);
                }
            }
        }

        /** Reads the rest of an entry, or until it is too large. */
        private void unpack(String name, int before, InputStream in) throws Refusal, IOException {
            UnpackLimit limit = UnpackLimit.of(name);
            long size = 0;
            for (int read = before; read >= 0; read = in.read(buffer)) {
                size += read;
                unpacked += read;
                if (size > limit.bytes()) {
                    throw new Refusal(
                            TOO_LARGE,
                            fileName + ": " + name + " is larger than " + limit.text() + " when unpacked. "
                                    + limit.remedy());
                }
                if (unpacked > UnpackLimit.TOTAL.bytes()) {
                    throw new Refusal(
                            TOO_LARGE,
                            fileName + " is larger than " + UnpackLimit.TOTAL.text() + " when unpacked. "
                                    + UnpackLimit.TOTAL.remedy());
                }
            }
        }

        private boolean leavesTheJar(String name) {
            return name.startsWith("/")
                    || name.indexOf('\\') >= 0
                    || name.indexOf('\0') >= 0
                    || name.matches("[A-Za-z]:.*")
                    || List.of(name.split("/")).contains("..");
        }

        /** Classes of META-INF/versions replace others only on some JVMs, so they say nothing about this jar. */
        private boolean isClass(String name) {
            return name.endsWith(".class") && !name.startsWith("META-INF/") && !name.endsWith("module-info.class");
        }

        private String className(String entry) {
            return entry.substring(0, entry.length() - ".class".length()).replace('/', '.');
        }

        private int javaVersion(String entry, byte[] bytes) throws Refusal {
            try {
                return ClassFile.javaVersion(bytes);
            } catch (IOException e) {
                throw new Refusal(
                        "GW-P20",
                        fileName + ": " + entry + " is not a class file. Build the jar again and copy it anew.");
            }
        }

        private Attributes manifest() throws Refusal {
            try {
                Manifest manifest = jar.getManifest();
                return manifest == null ? new Attributes() : manifest.getMainAttributes();
            } catch (IOException e) {
                throw new Refusal("GW-P02", fileName + " is not a gateway plugin: its manifest is malformed.");
            }
        }

        private @Nullable String value(Attributes manifest, String key) throws Refusal {
            String value = manifest.getValue(key);
            if (value != null && value.length() > MAX_VALUE) {
                throw new Refusal(
                        "GW-P02",
                        fileName + " is not a gateway plugin: " + key + " in its manifest is longer than " + MAX_VALUE
                                + " characters.");
            }
            return value == null || value.isBlank() ? null : value.strip();
        }

        private String id(Attributes manifest) throws Refusal {
            String id = value(manifest, "Plugin-Id");
            if (id == null) {
                throw new Refusal(
                        "GW-P02",
                        fileName + " is not a gateway plugin: its manifest has no Plugin-Id. If it is a library, it"
                                + " belongs inside the plugin's own jar.");
            }
            if (!ID.matcher(id).matches()) {
                throw new Refusal(
                        "GW-P02",
                        fileName + " is not a gateway plugin: its Plugin-Id \"" + id
                                + "\" has characters other than letters, digits, dot, dash and underscore, or is too"
                                + " long.");
            }
            return id;
        }

        private String version(Attributes manifest) throws Refusal {
            String version = value(manifest, "Plugin-Version");
            if (version == null) {
                throw new Refusal(
                        "GW-P16",
                        fileName + ": the manifest of plugin " + value(manifest, "Plugin-Id")
                                + " has no Plugin-Version. Add one such as 1.0.0.");
            }
            if (!SEMVER.matcher(version).matches()) {
                throw new Refusal(
                        "GW-P16",
                        label + ": Plugin-Version \"" + version
                                + "\" is not a semantic version. Write for example 1.0.0 or 1.1.0-rc.1.");
            }
            return version;
        }

        private void checkStandsAlone(Attributes manifest) throws Refusal {
            String dependencies = value(manifest, "Plugin-Dependencies");
            if (dependencies != null) {
                throw new Refusal(
                        "GW-P06",
                        label + " depends on other plugins (Plugin-Dependencies: " + dependencies
                                + "). Plugins stand alone, so that each can come and go: put what it needs into its own"
                                + " jar and remove the line from its manifest.");
            }
            String classPath = value(manifest, "Class-Path");
            if (classPath != null) {
                throw new Refusal(
                        "GW-P23",
                        label + " expects other jars beside it (Class-Path: " + classPath
                                + "). A plugin is one jar: put their classes into it, for example with"
                                + " maven-shade-plugin, and remove the line from its manifest.");
            }
        }

        private String requires(String id, Attributes manifest) throws Refusal {
            String requires = value(manifest, "Plugin-Requires");
            if (requires == null) {
                return "*";
            }
            boolean satisfied;
            try {
                // A bare version is a lower bound, as PF4J has it.
                String range = EXACT.matcher(requires).matches() ? ">=" + requires : requires;
                satisfied = VERSIONS.checkVersionConstraint(apiVersion, range);
            } catch (RuntimeException e) {
                throw new Refusal(
                        "GW-P05",
                        label + ": Plugin-Requires \"" + requires
                                + "\" is not a version range. Write for example \">=1.2 & <2.0\".");
            }
            if (!satisfied) {
                throw new Refusal(
                        "GW-P03",
                        label + " needs gateway-api " + requires + ", this gateway has " + apiVersion
                                + ". Use a version of "
                                + id + " made for gateway-api " + apiVersion
                                + (isForNewer(requires) ? ", or upgrade the gateway." : "; this one is too old."));
            }
            return requires;
        }

        private boolean isForNewer(String requires) {
            Matcher numbers = NUMBERS.matcher(requires);
            while (numbers.find()) {
                String padded = numbers.group() + ".0.0";
                Matcher three = EXACT.matcher(padded);
                if (three.find() && VERSIONS.compareVersions(three.group(), apiVersion) > 0) {
                    return true;
                }
            }
            return false;
        }

        private void checkBundlesNoApi() throws Refusal {
            checkBundlesNo("gateway-api", "io.magicapi.gateway.api.");
            checkBundlesNo("PF4J", "org.pf4j.");
        }

        private void checkBundlesNo(String what, String prefix) throws Refusal {
            List<String> copies = classes.keySet().stream()
                    .filter(name -> name.startsWith(prefix))
                    .toList();
            if (!copies.isEmpty()) {
                String first = copies.get(0).replace('.', '/') + ".class";
                throw new Refusal(
                        "GW-P07",
                        label + " carries its own copy of " + what + " (" + first
                                + (copies.size() == 1 ? "" : " and " + (copies.size() - 1) + " more")
                                + "). Set the dependency's scope to provided.");
            }
        }

        private void checkJavaVersion() throws Refusal {
            int needed = classes.values().stream().max(Integer::compare).orElse(0);
            if (needed > javaVersion) {
                throw new Refusal(
                        "GW-P04",
                        label + " was compiled for Java " + needed + ", this gateway runs on Java " + javaVersion
                                + ". Run the gateway on Java " + needed + "+, or ask for a build with --release "
                                + javaVersion + ".");
            }
        }

        private Optional<String> pluginClass(Attributes manifest) throws Refusal, IOException {
            String pluginClass = value(manifest, "Plugin-Class");
            if (pluginClass == null) {
                return Optional.empty();
            }
            if (!classes.containsKey(pluginClass)) {
                Set<String> candidates = pluginClasses();
                throw new Refusal(
                        "GW-P09",
                        label + ": class " + pluginClass + " from Plugin-Class is not in the jar. "
                                + (candidates.isEmpty()
                                        ? "Remove the line from the manifest: a provider needs none."
                                        : "It has: " + String.join(", ", candidates) + "."));
            }
            return Optional.of(pluginClass);
        }

        private Set<String> pluginClasses() throws IOException {
            Set<String> found = new TreeSet<>();
            for (String name : classes.keySet()) {
                try (InputStream in = jar.getInputStream(jar.getJarEntry(name.replace('.', '/') + ".class"))) {
                    if (ClassFile.read(in.readAllBytes()).superName().equals("org.pf4j.Plugin")) {
                        found.add(name);
                    }
                }
            }
            return found;
        }

        private List<String> extensions() throws Refusal, IOException {
            JarEntry index = jar.getJarEntry(INDEX);
            if (index == null) {
                throw new Refusal(
                        "GW-P01",
                        fileName + " declares no provider: " + INDEX + " is missing. JDK 23+ no longer runs annotation"
                                + " processors by itself: add <proc>full</proc> to maven-compiler-plugin, or use"
                                + " gateway-plugin-parent.");
            }
            Set<String> extensions = new LinkedHashSet<>();
            try (InputStream in = jar.getInputStream(index)) {
                String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                for (String line : text.lines().toList()) {
                    int comment = line.indexOf('#');
                    String name = (comment < 0 ? line : line.substring(0, comment)).strip();
                    if (!name.isEmpty()) {
                        extensions.add(name);
                    }
                }
            }
            if (extensions.isEmpty()) {
                throw new Refusal(
                        "GW-P01",
                        fileName + " declares no provider: " + INDEX
                                + " is empty. Annotate the provider's class with @Extension and build again.");
            }
            for (String extension : extensions) {
                if (!classes.containsKey(extension)) {
                    throw new Refusal(
                            "GW-P17",
                            label + ": class " + extension + " from " + INDEX
                                    + " is not in the jar. Build it again from clean: mvn clean package.");
                }
            }
            return List.copyOf(extensions);
        }
    }
}
