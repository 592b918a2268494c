package io.magicapi.gateway.tests;

import io.magicapi.gateway.testkit.ReceivedRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What AWS does with a signature: signs the request it received once more, and compares. */
final class SigV4Check {

    private static final Pattern AUTHORIZATION = Pattern.compile(
            "AWS4-HMAC-SHA256 Credential=[^/]+/(?<scope>[^,]+), SignedHeaders=(?<names>[^,]+), Signature=.*");

    private SigV4Check() {}

    /** {@return the authorization that a request without query should have, in the scope and with the headers it claims} */
    static String authorization(String id, String secret, ReceivedRequest request) {
        Matcher claimed = AUTHORIZATION.matcher(request.header("authorization").orElseThrow());
        if (!claimed.matches()) {
            throw new AssertionError("not signed");
        }
        StringBuilder canonical =
                new StringBuilder(request.method() + "\n" + request.target().replace("%", "%25") + "\n\n");
        for (String name : claimed.group("names").split(";", -1)) {
            canonical
                    .append(name)
                    .append(':')
                    .append(request.header(name).orElseThrow())
                    .append('\n');
        }
        canonical.append('\n').append(claimed.group("names")).append('\n').append(sha256(request.body()));
        String toSign = "AWS4-HMAC-SHA256\n" + request.header("x-amz-date").orElseThrow() + "\n"
                + claimed.group("scope") + "\n"
                + sha256(canonical.toString().getBytes(StandardCharsets.UTF_8));
        byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
        for (String part : claimed.group("scope").split("/", -1)) {
            key = hmac(key, part);
        }
        return "AWS4-HMAC-SHA256 Credential=" + id + "/" + claimed.group("scope") + ", SignedHeaders="
                + claimed.group("names") + ", Signature=" + HexFormat.of().formatHex(hmac(key, toSign));
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
