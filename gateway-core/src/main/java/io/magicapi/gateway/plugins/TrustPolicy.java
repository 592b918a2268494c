package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Verify;
import io.magicapi.gateway.plugins.DropFolder.Fingerprint;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a jar may be loaded that is a plugin in good order: {@code plugins.verify}, {@code plugins.lock} and {@code
 * plugins.trusted-keys}. Each doubt about a jar keeps it out in some modes and is a warning in the others; the table is
 * in {@code docs/plugin-trust.md}.
 *
 * <p>The lock is read again when {@link #refresh} finds that the file has changed. One that cannot be read changes
 * nothing: the one before stays in force. Reading blocks; safe for all threads.
 */
final class TrustPolicy {

    /** Asks nothing. */
    static final TrustPolicy NONE = new TrustPolicy(Verify.OFF, null, Set.of());

    private static final Logger LOG = LoggerFactory.getLogger(TrustPolicy.class);

    private static final String HASH = "GW-P13";
    private static final String BAD_LOCK = "GW-P26";

    private static final Duration SOON = Duration.ofDays(30);

    private static final Set<Verify> WITH_HASH = Set.of(Verify.REQUIRE_HASH);
    private static final Set<Verify> WITH_SIGNATURE = Set.of(Verify.REQUIRE_SIGNATURE);
    private static final Set<Verify> WITH_EITHER = Set.of(Verify.REQUIRE_HASH, Verify.REQUIRE_SIGNATURE);

    /**
     * What speaks against a jar.
     *
     * @param decisive the modes in which it is not loaded therefore
     */
    private record Doubt(String code, String message, Set<Verify> decisive) {}

    /** What tells one state of the lock file from another. */
    private record Look(boolean there, Optional<Fingerprint> content) {}

    private final Verify verify;

    /** Where the lock is, or would be; null if it is not looked at. */
    private final @Nullable Path lockFile;

    /** Fingerprints of certificates. */
    private final Set<String> trusted;

    // The rest is guarded by this.

    /** Null before the first look. */
    private @Nullable Look seen;

    /** What the file said when it could be read; null if there is none. */
    private @Nullable PluginLock lock;

    /** Why it cannot be read now; null if it can, or is not there. */
    private @Nullable String problem;

    private TrustPolicy(Verify verify, @Nullable Path lockFile, Set<String> trusted) {
        this.verify = verify;
        this.lockFile = lockFile;
        this.trusted = trusted;
    }

    static TrustPolicy of(GatewayConfig.Plugins config) {
        return new TrustPolicy(config.verify(), config.lock(), trusted(config));
    }

    /** {@return what is left of a policy for jars that are to be locked: signatures, where they are required} */
    static TrustPolicy withoutLock(GatewayConfig.Plugins config) {
        return new TrustPolicy(config.verify(), null, trusted(config));
    }

    private static Set<String> trusted(GatewayConfig.Plugins config) {
        return config.trustedKeys().stream()
                .flatMap(key -> key.certificates().stream())
                .map(certificate -> Signer.of(certificate).fingerprint())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** {@return whether signatures are looked at; jars are not verified in vain} */
    boolean readsSignatures() {
        return verify != Verify.OFF;
    }

    /** {@return whether another lock could let a jar in that was refused with this code} */
    static boolean dependsOnLock(String code) {
        return code.equals(HASH) || code.equals(BAD_LOCK);
    }

    /**
     * Reads the lock if its file has changed since the last call.
     *
     * @return whether jars may be judged otherwise now; true at first
     */
    boolean refresh() {
        Path file = lockFile;
        return verify != Verify.OFF && file != null && refresh(file);
    }

    private synchronized boolean refresh(Path file) {
        Look now = new Look(Files.exists(file), Fingerprint.of(file));
        // One that could not be read is tried again: permissions may have changed.
        if (now.equals(seen) && problem == null) {
            return false;
        }
        boolean same = now.equals(seen);
        String before = problem;
        seen = now;
        problem = null;
        if (!now.there()) {
            lock = null;
            return true;
        }
        try {
            lock = PluginLock.read(file);
        } catch (IOException e) {
            problem = file + " cannot be used: "
                    + (e instanceof AccessDeniedException ? "permission denied" : e.getMessage())
                    + ". Correct it, or write it anew: gateway plugins lock.";
            if (same && problem.equals(before)) {
                return false;
            }
            if (lock != null) {
                LOG.atWarn()
                        .addKeyValue("code", BAD_LOCK)
                        .log("{} {} Until then, what it said before holds.", BAD_LOCK, problem);
            }
        }
        return true;
    }

    /**
     * Judges a jar.
     *
     * @param fileName what messages call it
     * @return the plugin with its signer, and with what speaks against it although it may be loaded
     * @throws Refusal if it may not be
     */
    PluginDescriptor judge(PluginDescriptor plugin, String fileName, JarSignatures signatures) throws Refusal {
        if (verify == Verify.OFF) {
            return plugin;
        }
        Optional<Signer> signer = signer(signatures);
        List<Rejection> warnings = new ArrayList<>();
        List<Doubt> doubts = new ArrayList<>();
        lockDoubt(plugin, fileName).ifPresent(doubts::add);
        if (verify == Verify.REQUIRE_SIGNATURE || !trusted.isEmpty()) {
            signatureDoubt(fileName, signatures, signer).ifPresent(doubts::add);
        }
        for (Doubt doubt : doubts) {
            if (doubt.decisive().contains(verify)) {
                throw new Refusal(
                        doubt.code(), doubt.message() + " Not loaded, since plugins.verify is " + verify.text() + ".");
            }
            warnings.add(new Rejection(doubt.code(), doubt.message()));
        }
        return plugin.judged(signer, warnings);
    }

    // ---- the hash

    private synchronized Optional<Doubt> lockDoubt(PluginDescriptor plugin, String fileName) {
        Path file = lockFile;
        if (file == null) {
            return Optional.empty();
        }
        if (seen == null) {
            refresh(file);
        }
        String what = fileName + ": " + plugin.label();
        PluginLock known = lock;
        if (known == null) {
            if (problem != null) {
                return Optional.of(new Doubt(BAD_LOCK, what + " cannot be compared: " + problem, WITH_HASH));
            }
            return verify == Verify.REQUIRE_HASH
                    ? Optional.of(new Doubt(
                            HASH, what + " is not locked: there is no " + file + ". " + approve("it"), WITH_HASH))
                    : Optional.empty();
        }
        Optional<PluginLock.Entry> same = known.find(plugin.id(), plugin.version());
        if (same.isPresent()) {
            return same.filter(entry -> !entry.sha256().equals(plugin.sha256()))
                    .map(entry -> new Doubt(
                            HASH,
                            what + " has the SHA-256 " + brief(plugin.sha256()) + ", and " + file + " says "
                                    + brief(entry.sha256()) + ": it is another jar than the one that was locked. "
                                    + approve("this one"),
                            WITH_HASH));
        }
        PluginLock.Entry newest = known.newest(plugin.id()).orElse(null);
        if (newest == null) {
            return Optional.of(new Doubt(HASH, what + " is not in " + file + ". " + approve("it"), WITH_HASH));
        }
        boolean older = JarInspector.compareVersions(plugin.version(), newest.version()) < 0;
        return Optional.of(
                older
                        ? new Doubt(
                                HASH,
                                what + " is older than " + newest.version() + ", which is in " + file
                                        + ". To go back to it, have it in the plugins folder without the newer one, and"
                                        + " run: gateway plugins lock.",
                                WITH_EITHER)
                        : new Doubt(
                                HASH,
                                what + " is not in " + file + ", which has " + newest.version() + ". " + approve("it"),
                                WITH_HASH));
    }

    private static String approve(String what) {
        return "If you trust " + what + ", run: gateway plugins lock.";
    }

    private static String brief(String sha256) {
        return sha256.substring(0, 12) + "…";
    }

    // ---- the signature

    /** {@return a signer who is trusted, for as long as possible, or else one who is not} */
    private Optional<Signer> signer(JarSignatures signatures) {
        return signatures.signers().stream()
                .max(Comparator.comparing((Signer signer) -> trusted.contains(signer.fingerprint()))
                        .thenComparing(Signer::validUntil));
    }

    private Optional<Doubt> signatureDoubt(String fileName, JarSignatures signatures, Optional<Signer> by) {
        if (by.isEmpty()) {
            return Optional.of(unsigned(fileName, signatures.present()));
        }
        Signer signer = by.get();
        String signed = fileName + " is signed by " + signer;
        if (!trusted.contains(signer.fingerprint())) {
            return Optional.of(doubt(signed + ", which is none of plugins.trusted-keys. If you trust that certificate,"
                    + " add it there; the name alone proves nothing."));
        }
        Instant now = Instant.now();
        if (now.isBefore(signer.validFrom())) {
            return Optional.of(doubt(signed + ", a certificate that is valid from " + day(signer.validFrom())
                    + " only. Check this machine's clock."));
        }
        if (now.isAfter(signer.validUntil())) {
            return Optional.of(doubt(signed + ", a certificate that expired on " + day(signer.validUntil())
                    + ". Ask its author for a jar that is signed with a new one."));
        }
        if (now.plus(SOON).isAfter(signer.validUntil())) {
            return Optional.of(new Doubt(
                    JarSignatures.CODE,
                    signed + ", a certificate that expires on " + day(signer.validUntil())
                            + ". Ask its author for a jar that is signed with a new one.",
                    Set.of()));
        }
        return Optional.empty();
    }

    private static Doubt unsigned(String fileName, boolean present) {
        String why = present
                ? " has a signature that does not count: Java takes its algorithm or key for too weak, or does not"
                        + " understand it (jdk.jar.disabledAlgorithms in java.security says what is too weak)."
                : " is not signed.";
        return doubt(fileName + why + " Ask its author for one that is, or sign it yourself: jarsigner.");
    }

    private static Doubt doubt(String message) {
        return new Doubt(JarSignatures.CODE, message, WITH_SIGNATURE);
    }

    private static String day(Instant time) {
        return time.atOffset(ZoneOffset.UTC).toLocalDate().toString();
    }
}
