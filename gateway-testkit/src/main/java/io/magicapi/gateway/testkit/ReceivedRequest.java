package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One request as it came over the wire, byte for byte. Given out when it has arrived completely, or when its connection
 * ended before that ({@link #isComplete}); it no longer changes then.
 */
public final class ReceivedRequest {

    /** One header field, as it was written. */
    public record Field(String name, String value) {}

    private static final JsonMapper JSON = new JsonMapper();

    private final int connection;
    private final int placeOnConnection;
    private final Instant arrivedAt = Instant.now();
    private final byte[] head;
    private final String method;
    private final String target;
    private final String version;
    private final List<Field> fields;
    private final List<byte[]> wire = new ArrayList<>();
    private final List<byte[]> body = new ArrayList<>();
    private boolean complete;

    /** @throws IllegalArgumentException if the head is not one of an HTTP/1.x request */
    ReceivedRequest(int connection, int placeOnConnection, byte[] head) {
        this.connection = connection;
        this.placeOnConnection = placeOnConnection;
        this.head = head;
        String[] lines = new String(head, StandardCharsets.ISO_8859_1).split("\r?\n", -1);
        String[] words = lines[0].split(" ", -1);
        if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
            throw new IllegalArgumentException("not a request line");
        }
        this.method = words[0];
        this.target = words[1];
        this.version = words[2];
        List<Field> parsed = new ArrayList<>();
        for (int i = 1; !lines[i].isEmpty(); i++) {
            int colon = lines[i].indexOf(':');
            if (colon < 1) {
                throw new IllegalArgumentException("not a header field");
            }
            parsed.add(new Field(
                    lines[i].substring(0, colon), lines[i].substring(colon + 1).strip()));
        }
        this.fields = List.copyOf(parsed);
    }

    synchronized void append(byte[] onTheWire, byte[] decoded) {
        wire.add(onTheWire);
        if (decoded.length > 0) {
            body.add(decoded);
        }
    }

    synchronized void complete() {
        complete = true;
    }

    /** {@return which connection it came on, counted from 1 since the server's start} */
    public int connection() {
        return connection;
    }

    /** {@return how many requests its connection had carried with it: 1 for the first, more if it was reused} */
    public int placeOnConnection() {
        return placeOnConnection;
    }

    /** {@return when its head was there} */
    public Instant arrivedAt() {
        return arrivedAt;
    }

    /** {@return the method, as it was written} */
    public String method() {
        return method;
    }

    /** {@return path and query, as they were written: {@code %2F} is still {@code %2F}} */
    public String target() {
        return target;
    }

    /** {@return such as {@code HTTP/1.1}} */
    public String version() {
        return version;
    }

    /** {@return the first line, without its end} */
    public String requestLine() {
        return method + " " + target + " " + version;
    }

    /** {@return all header fields, in order, their names as they were written} */
    public List<Field> fields() {
        return fields;
    }

    /** {@return all values of a header, its name in any case; empty if there is none} */
    public List<String> headers(String name) {
        return fields.stream()
                .filter(field -> field.name().equalsIgnoreCase(name))
                .map(Field::value)
                .toList();
    }

    /** {@return the first value of a header, its name in any case} */
    public Optional<String> header(String name) {
        return headers(name).stream().findFirst();
    }

    /** {@return whether all of it arrived; false if the connection ended within it} */
    public synchronized boolean isComplete() {
        return complete;
    }

    /** {@return how many bytes the body has, without putting them together} */
    public synchronized long bodyLength() {
        return body.stream().mapToLong(part -> part.length).sum();
    }

    /** {@return a new copy of the body, without the framing of chunks} */
    public synchronized byte[] body() {
        return joined(body);
    }

    /** {@return the body as UTF-8 text} */
    public String text() {
        return new String(body(), StandardCharsets.UTF_8);
    }

    /**
     * {@return the body as JSON}
     *
     * @throws AssertionError if it is not JSON
     */
    public JsonNode json() {
        try {
            return JSON.readTree(body());
        } catch (IOException e) {
            throw new AssertionError("the body of " + requestLine() + " is not JSON: " + text(), e);
        }
    }

    /** {@return head and body exactly as they came, framing included} */
    public synchronized byte[] raw() {
        List<byte[]> all = new ArrayList<>();
        all.add(head);
        all.addAll(wire);
        return joined(all);
    }

    private static byte[] joined(List<byte[]> parts) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        parts.forEach(whole::writeBytes);
        return whole.toByteArray();
    }

    /** {@return the request line and the names of the headers; not their values, which may be secret} */
    @Override
    public String toString() {
        return requestLine() + " " + fields.stream().map(Field::name).toList();
    }
}
