package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.testkit.PluginJar;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pf4j.ExtensionPoint;

@DisplayName("A jar is judged by its bytes, and each refusal says what to do")
class JarInspectorTest {

    private static final int JAVA = Runtime.version().feature();

    @TempDir
    Path folder;

    private final JarInspector inspector = new JarInspector("1.3.0");

    private static PluginJar acme() {
        return PluginJar.of("acme").provider("acme", "https://api.acme.test");
    }

    private String refusal(PluginJar jar) {
        return inspector
                .inspect(jar.write(folder.resolve("acme-1.0.0.jar")))
                .fold(accepted -> "accepted: " + accepted, Rejection::toString);
    }

    @Test
    @DisplayName("a good jar is accepted, with what its manifest says and the hash of its bytes")
    void accepts() {
        Path jar = acme().version("1.4.0-rc.1+build.5")
                .requires(">=1.2 & <2.0")
                .manifest("Plugin-Description", "Acme's models")
                .write(folder.resolve("any-name.jar"));

        Inspection inspection = inspector.inspect(jar);

        assertThat(inspection).isInstanceOfSatisfying(PluginDescriptor.class, plugin -> {
            assertThat(plugin.label()).isEqualTo("acme 1.4.0-rc.1+build.5");
            assertThat(plugin.requires()).isEqualTo(">=1.2 & <2.0");
            assertThat(plugin.description()).isEqualTo("Acme's models");
            assertThat(plugin.extensions()).containsExactly("com.acme.AcmeProvider");
            assertThat(plugin.sha256()).matches("[0-9a-f]{64}");
        });
    }

    @Test
    @DisplayName("a bare Plugin-Requires is a lower bound, and none at all means any API")
    void requiresIsLenient() {
        assertThat(refusal(acme().requires("1.0.0"))).startsWith("accepted");
        assertThat(refusal(acme().requires("*"))).startsWith("accepted");
        assertThat(refusal(acme().withoutManifest("Plugin-Requires"))).startsWith("accepted");
    }

    @Test
    @DisplayName("GW-P01: a jar without extensions.idx is told of <proc>full</proc>")
    void p01_noIndex() {
        assertThat(refusal(acme().withoutExtensionsIndex()))
                .isEqualTo("GW-P01 acme-1.0.0.jar declares no provider: META-INF/extensions.idx is missing. JDK 23+ no"
                        + " longer runs annotation processors by itself: add <proc>full</proc> to"
                        + " maven-compiler-plugin, or use gateway-plugin-parent.");
    }

    @Test
    @DisplayName("GW-P01: an empty extensions.idx declares no provider either")
    void p01_emptyIndex() {
        assertThat(refusal(acme().extensions("# nothing")))
                .isEqualTo("GW-P01 acme-1.0.0.jar declares no provider: META-INF/extensions.idx is empty. Annotate the"
                        + " provider's class with @Extension and build again.");
    }

    @Test
    @DisplayName("GW-P02: a jar without Plugin-Id, or without manifest, is no plugin")
    void p02_noId() {
        String expected = "GW-P02 acme-1.0.0.jar is not a gateway plugin: its manifest has no Plugin-Id. If it is a"
                + " library, it belongs inside the plugin's own jar.";

        assertThat(refusal(acme().withoutManifest("Plugin-Id"))).isEqualTo(expected);
        assertThat(refusal(acme().withoutManifest())).isEqualTo(expected);
    }

    @Test
    @DisplayName("GW-P02: an id is made of letters, digits, dots, dashes and underscores")
    void p02_badId() {
        assertThat(refusal(acme().manifest("Plugin-Id", "../acme")))
                .startsWith("GW-P02 acme-1.0.0.jar is not a gateway plugin: its Plugin-Id \"../acme\" has characters");
    }

    @Test
    @DisplayName("GW-P03: a plugin for a newer API says which it needs and which is here")
    void p03_newerApi() {
        assertThat(refusal(acme().requires(">=2.0.0 & <3.0.0")))
                .isEqualTo("GW-P03 acme 1.0.0 needs gateway-api >=2.0.0 & <3.0.0, this gateway has 1.3.0. Use a version"
                        + " of acme made for gateway-api 1.3.0, or upgrade the gateway.");
    }

    @Test
    @DisplayName("GW-P03: a plugin for an older API does not ask for an upgrade of the gateway")
    void p03_olderApi() {
        assertThat(refusal(acme().requires(">=0.8.0 & <1.0.0")))
                .isEqualTo("GW-P03 acme 1.0.0 needs gateway-api >=0.8.0 & <1.0.0, this gateway has 1.3.0. Use a version"
                        + " of acme made for gateway-api 1.3.0; this one is too old.");
    }

    @Test
    @DisplayName("GW-P04: class files that are too new name both Java versions")
    void p04_tooNew() {
        assertThat(refusal(acme().compiledForJava(JAVA + 8)))
                .isEqualTo(
                        "GW-P04 acme 1.0.0 was compiled for Java %d, this gateway runs on Java %d. Run the gateway on"
                                        .formatted(JAVA + 8, JAVA)
                                + " Java %d+, or ask for a build with --release %d.".formatted(JAVA + 8, JAVA));
    }

    @Test
    @DisplayName("GW-P05: a malformed Plugin-Requires is shown with one that is not")
    void p05_requires() {
        assertThat(refusal(acme().requires("abc")))
                .isEqualTo("GW-P05 acme 1.0.0: Plugin-Requires \"abc\" is not a version range. Write for example"
                        + " \">=1.2 & <2.0\".");
    }

    @Test
    @DisplayName("GW-P06: plugins do not depend on plugins")
    void p06_dependencies() {
        assertThat(refusal(acme().manifest("Plugin-Dependencies", "base@1.x")))
                .isEqualTo("GW-P06 acme 1.0.0 depends on other plugins (Plugin-Dependencies: base@1.x). Plugins stand"
                        + " alone, so that each can come and go: put what it needs into its own jar and remove the line"
                        + " from its manifest.");
    }

    @Test
    @DisplayName("GW-P07: a bundled copy of the API is refused, with the remedy")
    void p07_bundlesApi() {
        assertThat(refusal(acme().copyOf(Provider.class).copyOf(Headers.class)))
                .isEqualTo(
                        "GW-P07 acme 1.0.0 carries its own copy of gateway-api (io/magicapi/gateway/api/Headers.class"
                                + " and 1 more). Set the dependency's scope to provided.");
        assertThat(refusal(acme().copyOf(ExtensionPoint.class)))
                .isEqualTo("GW-P07 acme 1.0.0 carries its own copy of PF4J (org/pf4j/ExtensionPoint.class). Set the"
                        + " dependency's scope to provided.");
    }

    @Test
    @DisplayName("GW-P09: a Plugin-Class that is not there is answered with those that are")
    void p09_pluginClass() {
        assertThat(refusal(acme().source("package com.acme; public class AcmePlugin extends org.pf4j.Plugin {}")
                        .manifest("Plugin-Class", "com.acme.Nope")))
                .isEqualTo("GW-P09 acme 1.0.0: class com.acme.Nope from Plugin-Class is not in the jar. It has:"
                        + " com.acme.AcmePlugin.");
        assertThat(refusal(acme().manifest("Plugin-Class", "com.acme.Nope")))
                .isEqualTo("GW-P09 acme 1.0.0: class com.acme.Nope from Plugin-Class is not in the jar. Remove the line"
                        + " from the manifest: a provider needs none.");
    }

    @Test
    @DisplayName("GW-P12: half a jar, an empty file and a text file are incomplete jars")
    void p12_incomplete() throws IOException {
        byte[] whole = acme().bytes();
        Path jar = folder.resolve("acme.jar");

        Files.write(jar, Arrays.copyOf(whole, 700));
        assertThat(inspector.inspect(jar)).hasToString("GW-P12 acme.jar is not a complete jar (700 bytes).");

        Files.write(jar, new byte[0]);
        assertThat(inspector.inspect(jar)).hasToString("GW-P12 acme.jar is not a complete jar (0 bytes).");

        Files.write(jar, "x".repeat(3000).getBytes(StandardCharsets.UTF_8));
        assertThat(inspector.inspect(jar)).hasToString("GW-P12 acme.jar is not a complete jar (3 KiB).");
    }

    @Test
    @DisplayName("GW-P12: a jar whose directory is whole but whose content is not is found out by its checksums")
    void p12_corrupt() throws IOException {
        byte[] bytes = acme().entry("data.bin", "x".repeat(5000).getBytes(StandardCharsets.UTF_8))
                .bytes();
        for (int i = 100; i < 140; i++) {
            bytes[i] ^= 0x5a;
        }
        Path jar = Files.write(folder.resolve("acme.jar"), bytes);

        assertThat(inspector.inspect(jar).toString()).startsWith("GW-P12 acme.jar is not a complete jar");
    }

    @Test
    @DisplayName("GW-P16: versions are semantic ones")
    void p16_version() {
        assertThat(refusal(acme().version("one.two")))
                .isEqualTo(
                        "GW-P16 acme one.two: Plugin-Version \"one.two\" is not a semantic version. Write for example"
                                + " 1.0.0 or 1.1.0-rc.1.");
        assertThat(refusal(acme().withoutManifest("Plugin-Version")))
                .isEqualTo("GW-P16 acme-1.0.0.jar: the manifest of plugin acme has no Plugin-Version. Add one such as"
                        + " 1.0.0.");
    }

    @Test
    @DisplayName("GW-P17: extensions.idx names only classes that are in the jar")
    void p17_index() {
        assertThat(refusal(acme().extensions("com.acme.Gone")))
                .isEqualTo(
                        "GW-P17 acme 1.0.0: class com.acme.Gone from META-INF/extensions.idx is not in the jar. Build"
                                + " it again from clean: mvn clean package.");
    }

    @Test
    @DisplayName("GW-P18: no entry may point outside of the jar")
    void p18_entryNames() {
        for (String name : new String[] {"../../evil.sh", "/etc/cron.d/evil", "a/../../b", "..\\evil", "C:/evil"}) {
            assertThat(refusal(acme().entry(name, new byte[] {1})))
                    .isEqualTo("GW-P18 acme-1.0.0.jar has an entry named \"" + name
                            + "\", which points outside of the jar. Build it again with an ordinary jar tool.");
        }
    }

    @Test
    @DisplayName("GW-P20: what is named .class is a class file")
    void p20_noClassFile() {
        assertThat(refusal(acme().entry("com/acme/Text.class", "hello".getBytes(StandardCharsets.UTF_8))))
                .isEqualTo(
                        "GW-P20 acme-1.0.0.jar: com/acme/Text.class is not a class file. Build the jar again and copy"
                                + " it anew.");
    }

    @Test
    @DisplayName("GW-P22: a file that cannot be opened is no reason to fail")
    void p22_unreadable() {
        assertThat(inspector.inspect(folder.resolve("nowhere.jar")).toString())
                .startsWith("GW-P22 nowhere.jar cannot be read: NoSuchFileException");
    }

    @Test
    @DisplayName("GW-P23: a plugin is one jar")
    void p23_classPath() {
        assertThat(refusal(acme().manifest("Class-Path", "lib/x.jar")))
                .startsWith(
                        "GW-P23 acme 1.0.0 expects other jars beside it (Class-Path: lib/x.jar). A plugin is one jar");
    }

    /** A good jar with one entry more, of zeros: a million of them take a thousand bytes. */
    private Path withZeros(String name, long size) throws IOException {
        return with(zip -> {
            zip.putNextEntry(new ZipEntry(name));
            byte[] zeros = new byte[64 * 1024];
            for (long left = size; left > 0; left -= zeros.length) {
                zip.write(zeros, 0, (int) Math.min(left, zeros.length));
            }
        });
    }

    private Path with(Addition addition) throws IOException {
        Path jar = folder.resolve("acme-1.0.0.jar");
        try (ZipInputStream good = new ZipInputStream(
                        new ByteArrayInputStream(acme().withoutExtensionsIndex().bytes()));
                ZipOutputStream zip = new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(jar)))) {
            zip.setLevel(Deflater.BEST_SPEED);
            for (ZipEntry entry = good.getNextEntry(); entry != null; entry = good.getNextEntry()) {
                zip.putNextEntry(new ZipEntry(entry.getName()));
                good.transferTo(zip);
            }
            addition.to(zip);
        }
        return jar;
    }

    /** What is put into a jar. */
    private interface Addition {
        void to(ZipOutputStream zip) throws IOException;
    }

    @Test
    @DisplayName("GW-P25: an extensions.idx that a few bytes blow up to hundreds of megabytes is not read to its end")
    void p25_index() throws IOException {
        Path jar = withZeros("META-INF/extensions.idx", 300L << 20);

        assertThat(inspector.inspect(jar))
                .hasToString("GW-P25 acme-1.0.0.jar: META-INF/extensions.idx is larger than 64 KiB when unpacked. It"
                        + " lists the provider's class and nothing else: build the jar again from clean.");
    }

    @Test
    @DisplayName("GW-P25: neither is one that hides behind a slash, nor a manifest or a class of such a size")
    void p25_entries() throws IOException {
        assertThat(inspector
                        .inspect(withZeros("META-INF/extensions.idx/", 65_537))
                        .toString())
                .startsWith("GW-P25 acme-1.0.0.jar: META-INF/extensions.idx/ is larger than 64 KiB when unpacked.");
        assertThat(inspector.inspect(withZeros("meta-inf/manifest.mf", (1 << 20) + 1)))
                .hasToString("GW-P25 acme-1.0.0.jar: meta-inf/manifest.mf is larger than 1 MiB when unpacked. Keep the"
                        + " lines that a plugin needs, and leave out the others.");
        byte[] large = Arrays.copyOf(
                new byte[] {(byte) 0xca, (byte) 0xfe, (byte) 0xba, (byte) 0xbe, 0, 0, 0, 61}, (16 << 20) + 1);
        assertThat(refusal(acme().entry("com/acme/Large.class", large)))
                .isEqualTo("GW-P25 acme-1.0.0.jar: com/acme/Large.class is larger than 16 MiB when unpacked. Move the"
                        + " data that is in it into a file of its own in the jar.");
    }

    @Test
    @DisplayName("GW-P25: a limit is what is allowed, to the byte")
    void p25_limits() {
        String index = "com.acme.AcmeProvider\n#";
        byte[] full = (index + "x".repeat(64 * 1024 - index.length())).getBytes(StandardCharsets.UTF_8);
        byte[] over = Arrays.copyOf(full, full.length + 1);

        assertThat(refusal(acme().withoutExtensionsIndex().entry("META-INF/extensions.idx", full)))
                .startsWith("accepted");
        assertThat(refusal(acme().withoutExtensionsIndex().entry("META-INF/extensions.idx", over)))
                .startsWith("GW-P25");
    }

    @Test
    @DisplayName("GW-P25: all entries together have a limit, whatever their names")
    void p25_total() throws IOException {
        assertThat(inspector.inspect(withZeros("data.bin", (512L << 20) + 1)).toString())
                .startsWith("GW-P25 acme-1.0.0.jar")
                .contains(" is larger than 512 MiB when unpacked. Leave out what the provider does not need.");
    }

    @Test
    @DisplayName("GW-P25: a jar has so many entries and no more")
    void p25_count() throws IOException {
        Path jar = with(zip -> {
            for (int i = 0; i < 100_000; i++) {
                zip.putNextEntry(new ZipEntry("empty/" + i));
            }
        });

        assertThat(inspector.inspect(jar))
                .hasToString("GW-P25 acme-1.0.0.jar has 100,002 entries, more than the 100,000 that a plugin may have."
                        + " Leave out what the provider does not need.");
    }
}
