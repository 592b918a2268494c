package io.magicapi.gateway.echo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;

/** One request to the echo server. Immutable. */
public final class EchoRequest {

    private final String method;
    private final String target;
    private final byte[] body;
    private final long bodyLength;

    private EchoRequest(String method, String target, byte[] body, long bodyLength) {
        this.method = Objects.requireNonNull(method, "method");
        this.target = Objects.requireNonNull(target, "target");
        this.body = Objects.requireNonNull(body, "body");
        this.bodyLength = bodyLength;
    }

    /**
     * {@return a request}
     *
     * @param method in upper case
     * @param target path and query as they were sent: {@code /v1/models/openai%2Fgpt-oss-120b}
     * @param body all of it; not copied, so not to be changed afterwards
     */
    public static EchoRequest of(String method, String target, byte[] body) {
        return new EchoRequest(method, target, body, body.length);
    }

    /** {@return an upload, of which only the beginning is held} */
    static EchoRequest ofUpload(String method, String target, byte[] beginning, long bodyLength) {
        return new EchoRequest(method, target, beginning, bodyLength);
    }

    /** {@return the HTTP method} */
    public String method() {
        return method;
    }

    /** {@return path and query as they were sent} */
    public String target() {
        return target;
    }

    /** {@return the body, or the beginning of a large upload; not to be changed} */
    public byte[] body() {
        return body;
    }

    /** {@return how many bytes the whole body has} */
    public long bodyLength() {
        return bodyLength;
    }

    /** {@return the path below {@code /v1/}, still encoded; empty if it is not below it} */
    Optional<String> operation() {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        return path.startsWith("/v1/") ? Optional.of(path.substring("/v1/".length())) : Optional.empty();
    }

    /**
     * {@return the body as a JSON object}
     *
     * @throws EchoRefusal with a 400 if it is none
     */
    ObjectNode json() {
        try {
            if (EchoJson.MAPPER.readTree(body) instanceof ObjectNode object) {
                return object;
            }
            throw EchoRefusal.invalid("the body must be a JSON object", null);
        } catch (IOException e) {
            throw EchoRefusal.invalid("the body is not valid JSON", null);
        }
    }

    /** {@return 24 hexadecimal digits that are the same for the same request, to make ids of} */
    String fingerprint() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((method + ' ' + target + ' ' + bodyLength + '\n').getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(body), 0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static String decoded(String segment) {
        try {
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return segment;
        }
    }

    @Override
    public String toString() {
        return method + " " + target;
    }
}
