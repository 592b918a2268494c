package io.magicapi.gateway.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Splits the bytes of one connection into requests. Knows no more of HTTP/1.1 than where a request ends, and changes
 * nothing on the way. For one thread.
 */
final class RequestParser {

    /** Gets what was found, in order. */
    interface Listener {

        /** The head of a request is there; its body follows. */
        void onHead(ReceivedRequest request);

        /** Bytes of the request's body are there. */
        default void onBody(ReceivedRequest request) {}

        /** The request is there as a whole. */
        void onEnd(ReceivedRequest request);

        /** What came is not HTTP/1.x. Nothing more is parsed. */
        void onGarbage(byte[] bytes);
    }

    private enum State {
        HEAD,
        SIZED_BODY,
        CHUNK_SIZE,
        CHUNK_DATA,
        CHUNK_END,
        TRAILERS,
        GARBAGE
    }

    private static final byte[] NOTHING = {};

    private final int connection;
    private final Listener listener;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private State state = State.HEAD;
    private int heads;
    private long missing;
    private @Nullable ReceivedRequest current;

    RequestParser(int connection, Listener listener) {
        this.connection = connection;
        this.listener = listener;
    }

    /** {@return the request whose end has not come yet, if there is one} */
    @Nullable
    ReceivedRequest unfinished() {
        return current;
    }

    void feed(byte[] bytes) {
        int at = 0;
        while (at < bytes.length) {
            at = switch (state) {
                case HEAD -> head(bytes, at);
                case SIZED_BODY -> data(bytes, at, true);
                case CHUNK_DATA -> data(bytes, at, false);
                case CHUNK_SIZE, CHUNK_END, TRAILERS -> chunkLine(bytes, at);
                case GARBAGE -> bytes.length;
            };
        }
    }

    private int head(byte[] bytes, int at) {
        line.write(bytes[at]);
        if (bytes[at] == '\n' && endsHead(line.toByteArray())) {
            byte[] head = line.toByteArray();
            line.reset();
            ReceivedRequest request;
            try {
                request = new ReceivedRequest(connection, ++heads, head);
                missing = request.header("content-length").map(Long::parseLong).orElse(0L);
            } catch (IllegalArgumentException e) {
                state = State.GARBAGE;
                listener.onGarbage(head);
                return at + 1;
            }
            begin(request);
        } else if (line.size() > 4 && !startsLikeHttp(line)) {
            state = State.GARBAGE;
            listener.onGarbage(line.toByteArray());
        }
        return at + 1;
    }

    private static boolean endsHead(byte[] read) {
        String end =
                new String(read, Math.max(0, read.length - 4), Math.min(4, read.length), StandardCharsets.US_ASCII);
        return end.endsWith("\r\n\r\n") || end.endsWith("\n\n");
    }

    /** A method is made of letters; a TLS greeting, for one, is not. */
    private static boolean startsLikeHttp(ByteArrayOutputStream read) {
        return read.size() > 64 || Character.isLetter(read.toByteArray()[0]);
    }

    private void begin(ReceivedRequest request) {
        current = request;
        boolean chunked = request.headers("transfer-encoding").stream()
                .anyMatch(coding -> coding.toLowerCase(Locale.ROOT).endsWith("chunked"));
        state = chunked ? State.CHUNK_SIZE : State.SIZED_BODY;
        listener.onHead(request);
        if (!chunked && missing == 0) {
            end(request);
        }
    }

    private int data(byte[] bytes, int at, boolean isWhole) {
        ReceivedRequest request = underWay();
        int length = (int) Math.min(missing, bytes.length - at);
        byte[] part = Arrays.copyOfRange(bytes, at, at + length);
        request.append(part, part);
        missing -= length;
        listener.onBody(request);
        if (missing == 0) {
            if (isWhole) {
                end(request);
            } else {
                state = State.CHUNK_END;
            }
        }
        return at + length;
    }

    private int chunkLine(byte[] bytes, int at) {
        line.write(bytes[at]);
        if (bytes[at] == '\n') {
            ReceivedRequest request = underWay();
            byte[] read = line.toByteArray();
            line.reset();
            request.append(read, NOTHING);
            String text = new String(read, StandardCharsets.ISO_8859_1).strip();
            if (state == State.CHUNK_SIZE) {
                size(text, read);
            } else if (state == State.CHUNK_END) {
                state = State.CHUNK_SIZE;
            } else if (text.isEmpty()) {
                end(request);
            }
        }
        return at + 1;
    }

    private void size(String text, byte[] read) {
        try {
            missing = Long.parseLong(text.split(";", 2)[0].strip(), 16);
            state = missing == 0 ? State.TRAILERS : State.CHUNK_DATA;
        } catch (NumberFormatException e) {
            state = State.GARBAGE;
            listener.onGarbage(read);
        }
    }

    private void end(ReceivedRequest request) {
        state = State.HEAD;
        current = null;
        request.complete();
        listener.onEnd(request);
    }

    private ReceivedRequest underWay() {
        if (current == null) {
            throw new IllegalStateException("a body without a head");
        }
        return current;
    }
}
