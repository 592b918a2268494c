package io.magicapi.gateway.echo;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Objects;

/** One answer of the echo server: a head, and a body in one piece or in several. Immutable. */
public final class EchoAnswer {

    private final int status;
    private final Headers headers;
    private final List<byte[]> chunks;
    private final boolean stream;

    private EchoAnswer(int status, Headers headers, List<byte[]> chunks, boolean stream) {
        this.status = status;
        this.headers = Objects.requireNonNull(headers, "headers");
        this.chunks = List.copyOf(chunks);
        this.stream = stream;
    }

    /** {@return an answer in one piece, sent with its length} */
    public static EchoAnswer of(int status, Headers headers, byte[] body) {
        return new EchoAnswer(status, headers, List.of(body), false);
    }

    /** {@return an answer of this JSON document, in UTF-8} */
    public static EchoAnswer json(int status, byte[] document) {
        return of(status, Headers.of("content-type", "application/json"), document);
    }

    static EchoAnswer json(JsonNode document) {
        return json(200, EchoJson.write(document));
    }

    /** {@return a stream of server-sent events, each sent as one chunk, exactly as given} */
    public static EchoAnswer events(List<byte[]> events) {
        return new EchoAnswer(200, Headers.of("content-type", "text/event-stream; charset=utf-8"), events, true);
    }

    /** {@return this answer with one header more, in place of any of that name} */
    public EchoAnswer with(String name, String value) {
        return new EchoAnswer(status, headers.with(name, value), chunks, stream);
    }

    /** {@return the HTTP status} */
    public int status() {
        return status;
    }

    /** {@return the headers, without those that frame the body} */
    public Headers headers() {
        return headers;
    }

    /** {@return the body in the pieces it is sent in; not to be changed} */
    public List<byte[]> chunks() {
        return chunks;
    }

    /** {@return whether the body is a stream of events, to be sent piece by piece without a length} */
    public boolean stream() {
        return stream;
    }

    /** {@return a new copy of the body in one piece} */
    public byte[] body() {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        chunks.forEach(whole::writeBytes);
        return whole.toByteArray();
    }

    @Override
    public String toString() {
        return status + " " + headers + (stream ? ", " + chunks.size() + " events" : "");
    }
}
