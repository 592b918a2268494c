package io.magicapi.gateway.config;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A file of certificates whose keys may sign plugins.
 *
 * @param file where it is, as configured
 * @param certificates what is in it: at least one
 */
public record TrustedKey(Path file, List<X509Certificate> certificates) {

    private static final String REMEDY =
            "It takes what keytool -exportcert -rfc writes, or any other certificate in PEM";

    public TrustedKey {
        certificates = List.copyOf(certificates);
    }

    /**
     * Reads a file. Blocks.
     *
     * @throws Section.Refusal if it cannot be read or holds no certificate; the message goes on from the key's name
     */
    static TrustedKey read(Path file) {
        if (Files.isDirectory(file)) {
            throw refused(file, "which is a directory. Name the files in it");
        }
        try {
            // First, since the factory would take what cannot be read for what is no certificate.
            byte[] content = Files.readAllBytes(file);
            List<X509Certificate> certificates =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(content))
                            .stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (certificates.isEmpty()) {
                throw refused(file, "which is empty. " + REMEDY);
            }
            return new TrustedKey(file, certificates);
        } catch (CertificateException e) {
            throw refused(file, "which is no X.509 certificate. " + REMEDY);
        } catch (NoSuchFileException e) {
            throw refused(file, "which does not exist. Correct the path");
        } catch (AccessDeniedException e) {
            throw refused(file, "which cannot be read: permission denied");
        } catch (IOException e) {
            throw refused(file, "which cannot be read: " + e.getMessage());
        }
    }

    private static Section.Refusal refused(Path file, String what) {
        return new Section.Refusal(Problem.TRUSTED_KEY, "names " + file + ", " + what);
    }
}
