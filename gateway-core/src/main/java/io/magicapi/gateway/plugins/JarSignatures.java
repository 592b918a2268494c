package io.magicapi.gateway.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.CodeSigner;
import java.security.cert.X509Certificate;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * Who signed a jar. The JDK verifies: it compares what is read with the digests in the manifest, those with the
 * signature file, and that with the signature. What it leaves to its callers is done here: to read every entry to its
 * end, and to notice entries that were added or removed, since for the JDK each entry is signed or not by itself.
 *
 * <p>A signature by an algorithm or key that the JDK holds to be too weak ({@code jdk.jar.disabledAlgorithms}), or that
 * it does not understand, is none to it, and none here.
 *
 * @param present whether the jar has a signature, be it one that counts or not
 * @param signers those who signed every entry; empty if nobody did
 */
record JarSignatures(boolean present, List<Signer> signers) {

    /** Those of a jar that has none. */
    static final JarSignatures NONE = new JarSignatures(false, List.of());

    static final String CODE = "GW-P14";

    private static final String REMEDY = "Get it anew from its author.";

    JarSignatures {
        signers = List.copyOf(signers);
    }

    /** {@return whether an entry is a part of a signature, as the JDK sees it} */
    static boolean isSignature(String entry) {
        String name = entry.toUpperCase(Locale.ROOT);
        return inMetaInf(name)
                && (name.endsWith(".SF") || name.endsWith(".RSA") || name.endsWith(".DSA") || name.endsWith(".EC"));
    }

    private static boolean isManifest(String entry) {
        return entry.equalsIgnoreCase(JarFile.MANIFEST_NAME);
    }

    private static boolean inMetaInf(String name) {
        return name.startsWith("META-INF/") && name.indexOf('/', "META-INF/".length()) < 0;
    }

    /**
     * Reads a jar that has a signature and whose size has been found to be within limits. Blocks.
     *
     * @param fileName what messages call it
     * @throws Refusal if it is not what was signed
     * @throws IOException if it cannot be read
     */
    static JarSignatures read(Path jar, String fileName) throws Refusal, IOException {
        try (JarFile open = new JarFile(jar.toFile(), true)) {
            return new Reading(open, fileName).signatures();
        } catch (SecurityException e) {
            throw new Refusal(
                    CODE,
                    fileName + " is not what was signed: " + e.getMessage() + ". " + REMEDY
                            + " If it was built with a signed library inside, the library's META-INF/*.SF and *.RSA"
                            + " must be left out.");
        }
    }

    /** One signed jar being read. */
    private static final class Reading {

        private final JarFile jar;
        private final String fileName;
        private final Set<String> names = new HashSet<>();
        private final Set<String> unsigned = new TreeSet<>();

        /** Those who signed all entries so far; null before the first one that is signed. */
        private @Nullable Set<X509Certificate> signers;

        Reading(JarFile jar, String fileName) {
            this.jar = jar;
            this.fileName = fileName;
        }

        JarSignatures signatures() throws Refusal, IOException {
            for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
                names.add(entry.getName());
                if (!isSignature(entry.getName()) && !isManifest(entry.getName())) {
                    read(entry);
                }
            }
            if (signers == null) {
                return new JarSignatures(true, List.of());
            }
            if (!unsigned.isEmpty()) {
                throw changed(unsigned, "added after it was signed");
            }
            Set<String> removed = listed();
            removed.removeAll(names);
            if (!removed.isEmpty()) {
                throw changed(removed, "removed after it was signed");
            }
            return new JarSignatures(true, signers.stream().map(Signer::of).toList());
        }

        private void read(JarEntry entry) throws IOException {
            long size;
            try (InputStream in = jar.getInputStream(entry)) {
                size = in.transferTo(java.io.OutputStream.nullOutputStream());
            }
            // Nobody signs folders. But one with content is found by its name without the slash, as a file is.
            if (entry.isDirectory() && size == 0) {
                return;
            }
            CodeSigner[] by = entry.getCodeSigners();
            if (by == null) {
                unsigned.add(entry.getName());
                return;
            }
            Set<X509Certificate> certificates = new LinkedHashSet<>();
            for (CodeSigner signer : by) {
                certificates.add((X509Certificate)
                        signer.getSignerCertPath().getCertificates().get(0));
            }
            if (signers == null) {
                signers = certificates;
            } else {
                signers.retainAll(certificates);
            }
        }

        /** {@return the entries that the manifest has digests of; other sections are about packages} */
        private Set<String> listed() throws IOException {
            Set<String> listed = new TreeSet<>();
            Manifest manifest = jar.getManifest();
            for (Map.Entry<String, Attributes> section : manifest.getEntries().entrySet()) {
                boolean digested = section.getValue().keySet().stream()
                        .anyMatch(key -> key.toString().toUpperCase(Locale.ROOT).endsWith("-DIGEST"));
                if (digested) {
                    listed.add(section.getKey());
                }
            }
            return listed;
        }

        private Refusal changed(Set<String> entries, String how) {
            String first = entries.iterator().next();
            int more = entries.size() - 1;
            return new Refusal(
                    CODE,
                    fileName + " is not what was signed: " + first
                            + (more == 0 ? " was " : " and " + more + " more were ") + how + ". " + REMEDY);
        }
    }
}
