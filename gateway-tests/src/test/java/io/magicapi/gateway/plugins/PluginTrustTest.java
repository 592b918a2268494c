package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig.Plugins;
import io.magicapi.gateway.config.GatewayConfig.Verify;
import io.magicapi.gateway.config.TrustedKey;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.testkit.PluginJar;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("plugins.verify decides which jars are loaded, by their hash or by who signed them")
class PluginTrustTest {

    private static final String NOT_SIGNED_FOR = " Not loaded, since plugins.verify is require-signature.";
    private static final String NOT_LOCKED = " Not loaded, since plugins.verify is require-hash.";

    @TempDir
    static Path keys;

    private static SigningKey acme;
    private static SigningKey mallory;

    @TempDir
    Path root;

    private Path lock;
    private Path jar;
    private @Nullable RunningRegistry gateway;

    @BeforeAll
    static void makeKeys() {
        acme = SigningKey.create(keys, "Acme", "-validity", "365");
        mallory = SigningKey.create(keys, "Mallory", "-validity", "365");
    }

    @BeforeEach
    void folders() throws IOException {
        lock = root.resolve("plugins.lock");
        jar = Files.createDirectories(root.resolve("plugins")).resolve("acme.jar");
    }

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    private RunningRegistry start(Verify verify, TrustedKey... trusted) {
        RunningRegistry started = RunningRegistry.in(root, plugins -> plugins.with(verify, lock, List.of(trusted)));
        gateway = started;
        return started;
    }

    private RunningRegistry startTrustingAcme() {
        return start(Verify.REQUIRE_SIGNATURE, acme.trusted());
    }

    private static PluginJar plugin(String version) {
        return PluginJar.of("acme").version(version).provider("acme", "https://api.acme.test");
    }

    /** Does what {@code gateway plugins lock} does. */
    private void lock() throws IOException {
        LockUpdate update = LockUpdate.of(
                new Plugins(root.resolve("plugins"), root.resolve("data"), true)
                        .with(Verify.REQUIRE_HASH, lock, List.of()),
                "0.1.0");
        assertThat(update.refused()).isEmpty();
        update.write();
    }

    /** {@return the one refusal there is, after making sure that nothing serves} */
    private String refusal(RunningRegistry running) {
        String refusal = running.awaitLog("GW-P");
        assertThat(running.serving("acme")).isEqualTo("none");
        assertThat(running.statuses(State.REJECTED))
                .singleElement()
                .satisfies(status -> assertThat(status.message()).contains(refusal));
        return refusal;
    }

    private static String brief(Path jar) {
        return new JarInspector("0.1.0")
                        .inspect(jar)
                        .fold(PluginDescriptor::sha256, Rejection::toString)
                        .substring(0, 12)
                + "…";
    }

    // ---- signatures

    @Test
    @DisplayName("GW-P14: a jar that is not signed is refused where a signature is required")
    void unsigned() {
        plugin("1.0.0").write(jar);

        assertThat(refusal(startTrustingAcme()))
                .isEqualTo("GW-P14 acme.jar is not signed. Ask its author for one that is, or sign it yourself:"
                        + " jarsigner." + NOT_SIGNED_FOR);
    }

    @Test
    @DisplayName("a jar that is signed with a trusted key is loaded, and its status says by whom it is signed")
    void rightKey() {
        acme.sign(plugin("1.0.0"), jar);

        RunningRegistry running = startTrustingAcme();

        assertThat(running.serving("acme")).isEqualTo("1.0.0");
        assertThat(running.statuses(State.READY)).singleElement().satisfies(status -> {
            assertThat(status.signer()).contains(Signer.of(acme.certificate()));
            assertThat(status.signer().orElseThrow().toString())
                    .matches("CN=Acme \\(SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}\\)");
            assertThat(status.message()).isEmpty();
        });
        assertThat(running.log()).noneMatch(line -> line.contains("GW-P"));
    }

    @Test
    @DisplayName("GW-P14: a jar that is signed with another key is refused, and its certificate named")
    void wrongKey() {
        mallory.sign(plugin("1.0.0"), jar);

        assertThat(refusal(startTrustingAcme()))
                .isEqualTo("GW-P14 acme.jar is signed by " + Signer.of(mallory.certificate())
                        + ", which is none of plugins.trusted-keys. If you trust that certificate, add it there; the"
                        + " name alone proves nothing." + NOT_SIGNED_FOR);
    }

    @Test
    @DisplayName("GW-P14: a certificate of the same name is not the same certificate")
    void sameName() throws IOException {
        SigningKey impostor =
                SigningKey.create(Files.createDirectories(root.resolve("other")), "Acme", "-validity", "365");
        impostor.sign(plugin("1.0.0"), jar);

        assertThat(refusal(startTrustingAcme())).contains("CN=Acme", "none of plugins.trusted-keys");
    }

    @Test
    @DisplayName("of two signers one need be trusted")
    void twoSigners() {
        SigningKey.write(mallory.sign(acme.sign(plugin("1.0.0").bytes())), jar);

        RunningRegistry running = startTrustingAcme();

        assertThat(running.statuses(State.READY))
                .singleElement()
                .satisfies(status -> assertThat(status.signer()).contains(Signer.of(acme.certificate())));
    }

    @Test
    @DisplayName("GW-P14: a class that was changed after signing is found out; the version before serves on")
    void tamperedClass() {
        acme.sign(plugin("1.0.0"), jar);
        RunningRegistry running = startTrustingAcme();
        byte[] signed = acme.sign(plugin("1.1.0").bytes());

        SigningKey.write(
                SigningKey.changed(
                        signed,
                        entries -> entries.computeIfPresent(
                                "com/acme/AcmeProvider.class",
                                (name, bytes) -> replace(bytes, "api.acme", "evil.com"))),
                jar);

        assertThat(running.awaitLog("GW-P14"))
                .matches("GW-P14 acme\\.jar is not what was signed: SHA-\\d+ digest error for"
                        + " com/acme/AcmeProvider\\.class\\. Get it anew from its author\\. .*"
                        + " The previous version 1\\.0\\.0 \\(....…\\) keeps serving\\.");
        assertThat(running.serving("acme")).isEqualTo("1.0.0");
    }

    private static byte[] replace(byte[] bytes, String what, String by) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        assertThat(text).contains(what);
        return text.replace(what, by).getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    @DisplayName("GW-P14: a manifest that was changed after signing is found out")
    void tamperedManifest() {
        SigningKey.write(
                SigningKey.changed(
                        acme.sign(plugin("1.0.0").bytes()),
                        entries -> entries.computeIfPresent(
                                "META-INF/MANIFEST.MF", (name, bytes) -> replace(bytes, "1.0.0", "9.0.0"))),
                jar);

        assertThat(refusal(startTrustingAcme()))
                .startsWith("GW-P14 acme.jar is not what was signed: Invalid signature file digest for Manifest main"
                        + " attributes.");
    }

    @Test
    @DisplayName("GW-P14: a class that was added after signing is found out, although the JDK has nothing against it")
    void addedClass() {
        SigningKey.write(
                SigningKey.changed(
                        acme.sign(plugin("1.0.0").bytes()),
                        entries -> entries.put(
                                "com/acme/Evil.class",
                                Objects.requireNonNull(entries.get("com/acme/AcmeProvider.class")))),
                jar);

        assertThat(refusal(startTrustingAcme()))
                .isEqualTo("GW-P14 acme.jar is not what was signed: com/acme/Evil.class was added after it was signed."
                        + " Get it anew from its author.");
    }

    @Test
    @DisplayName("GW-P14: a file that was added under the name of a folder is found out, since Java finds it as a file")
    void addedBehindSlash() {
        byte[] signed = acme.sign(plugin("1.0.0").bytes());

        SigningKey.write(
                SigningKey.changed(signed, entries -> entries.put("settings.properties/", new byte[] {'x'})), jar);

        assertThat(refusal(startTrustingAcme())).contains("settings.properties/ was added after it was signed");
    }

    @Test
    @DisplayName("an empty folder needs no signature")
    void addedFolder() {
        byte[] signed = acme.sign(plugin("1.0.0").bytes());

        SigningKey.write(SigningKey.changed(signed, entries -> entries.put("empty/", new byte[0])), jar);

        assertThat(startTrustingAcme().serving("acme")).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName("GW-P14: an entry that was removed after signing is missed")
    void removedEntry() {
        byte[] signed =
                acme.sign(plugin("1.0.0").entry("limits.json", new byte[] {'1'}).bytes());

        SigningKey.write(SigningKey.changed(signed, entries -> entries.remove("limits.json")), jar);

        assertThat(refusal(startTrustingAcme()))
                .isEqualTo("GW-P14 acme.jar is not what was signed: limits.json was removed after it was signed. Get it"
                        + " anew from its author.");
    }

    @Test
    @DisplayName("GW-P14: without its signature block a jar is unsigned, whatever its manifest says")
    void removedSignature() {
        byte[] signed = acme.sign(plugin("1.0.0").bytes());

        SigningKey.write(
                SigningKey.changed(signed, entries -> entries.keySet().removeIf(name -> name.endsWith(".EC"))), jar);

        assertThat(refusal(startTrustingAcme())).startsWith("GW-P14 acme.jar has a signature that does not count");
    }

    @Test
    @DisplayName("GW-P14: a signature by an algorithm that Java no longer accepts counts as none")
    void weakAlgorithm() {
        SigningKey.write(
                acme.sign(plugin("1.0.0").bytes(), builder -> {
                    try {
                        return builder.digestAlgorithm("MD5");
                    } catch (java.security.NoSuchAlgorithmException e) {
                        throw new IllegalStateException(e);
                    }
                }),
                jar);

        assertThat(refusal(startTrustingAcme()))
                .isEqualTo("GW-P14 acme.jar has a signature that does not count: Java takes its algorithm or key for"
                        + " too weak, or does not understand it (jdk.jar.disabledAlgorithms in java.security says what"
                        + " is too weak). Ask its author for one that is, or sign it yourself: jarsigner."
                        + NOT_SIGNED_FOR);
    }

    @Test
    @DisplayName("GW-P14: a signature counts while its certificate is valid: not after, not before, and soon no more")
    void validity() {
        SigningKey expired = SigningKey.create(root, "Expired", "-startdate", "-10d", "-validity", "5");
        SigningKey early = SigningKey.create(root, "Early", "-startdate", "+5d", "-validity", "5");
        SigningKey expiring = SigningKey.create(root, "Expiring", "-validity", "20");
        RunningRegistry running =
                start(Verify.REQUIRE_SIGNATURE, expired.trusted(), early.trusted(), expiring.trusted());

        expired.sign(plugin("1.0.0"), jar);
        assertThat(running.awaitLog("CN=Expired"))
                .contains("GW-P14 acme.jar is signed by CN=Expired", ", a certificate that expired on 20")
                .endsWith(NOT_SIGNED_FOR);
        early.sign(plugin("1.0.0"), jar);
        assertThat(running.awaitLog("CN=Early"))
                .contains(", a certificate that is valid from 20", "Check this machine's clock.")
                .endsWith(NOT_SIGNED_FOR);
        assertThat(running.serving("acme")).isEqualTo("none");

        expiring.sign(plugin("1.0.0"), jar);
        running.awaitServing("acme", "1.0.0");
        assertThat(running.awaitLog("CN=Expiring")).contains(", a certificate that expires on 20");
    }

    @Test
    @DisplayName("GW-P18: a signature is no excuse for an entry that points outside of the jar")
    void zipSlip() {
        SigningKey.write(
                acme.sign(plugin("1.0.0").entry("../../evil.sh", new byte[] {1}).bytes()), jar);

        assertThat(refusal(startTrustingAcme()))
                .isEqualTo("GW-P18 acme.jar has an entry named \"../../evil.sh\", which points outside of the jar."
                        + " Build it again with an ordinary jar tool.");
        assertThat(root.resolveSibling("evil.sh")).doesNotExist();
    }

    // ---- hashes

    @Test
    @DisplayName("a jar whose hash is locked is loaded, whatever its file is called")
    void hashOk() throws IOException {
        plugin("1.0.0").write(jar);
        lock();
        Files.move(jar, jar.resolveSibling("renamed.jar"));

        RunningRegistry running = start(Verify.REQUIRE_HASH);

        assertThat(running.serving("acme")).isEqualTo("1.0.0");
        assertThat(running.log()).noneMatch(line -> line.contains("GW-P"));
    }

    @Test
    @DisplayName("GW-P13: a jar with another hash than the locked one is refused; the one before serves on")
    void hashWrong() throws IOException {
        plugin("1.0.0").write(jar);
        String before = brief(jar);
        lock();
        RunningRegistry running = start(Verify.REQUIRE_HASH);

        plugin("1.0.0").entry("more", new byte[] {1}).write(jar);

        assertThat(running.awaitLog("GW-P13"))
                .startsWith("GW-P13 acme.jar: acme 1.0.0 has the SHA-256 " + brief(jar) + ", and " + lock + " says "
                        + before + ": it is another jar than the one that was locked. If you trust this one, run:"
                        + " gateway plugins lock." + NOT_LOCKED + " The previous version 1.0.0 (")
                .endsWith(") keeps serving.");
        assertThat(running.serving("acme")).isEqualTo("1.0.0");
    }

    @Test
    @DisplayName("GW-P13: a jar that nobody has locked is refused, and served once it is locked, without a restart")
    void notInLock() throws IOException {
        RunningRegistry running = start(Verify.REQUIRE_HASH);
        plugin("1.0.0").write(jar);
        assertThat(refusal(running))
                .isEqualTo("GW-P13 acme.jar: acme 1.0.0 is not locked: there is no " + lock
                        + ". If you trust it, run: gateway plugins lock." + NOT_LOCKED);

        lock();
        running.awaitServing("acme", "1.0.0");

        plugin("1.1.0").write(jar);
        assertThat(running.awaitLog("acme 1.1.0"))
                .startsWith("GW-P13 acme.jar: acme 1.1.0 is not in " + lock + ", which has 1.0.0. If you trust it, run:"
                        + " gateway plugins lock." + NOT_LOCKED);
        PluginJar.of("other").provider("other", "https://other.test").writeTo(running.folder);
        assertThat(running.awaitLog("other-1.0.0.jar"))
                .isEqualTo("GW-P13 other-1.0.0.jar: other 1.0.0 is not in " + lock
                        + ". If you trust it, run: gateway plugins lock." + NOT_LOCKED);

        lock();
        running.awaitServing("acme", "1.1.0");
        running.awaitServing("other", "1.0.0");
        assertThat(running.statuses(State.REJECTED)).isEmpty();
    }

    @Test
    @DisplayName("GW-P13: an older version than the locked one is refused, also when a trusted key has signed it")
    void downgrade() throws IOException {
        acme.sign(plugin("1.10.0"), jar);
        lock();
        String refusal = "GW-P13 acme.jar: acme 1.9.0 is older than 1.10.0, which is in " + lock + ". To go back to it,"
                + " have it in the plugins folder without the newer one, and run: gateway plugins lock.";

        acme.sign(plugin("1.9.0"), jar);
        assertThat(refusal(startTrustingAcme())).isEqualTo(refusal + NOT_SIGNED_FOR);
        stop();
        assertThat(refusal(start(Verify.REQUIRE_HASH))).isEqualTo(refusal + NOT_LOCKED);

        lock();
        Objects.requireNonNull(gateway).awaitServing("acme", "1.9.0");
    }

    @Test
    @DisplayName("a newer version that is signed with a trusted key needs no lock")
    void signedUpgrade() throws IOException {
        acme.sign(plugin("1.0.0"), jar);
        lock();

        acme.sign(plugin("1.1.0"), jar);

        assertThat(startTrustingAcme().serving("acme")).isEqualTo("1.1.0");
    }

    @Test
    @DisplayName("GW-P26: a lock that is broken while the gateway runs changes nothing: what it said before holds")
    void brokenLock() throws IOException {
        plugin("1.0.0").write(jar);
        lock();
        String good = Files.readString(lock);
        RunningRegistry running = start(Verify.REQUIRE_HASH);
        Path other =
                PluginJar.of("other").provider("other", "https://other.test").write(root.resolve("other.jar"));

        Files.writeString(lock, good + "other 1.0.0 sha256:12\n");

        assertThat(running.awaitLog("GW-P26"))
                .isEqualTo("GW-P26 " + lock + " cannot be used: line 4 is not \"id version sha256:<64 hex digits>"
                        + " file\". Correct it, or write it anew: gateway plugins lock. Until then, what it said before"
                        + " holds.");
        Files.delete(jar);
        await().until(() -> running.serving("acme").equals("none"));
        plugin("1.0.0").write(jar);
        running.awaitServing("acme", "1.0.0");
        Files.move(other, running.folder.resolve("other.jar"));
        assertThat(running.awaitLog("GW-P13")).contains("other 1.0.0 is not in " + lock);

        lock();
        running.awaitServing("other", "1.0.0");
        assertThat(running.log()).filteredOn(line -> line.contains("GW-P26")).hasSize(1);
    }

    @Test
    @DisplayName("GW-P26: with a lock that is broken from the start nothing is loaded until it is mended")
    void brokenFromStart() throws IOException {
        plugin("1.0.0").write(jar);
        Files.write(lock, new byte[] {(byte) 0xff, (byte) 0xfe});

        RunningRegistry running = start(Verify.REQUIRE_HASH);

        assertThat(refusal(running))
                .isEqualTo(
                        "GW-P26 acme.jar: acme 1.0.0 cannot be compared: " + lock + " cannot be used: it is not UTF-8"
                                + " text. Correct it, or write it anew: gateway plugins lock." + NOT_LOCKED);
        lock();
        running.awaitServing("acme", "1.0.0");
    }

    // ---- the other modes

    @Test
    @DisplayName("warn says what speaks against a jar, in the log and in its status, and loads it")
    void warns() throws IOException {
        plugin("1.0.0").write(jar);
        lock();
        plugin("1.0.0").entry("more", new byte[] {1}).write(jar);

        RunningRegistry running = start(Verify.WARN, acme.trusted());

        assertThat(running.serving("acme")).isEqualTo("1.0.0");
        assertThat(running.log())
                .anyMatch(line -> line.startsWith("GW-P13 acme.jar: acme 1.0.0 has the SHA-256"))
                .contains("GW-P14 acme.jar is not signed. Ask its author for one that is, or sign it yourself:"
                        + " jarsigner.");
        assertThat(running.statuses(State.READY))
                .singleElement()
                .satisfies(status -> assertThat(status.message().orElse("")).startsWith("GW-P13"));
    }

    @Test
    @DisplayName("warn has nothing to say where nobody has locked or signed anything")
    void warnsOfNothing() {
        plugin("1.0.0").write(jar);

        RunningRegistry running = start(Verify.WARN);

        assertThat(running.serving("acme")).isEqualTo("1.0.0");
        assertThat(running.log()).noneMatch(line -> line.contains("GW-P"));
    }

    @Test
    @DisplayName("GW-P14: warn does not load what contradicts its own signature, whoever signed it")
    void warnRefusesTampered() {
        byte[] signed = mallory.sign(
                plugin("1.0.0").entry("limits.json", new byte[] {'1'}).bytes());
        SigningKey.write(SigningKey.changed(signed, entries -> entries.remove("limits.json")), jar);

        assertThat(refusal(start(Verify.WARN))).contains("limits.json was removed after it was signed");
    }

    @Test
    @DisplayName("off looks at neither lock nor signature")
    void off() throws IOException {
        byte[] signed = mallory.sign(
                plugin("1.0.0").entry("limits.json", new byte[] {'1'}).bytes());
        SigningKey.write(SigningKey.changed(signed, entries -> entries.remove("limits.json")), jar);
        Files.writeString(lock, "broken");

        RunningRegistry running = start(Verify.OFF, acme.trusted());

        assertThat(running.serving("acme")).isEqualTo("1.0.0");
        assertThat(running.log()).noneMatch(line -> line.contains("GW-P"));
        assertThat(running.statuses(State.READY))
                .singleElement()
                .satisfies(status -> assertThat(status.signer()).isEmpty());
    }
}
