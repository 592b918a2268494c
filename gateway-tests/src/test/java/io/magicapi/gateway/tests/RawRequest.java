package io.magicapi.gateway.tests;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An HTTP/1.1 request to be sent byte for byte: what a careful client sends unless told otherwise, with a key. Immutable.
 */
final class RawRequest {

    /** The key that requests carry. */
    static final String KEY = "sk-CANARY-of-the-caller";

    private final String requestLine;
    private final List<String> headers;
    private final byte[] body;

    private RawRequest(String requestLine, List<String> headers, byte[] body) {
        this.requestLine = requestLine;
        this.headers = headers;
        this.body = body;
    }

    /** {@return a request without a body} */
    static RawRequest of(String method, String target) {
        return new RawRequest(
                method + " " + target + " HTTP/1.1",
                List.of("Host: gateway.test", "Authorization: Bearer " + KEY),
                new byte[0]);
    }

    static RawRequest get(String target) {
        return of("GET", target);
    }

    /** {@return a JSON request with its length} */
    static RawRequest post(String target, byte[] json) {
        return of("POST", target)
                .header("Content-Type", "application/json")
                .header("Content-Length", Integer.toString(json.length))
                .body(json);
    }

    static RawRequest post(String target, String json) {
        return post(target, json.getBytes(StandardCharsets.UTF_8));
    }

    /** {@return a chat request to the provider groq} */
    static RawRequest chat(String json) {
        return post("/v1/chat/completions", json).header("x-provider", "groq");
    }

    RawRequest header(String name, String value) {
        List<String> more = new ArrayList<>(headers);
        more.add(name + ": " + value);
        return new RawRequest(requestLine, List.copyOf(more), body);
    }

    RawRequest without(String name) {
        String start = name.toLowerCase(java.util.Locale.ROOT) + ":";
        return new RawRequest(
                requestLine,
                headers.stream()
                        .filter(line -> !line.toLowerCase(java.util.Locale.ROOT).startsWith(start))
                        .toList(),
                body);
    }

    /** {@return this request with another body; how it is framed is the caller's business} */
    RawRequest body(byte[] bytes) {
        return new RawRequest(requestLine, headers, bytes.clone());
    }

    RawRequest http10() {
        return new RawRequest(requestLine.replace("HTTP/1.1", "HTTP/1.0"), headers, body);
    }

    /** {@return head and body as they go over the wire} */
    byte[] bytes() {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        wire.writeBytes((requestLine + "\r\n" + String.join("\r\n", headers) + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        wire.writeBytes(body);
        return wire.toByteArray();
    }

    /** {@return these parts as the chunks of a chunked body, with its end} */
    static byte[] chunked(byte[]... parts) {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            wire.writeBytes((Integer.toHexString(part.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            wire.writeBytes(part);
            wire.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        wire.writeBytes("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return wire.toByteArray();
    }
}
