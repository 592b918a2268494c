package io.magicapi.gateway.plugins;

import io.magicapi.gateway.config.TrustedKey;
import io.magicapi.gateway.testkit.PluginJar;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStore.PrivateKeyEntry;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import jdk.security.jarsigner.JarSigner;

/** A key that signs jars, with its certificate: a new one for each test, made and used as an author would. */
final class SigningKey {

    private static final String PASSWORD = "changeit";

    private final String name;
    private final PrivateKeyEntry entry;

    private SigningKey(String name, PrivateKeyEntry entry) {
        this.name = name;
        this.entry = entry;
    }

    /**
     * Makes a key, with the keytool of the JDK that runs the test.
     *
     * @param name of its owner, such as {@code Acme}
     * @param options for keytool, such as {@code -validity 30}
     */
    static SigningKey create(Path folder, String name, String... options) {
        Path store = folder.resolve(name + ".p12");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD,
                "-alias",
                "plugins",
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name));
        command.addAll(List.of(options));
        try {
            Process keytool =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (keytool.waitFor() != 0) {
                throw new IllegalStateException("keytool: " + output);
            }
            KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
            return new SigningKey(name, (PrivateKeyEntry)
                    keys.getEntry("plugins", new KeyStore.PasswordProtection(PASSWORD.toCharArray())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    X509Certificate certificate() {
        return (X509Certificate) entry.getCertificate();
    }

    TrustedKey trusted() {
        return new TrustedKey(Path.of(name + ".pem"), List.of(certificate()));
    }

    /** Writes the certificate as {@code keytool -exportcert -rfc} does. {@return the file} */
    Path export(Path folder) throws IOException, GeneralSecurityException {
        return Files.writeString(
                folder.resolve(name + ".pem"),
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'})
                                .encodeToString(certificate().getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
    }

    /** Writes a plugin, signed. It appears complete, in place of what was there. {@return the file} */
    Path sign(PluginJar jar, Path to) {
        return write(sign(jar.bytes()), to);
    }

    byte[] sign(byte[] jar) {
        return sign(jar, UnaryOperator.identity());
    }

    byte[] sign(byte[] jar, UnaryOperator<JarSigner.Builder> how) {
        try {
            Path unsigned = Files.createTempFile("unsigned", ".jar");
            ByteArrayOutputStream signed = new ByteArrayOutputStream();
            try (ZipFile zip = new ZipFile(Files.write(unsigned, jar).toFile());
                    OutputStream out = signed) {
                how.apply(new JarSigner.Builder(entry).signerName(name.toUpperCase(java.util.Locale.ROOT)))
                        .build()
                        .sign(zip, out);
            } finally {
                Files.delete(unsigned);
            }
            return signed.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the jar with other entries} */
    static byte[] changed(byte[] jar, Consumer<Map<String, byte[]>> change) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        ByteArrayOutputStream changed = new ByteArrayOutputStream();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(jar))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.put(entry.getName(), in.readAllBytes());
            }
            change.accept(entries);
            try (ZipOutputStream out = new ZipOutputStream(changed)) {
                for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                    out.putNextEntry(new ZipEntry(entry.getKey()));
                    out.write(entry.getValue());
                    out.closeEntry();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return changed.toByteArray();
    }

    /** Writes a jar that appears complete, in place of what was there. {@return the file} */
    static Path write(byte[] jar, Path to) {
        try {
            Path part = Files.write(to.resolveSibling(to.getFileName() + ".part"), jar);
            return Files.move(part, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
