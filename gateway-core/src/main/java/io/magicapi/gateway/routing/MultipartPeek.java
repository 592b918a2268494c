package io.magicapi.gateway.routing;

import io.magicapi.gateway.buffer.HeapBytes;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the field {@code model} of an upload ({@code multipart/form-data}, RFC 7578) while the upload passes by, to
 * route uploads that name a model but no provider. Also finds {@code stream}, if it comes before the model or the rest
 * is read as well.
 *
 * <p>The body is a row of parts, each behind a delimiter: CR LF, two hyphens and the boundary, where the first may do
 * without its CR LF. A part is header lines, a blank line, and content up to the next delimiter; after the last
 * delimiter come two hyphens. Content is compared with the delimiter byte by byte. As that has its only CR at the front,
 * a comparison that fails can only start again with the byte it failed at. What the comparison has matched so far is all
 * that is remembered of content; only headers, and the content of the two fields, are collected, up to a limit.
 *
 * <p>One instance per request, one thread.
 */
public final class MultipartPeek {

    private static final int MAX_HEADERS = 16 * 1024;
    private static final int MAX_VALUE = 4 * 1024;

    private enum State {
        CONTENT,
        AFTER_DELIMITER,
        PADDING,
        PADDING_LINE_FEED,
        LAST_HYPHEN,
        HEADERS,
        ENDED,
        MALFORMED
    }

    private final byte[] delimiter;

    private State state = State.CONTENT;
    private int matched = 2; // as if CR LF stood before the body
    private int borrowed = 2; // how many of these are not of the content itself
    private long position;

    private final ByteArrayOutputStream headers = new ByteArrayOutputStream(128);
    private @Nullable String field; // the one whose content is collected
    private final ByteArrayOutputStream value = new ByteArrayOutputStream(32);
    private long valueStart;

    private @Nullable String model;
    private long modelStart;
    private long modelEnd;
    private boolean stream;

    /**
     * A peek into one upload.
     *
     * @param boundary as {@link #boundary} finds it
     */
    public MultipartPeek(String boundary) {
        this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Finds what separates the parts of an upload.
     *
     * @param contentType the request's content type
     * @return empty if that is not {@code multipart/form-data} with a boundary of 1 to 70 printable characters
     */
    public static Optional<String> boundary(String contentType) {
        HeaderParameters parameters = HeaderParameters.parse(contentType);
        if (!parameters.value().equalsIgnoreCase("multipart/form-data")) {
            return Optional.empty();
        }
        return parameters
                .get("boundary")
                .filter(b -> !b.isEmpty() && b.length() <= 70 && !b.endsWith(" "))
                .filter(b -> b.chars().allMatch(c -> c >= ' ' && c < 0x7f));
    }

    /** Takes the next bytes of the body; they are read, not kept. Does nothing once the body has ended. */
    public void feed(Buffer chunk) {
        HeapBytes bytes = HeapBytes.of(chunk);
        byte[] array = bytes.array();
        int end = bytes.end();
        int i = bytes.offset();
        while (i < end && state != State.ENDED && state != State.MALFORMED) {
            if (state == State.CONTENT && field == null && matched == 0) {
                int start = i;
                while (i < end && array[i] != '\r') {
                    i++;
                }
                position += i - start;
                if (i == end) {
                    return;
                }
            }
            take(array[i]);
            position++;
            i++;
        }
    }

    /** {@return whether the model is known, complete} */
    public boolean found() {
        return model != null;
    }

    /** {@return the model; empty if it has not been found, or is empty} */
    public Optional<String> model() {
        return Optional.ofNullable(model).filter(name -> !name.isEmpty());
    }

    /** {@return how many bytes of the body come before the model's first} */
    public long modelStart() {
        return modelStart;
    }

    /** {@return how many bytes of the body come before the first one after the model} */
    public long modelEnd() {
        return modelEnd;
    }

    /** {@return whether a field {@code stream} with the value {@code true} has been found} */
    public boolean stream() {
        return stream;
    }

    /** {@return whether the body's last delimiter has been read; what follows it is of no interest} */
    public boolean ended() {
        return state == State.ENDED;
    }

    /** {@return whether this is no upload that could be read: bad delimiters or headers, or a second model} */
    public boolean malformed() {
        return state == State.MALFORMED;
    }

    private void take(byte b) {
        switch (state) {
            case CONTENT -> content(b);
            case AFTER_DELIMITER -> {
                if (b == '-') {
                    state = State.LAST_HYPHEN;
                } else {
                    padding(b);
                }
            }
            case PADDING -> padding(b);
            case PADDING_LINE_FEED -> {
                headers.reset();
                state = b == '\n' ? State.HEADERS : State.MALFORMED;
            }
            case LAST_HYPHEN -> state = b == '-' ? State.ENDED : State.MALFORMED;
            case HEADERS -> header(b);
            case ENDED, MALFORMED -> {}
        }
    }

    private void content(byte b) {
        if (b == delimiter[matched]) {
            matched++;
            if (matched == delimiter.length) {
                matched = 0;
                state = State.AFTER_DELIMITER;
                endValue();
            }
            return;
        }
        if (field != null) {
            value.write(delimiter, borrowed, matched - borrowed);
        }
        borrowed = 0;
        matched = b == delimiter[0] ? 1 : 0;
        if (field != null && matched == 0) {
            value.write(b);
        }
        if (value.size() > MAX_VALUE) {
            state = State.MALFORMED;
        }
    }

    private void padding(byte b) {
        state = b == '\r' ? State.PADDING_LINE_FEED : b == ' ' || b == '\t' ? State.PADDING : State.MALFORMED;
    }

    private void header(byte b) {
        headers.write(b);
        int size = headers.size();
        if (size > MAX_HEADERS) {
            state = State.MALFORMED;
        } else if (b == '\n') {
            byte[] text = headers.toByteArray();
            boolean blank = size == 2
                    ? text[0] == '\r'
                    : size >= 4 && text[size - 2] == '\r' && text[size - 3] == '\n' && text[size - 4] == '\r';
            if (blank) {
                startContent(new String(text, StandardCharsets.UTF_8));
            }
        }
    }

    private void startContent(String headerBlock) {
        state = State.CONTENT;
        // The CR LF that ends the headers may also be the one the next delimiter begins with, if there is no content.
        matched = 2;
        borrowed = 2;
        value.reset();
        valueStart = position + 1;
        field = fieldName(headerBlock)
                .filter(n -> n.equals("model") || n.equals("stream"))
                .orElse(null);
        if (field != null && field.equals("model") && model != null) {
            state = State.MALFORMED;
        }
    }

    private void endValue() {
        if (field == null) {
            return;
        }
        String text = value.toString(StandardCharsets.UTF_8);
        if (field.equals("model")) {
            model = text;
            modelStart = valueStart;
            modelEnd = valueStart + value.size();
        } else {
            stream = text.strip().equals("true");
        }
        field = null;
        value.reset();
    }

    private static Optional<String> fieldName(String headerBlock) {
        for (String line : headerBlock.split("\r\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).strip().equalsIgnoreCase("content-disposition")) {
                HeaderParameters disposition = HeaderParameters.parse(line.substring(colon + 1));
                // A file that is called model is no model.
                return disposition.get("filename").isPresent()
                                || disposition.get("filename*").isPresent()
                        ? Optional.empty()
                        : disposition.get("name");
            }
        }
        return Optional.empty();
    }
}
