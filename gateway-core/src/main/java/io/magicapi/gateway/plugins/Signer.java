package io.magicapi.gateway.plugins;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;

/**
 * Who signed a jar: the holder of the key of a certificate. The name is what the certificate says, and anyone can make
 * one that says anything; the fingerprint cannot be had twice.
 *
 * @param subject the certificate's subject, such as {@code CN=Acme, O=Acme Inc}; without control characters, and not
 *     longer than 200 characters
 * @param fingerprint the certificate's SHA-256, as keytool prints it: {@code 3A:0F:…}
 * @param validFrom from when the certificate is valid
 * @param validUntil until when it is
 */
public record Signer(String subject, String fingerprint, Instant validFrom, Instant validUntil) {

    private static final int MAX_SUBJECT = 200;

    static Signer of(X509Certificate certificate) {
        String subject = certificate.getSubjectX500Principal().toString().replaceAll("\\p{Cntrl}", "?");
        return new Signer(
                subject.length() <= MAX_SUBJECT ? subject : subject.substring(0, MAX_SUBJECT) + "…",
                fingerprint(certificate),
                certificate.getNotBefore().toInstant(),
                certificate.getNotAfter().toInstant());
    }

    private static String fingerprint(X509Certificate certificate) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return HexFormat.ofDelimiter(":").formatHex(hash).toUpperCase(Locale.ROOT);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read can be written", e);
        }
    }

    /** {@return subject and fingerprint, for people} */
    @Override
    public String toString() {
        return subject + " (SHA-256 " + fingerprint + ")";
    }
}
