package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.testkit.PluginJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A plugin that does not work is refused while it loads, and harms nobody")
class PluginRefusalTest {

    @TempDir
    Path root;

    private RunningRegistry gateway;

    @BeforeEach
    void start() {
        gateway = RunningRegistry.in(root);
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private static PluginJar good(String version) {
        return PluginJar.of("acme").version(version).provider("acme", "https://api.acme.test");
    }

    /** A provider named acme whose class has these members besides name and base URL. */
    private static PluginJar acmeWith(String members) {
        return PluginJar.of("acme").source(source("acme", "https://api.acme.test", members));
    }

    private static String source(String name, String baseUrl, String members) {
        return """
                package com.acme;

                import io.magicapi.gateway.api.*;
                import java.util.*;

                @org.pf4j.Extension
                public class AcmeProvider implements Provider {
                    public String name() { return "%s"; }
                    public String baseUrl() { return "%s"; }
                    %s
                }
                """.formatted(name, baseUrl, members);
    }

    private String refusalOf(PluginJar jar) {
        jar.write(gateway.folder.resolve("acme.jar"));
        return gateway.awaitLog("GW-P");
    }

    @Test
    @DisplayName("GW-P01: extensions that are no providers do not make a plugin")
    void p01_noProvider() {
        String refusal = refusalOf(
                PluginJar.of("acme")
                        .source(
                                "package com.acme; @org.pf4j.Extension public class Other implements org.pf4j.ExtensionPoint {}"));

        assertThat(refusal)
                .isEqualTo("GW-P01 acme 1.0.0 declares no provider: of its extensions (com.acme.Other) none implements"
                        + " io.magicapi.gateway.api.Provider.");
    }

    @Test
    @DisplayName("GW-P08: a constructor that throws is told with the exception and its line; the old version serves on")
    void p08_constructorThrows() {
        good("0.9.2").write(gateway.folder.resolve("acme.jar"));
        gateway.awaitServing("acme", "0.9.2");

        String refusal = refusalOf(acmeWith("public AcmeProvider() { throw new IllegalStateException(\"boom\"); }"));

        assertThat(refusal)
                .matches("GW-P08 acme 1.0.0: AcmeProvider failed to start: IllegalStateException: boom"
                        + " \\(AcmeProvider.java:10\\)\\. The previous version 0.9.2 \\(....…\\) keeps serving\\.");
        assertThat(gateway.serving("acme")).isEqualTo("0.9.2");
    }

    @Test
    @DisplayName("GW-P08: a start that overflows the stack is an ordinary refusal")
    void p08_stackOverflow() {
        String refusal = refusalOf(acmeWith("public void start(ProviderContext context) { start(context); }"));

        assertThat(refusal)
                .isEqualTo(
                        "GW-P08 acme 1.0.0: AcmeProvider failed to start: StackOverflowError (AcmeProvider.java:10).");
    }

    @Test
    @DisplayName("GW-P08: a start that does not end is given up at its deadline, with the line it hangs at")
    void p08_slowStart() {
        String refusal = refusalOf(acmeWith(
                "public void start(ProviderContext context) throws Exception { new Object() {{ synchronized (this) { wait(); }"
                        + " }}; }"));

        assertThat(refusal)
                .isEqualTo("GW-P08 acme 1.0.0: AcmeProvider failed to start: not done after 1 s (now at"
                        + " AcmeProvider.java:10).");
    }

    @Test
    @DisplayName("GW-P08: a start that ignores interrupts holds up no other plugin")
    void p08_spinningStart() {
        refusalOf(
                acmeWith("public void start(ProviderContext context) { while (!Boolean.getBoolean(\"test.acme.end\")) {"
                        + " Thread.onSpinWait(); } }"));

        PluginJar.of("other").provider("other", "https://other.test").writeTo(gateway.folder);

        gateway.awaitServing("other", "1.0.0");
        assertThat(gateway.awaitLog("GW-P08")).contains("it ignores interrupts, so its thread stays behind");
        System.setProperty("test.acme.end", "true");
    }

    @Test
    @DisplayName("GW-P08: a Plugin-Class that throws is refused like a provider")
    void p08_pluginClass() {
        String refusal = refusalOf(good("1.0.0")
                .source(
                        "package com.acme; public class AcmePlugin extends org.pf4j.Plugin { public void start() { throw"
                                + " new IllegalStateException(\"no licence\"); } }")
                .manifest("Plugin-Class", "com.acme.AcmePlugin"));

        assertThat(refusal)
                .isEqualTo("GW-P08 acme 1.0.0: AcmePlugin failed to start: IllegalStateException: no licence"
                        + " (AcmePlugin.java:1).");
    }

    @Test
    @DisplayName("GW-P10: a provider built before a method was added is told what it lacks")
    void p10_abstractMethod() {
        String refusal = refusalOf(PluginJar.of("acme")
                .compileOnly(
                        "package io.magicapi.gateway.api; public interface Provider extends org.pf4j.ExtensionPoint {"
                                + " String name(); }")
                .source("package com.acme; @org.pf4j.Extension public class AcmeProvider implements"
                        + " io.magicapi.gateway.api.Provider { public String name() { return \"acme\"; } }"));

        assertThat(refusal)
                .isEqualTo("GW-P10 acme 1.0.0 was built against another gateway-api than this gateway's 0.1.0:"
                        + " AcmeProvider lacks baseUrl(). Rebuild it against 0.1.0.");
    }

    @Test
    @DisplayName("GW-P10: a plugin that calls what this API does not have is told what")
    void p10_missingMethod() {
        String refusal = refusalOf(acmeWith("public void start(ProviderContext context) { context.tenant(); }")
                .compileOnly("package io.magicapi.gateway.api; public interface ProviderContext { String tenant(); }"));

        assertThat(refusal)
                .isEqualTo("GW-P10 acme 1.0.0 was built against another gateway-api than this gateway's 0.1.0:"
                        + " AcmeProvider uses ProviderContext.tenant(), which is not there. Rebuild it against 0.1.0.");
    }

    @Test
    @DisplayName("GW-P10: a plugin that uses a type this API does not have is told which")
    void p10_missingType() {
        String refusal = refusalOf(acmeWith("public void start(ProviderContext context) { new Budget(); }")
                .compileOnly("package io.magicapi.gateway.api; public class Budget {}"));

        assertThat(refusal).contains("GW-P10", "AcmeProvider uses Budget, which is not there");
    }

    @Test
    @DisplayName("GW-P11: of two files with one plugin the newer serves, whichever came first")
    void p11_newerWins() throws IOException {
        good("1.0.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");

        good("0.9.0").writeTo(gateway.folder);
        String ignored = gateway.awaitLog("GW-P11");
        good("1.1.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.1.0");

        assertThat(ignored)
                .isEqualTo("GW-P11 two files hold plugin acme: acme-1.0.0.jar (in use) and acme-0.9.0.jar (older,"
                        + " ignored). Remove one of them.");
        assertThat(gateway.log())
                .contains("GW-P11 two files hold plugin acme: acme-1.0.0.jar (in use) and acme-1.1.0.jar (newer, taking"
                        + " over). Remove one of them.");
        assertThat(gateway.statuses(State.REJECTED)).hasSize(2);
    }

    @Test
    @DisplayName("GW-P11: when the newer file is deleted the older one takes over without a gap")
    void p11_fallsBack() throws IOException {
        good("1.0.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");
        Path newer = good("1.1.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.1.0");

        Files.delete(newer);
        await().atMost(RunningRegistry.PROMISED)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> {
                    assertThat(gateway.serving("acme")).isNotEqualTo("none");
                    return gateway.serving("acme").equals("1.0.0");
                });

        assertThat(gateway.statuses(State.REJECTED)).isEmpty();
    }

    @Test
    @DisplayName("GW-P12: a half-copied jar waits, and serves when the rest has come")
    void p12_waits() throws IOException {
        byte[] whole = good("1.0.0").bytes();
        Path jar = gateway.folder.resolve("acme.jar");

        Files.write(jar, Arrays.copyOf(whole, whole.length / 2));
        String waiting = gateway.awaitLog("GW-P12");
        Files.write(jar, whole);

        gateway.awaitServing("acme", "1.0.0");
        assertThat(waiting)
                .endsWith("Waiting for the copy to finish; will look again for 2 s.")
                .startsWith("GW-P12 acme.jar is not a complete jar (");
        assertThat(gateway.statuses(State.REJECTED)).isEmpty();
    }

    @Test
    @DisplayName("GW-P12: a jar that stays half is given up with one more line")
    void p12_givesUp() throws IOException {
        Files.write(gateway.folder.resolve("acme.jar"), new byte[100]);

        assertThat(gateway.awaitLog("still not"))
                .isEqualTo(
                        "GW-P12 acme.jar is still not a complete jar after 2 s. Copy it again, best under a name that"
                                + " ends in .part, and rename it when it is whole.");
        assertThat(gateway.log()).hasSize(2);
    }

    @Test
    @DisplayName("GW-P19: a provider name belongs to who has it; the newcomer serves when it becomes free")
    void p19_nameTaken() throws IOException {
        Path first = good("1.0.0").writeTo(gateway.folder);
        gateway.awaitServing("acme", "1.0.0");

        PluginJar.of("copycat")
                .version("7.0.0")
                .provider("acme", "https://evil.test")
                .writeTo(gateway.folder);
        String refusal = gateway.awaitLog("GW-P19");
        assertThat(gateway.serving("acme")).isEqualTo("1.0.0");
        Files.delete(first);

        gateway.awaitServing("acme", "7.0.0");
        assertThat(refusal)
                .isEqualTo(
                        "GW-P19 copycat 7.0.0: there is already a provider named \"acme\", from acme 1.0.0, which keeps"
                                + " serving. Remove one of the two.");
    }

    @Test
    @DisplayName("GW-P20: a class that was forgotten is missed at once and not in a request")
    void p20_missingClass() {
        String refusal = refusalOf(acmeWith("public boolean blocking() { return Helper.yes(); }")
                .source("package com.acme; class Helper { static boolean yes() { return true; } }")
                .withoutClass("com.acme.Helper"));

        assertThat(refusal)
                .isEqualTo("GW-P20 acme 1.0.0: AcmeProvider uses class com.acme.Helper, which is not in the jar. Put it"
                        + " there; plugins see the Java platform, gateway-api, PF4J, SLF4J and Jackson 2, and nothing"
                        + " else of the gateway.");
    }

    @Test
    @DisplayName("GW-P20: a class whose superclass is missing cannot be loaded")
    void p20_missingSuperclass() {
        String refusal = refusalOf(good("1.0.0")
                .source("package com.acme; class Base {}")
                .source("package com.acme; class Derived extends Base {}")
                .withoutClass("com.acme.Base"));

        assertThat(refusal)
                .startsWith("GW-P20 acme 1.0.0: class com.acme.Derived cannot be loaded: NoClassDefFoundError");
    }

    @Test
    @DisplayName("GW-P20: the rest of the gateway is out of a plugin's sight")
    void p20_hostIsHidden() {
        assertThat(refusalOf(acmeWith("public void start(ProviderContext context) { io.vertx.core.Vertx.vertx(); }")))
                .startsWith("GW-P20 acme 1.0.0: AcmeProvider uses class io.vertx.core.Vertx, which is not in the jar.");
    }

    @Test
    @DisplayName("GW-P21: a provider's name has the form callers can write")
    void p21_name() {
        assertThat(refusalOf(PluginJar.of("acme").source(source("Acme!", "https://api.acme.test", ""))))
                .startsWith("GW-P21 acme 1.0.0: AcmeProvider.name() is \"Acme!\": a name starts with a letter a-z");
    }

    @Test
    @DisplayName("GW-P21: a base URL is absolute and ends where the path begins")
    void p21_baseUrl() {
        assertThat(refusalOf(PluginJar.of("acme").source(source("acme", "https://api.acme.test/v1/", ""))))
                .isEqualTo("GW-P21 acme 1.0.0: AcmeProvider.baseUrl() is \"https://api.acme.test/v1/\", which ends in a"
                        + " slash. Write for example https://api.example.com/v2.");
    }

    @Test
    @DisplayName("GW-P21: what must not be null is not")
    void p21_nulls() {
        assertThat(refusalOf(acmeWith("public List<Model> models() { return null; }")))
                .isEqualTo("GW-P21 acme 1.0.0: AcmeProvider.models() is null.");
    }

    @Test
    @DisplayName(
            "GW-P24 is for our own mistakes, so no jar here causes it; each bad one beside a good one harms nobody")
    void badHarmsNobody() throws IOException {
        PluginJar.of("good").provider("good", "https://good.test").writeTo(gateway.folder);
        acmeWith("static { if (true) throw new Error(\"static\"); }").write(gateway.folder.resolve("a.jar"));
        good("1.0.0").requires("not-a-version").write(gateway.folder.resolve("b.jar"));
        good("1.0.0").withoutManifest().write(gateway.folder.resolve("c.jar"));
        good("1.0.0").manifest("Plugin-Dependencies", "base").write(gateway.folder.resolve("d.jar"));
        Files.write(gateway.folder.resolve("e.jar"), new byte[0]);
        good("1.0.0").compiledForJava(99).write(gateway.folder.resolve("f.jar"));

        gateway.awaitServing("good", "1.0.0");
        await().until(() -> gateway.statuses(State.REJECTED).size() == 6);

        assertThat(gateway.log()).noneMatch(line -> line.contains("GW-P24"));
        assertThat(gateway.catalog.snapshot().names()).containsExactly("good");
    }

    @Test
    @DisplayName("a refused file is told of once, however often the folder is looked at")
    void toldOnce() throws IOException {
        good("1.0.0").requires("abc").write(gateway.folder.resolve("bad.jar"));
        gateway.awaitLog("GW-P05");

        for (int i = 0; i < 3; i++) {
            String id = "p" + i;
            PluginJar.of(id).provider(id, "https://p.test").writeTo(gateway.folder);
            gateway.awaitServing(id, "1.0.0");
        }

        assertThat(gateway.log()).filteredOn(line -> line.contains("GW-P05")).hasSize(1);
    }

    @Test
    @DisplayName("GW-P25: a jar that unpacks to hundreds of megabytes is refused, and the others are served meanwhile")
    void p25_tooLarge() {
        PluginJar.of("bomb")
                .provider("bomb", "https://api.bomb.test")
                .withoutExtensionsIndex()
                .entry("META-INF/extensions.idx", new byte[64 << 20])
                .write(gateway.folder.resolve("a-bomb.jar"));
        good("1.0.0").write(gateway.folder.resolve("acme.jar"));

        gateway.awaitServing("acme", "1.0.0");

        assertThat(gateway.awaitLog("GW-P25"))
                .startsWith("GW-P25 a-bomb.jar: META-INF/extensions.idx is larger than 64 KiB when unpacked.");
        assertThat(gateway.statuses(State.REJECTED)).hasSize(1);
    }
}
