package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Headers;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signature Version 4 once more, written from its description (AWS IAM User Guide, "Create a signed AWS API request"),
 * to check the signer's work with. {@link SignerTest} checks it with the signatures AWS publishes.
 */
record SigV4(String id, String secret, String region, String service) {

    /**
     * {@return the value of the Authorization header}
     *
     * @param path as it is sent; it is encoded once more, as by all services but S3
     * @param headers those to sign, host and date included
     */
    String authorization(String method, String path, String query, Headers headers, byte[] body) {
        String date = headers.get("x-amz-date").orElseThrow();
        List<String> names = new ArrayList<>();
        headers.forEach((name, value) -> names.add(name));
        Collections.sort(names);
        StringBuilder canonical = new StringBuilder(method + "\n" + encodedAgain(path) + "\n" + sorted(query) + "\n");
        for (String name : names) {
            String value = headers.get(name).orElseThrow().strip().replaceAll(" +", " ");
            canonical.append(name).append(':').append(value).append('\n');
        }
        String signed = String.join(";", names);
        canonical.append('\n').append(signed).append('\n').append(hex(sha256(body)));

        String scope = date.substring(0, 8) + "/" + region + "/" + service + "/aws4_request";
        String toSign = "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n"
                + hex(sha256(canonical.toString().getBytes(StandardCharsets.UTF_8)));
        byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
        for (String part : scope.split("/", -1)) {
            key = hmac(key, part);
        }
        return "AWS4-HMAC-SHA256 Credential=" + id + "/" + scope + ", SignedHeaders=" + signed + ", Signature="
                + hex(hmac(key, toSign));
    }

    private static String encodedAgain(String path) {
        StringBuilder encoded = new StringBuilder();
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            boolean kept = Character.isLetterOrDigit(c) || "-._~/".indexOf(c) >= 0;
            encoded.append(kept ? String.valueOf(c) : "%" + String.format(Locale.ROOT, "%02X", (int) c));
        }
        return encoded.toString();
    }

    private static String sorted(String query) {
        if (query.isEmpty()) {
            return query;
        }
        List<String> parameters = new ArrayList<>(List.of(query.split("&", -1)));
        parameters.replaceAll(parameter -> URLDecoder.decode(parameter, StandardCharsets.UTF_8));
        Collections.sort(parameters);
        return String.join("&", parameters);
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
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

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
