package io.magicapi.gateway.upstream;

import io.magicapi.gateway.buffer.HeapBytes;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One event of an event stream, taken apart into its lines to be put together again without some of them. Lines that
 * stay keep their bytes and their ends, but that a lone CR becomes LF. Used for the few events that need a close look.
 */
final class EventLines {

    static final byte[] DATA = ascii("data");
    static final byte[] EVENT = ascii("event");
    static final byte[] DONE = ascii("[DONE]");

    /** The event that ends a chat stream. */
    static final byte[] DONE_EVENT = ascii("data: [DONE]\n\n");

    private static final byte[] NONE = {};
    private static final byte[] ERROR_NAME = ascii("event: error\n");
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

    private final byte[] array;
    private final int start;
    private final int end;

    private final byte[] data;
    private final @Nullable String name;

    /**
     * Takes an event apart.
     *
     * @param start where its first line begins
     * @param end where its blank line ends
     */
    EventLines(byte[] array, int start, int end) {
        this.array = array;
        this.start = start;
        this.end = end;

        ByteArrayOutputStream values = new ByteArrayOutputStream(end - start);
        boolean first = true;
        String lastName = null;
        for (int line = start; line < end; line = next(line)) {
            int lineEnd = lineEnd(line);
            if (isField(DATA, array, line, lineEnd)) {
                if (!first) {
                    values.write('\n');
                }
                first = false;
                int value = value(line, lineEnd, DATA);
                values.write(array, value, lineEnd - value);
            } else if (isField(EVENT, array, line, lineEnd)) {
                int value = value(line, lineEnd, EVENT);
                lastName = new String(array, value, lineEnd - value, StandardCharsets.UTF_8);
            }
        }
        this.data = values.toByteArray();
        this.name = lastName == null || lastName.isEmpty() ? null : lastName;
    }

    /** {@return the events of which {@code events} is made, all of them whole and none with a line that ends with a lone CR} */
    static List<EventLines> split(Buffer events) {
        HeapBytes bytes = HeapBytes.of(events);
        byte[] array = bytes.array();
        List<EventLines> all = new ArrayList<>();
        int event = bytes.offset();
        int line = event;
        for (int i = event; i < bytes.end(); i++) {
            if (array[i] == '\n') {
                boolean blank = i == line || (i == line + 1 && array[line] == '\r');
                line = i + 1;
                if (blank) {
                    all.add(new EventLines(array, event, line));
                    event = line;
                }
            }
        }
        return all;
    }

    /** {@return the event as it is} */
    Buffer whole() {
        return Buffer.buffer(Arrays.copyOfRange(array, start, end));
    }

    /** {@return the values of the data lines, joined by LF} */
    byte[] data() {
        return data;
    }

    /** {@return the event's name, or null} */
    @Nullable
    String name() {
        return name;
    }

    /** {@return the event with no lines but data and comments} */
    byte[] withData() {
        return copy(NONE, true);
    }

    /** {@return the same, with the name {@code error}} */
    byte[] asError() {
        return copy(ERROR_NAME, true);
    }

    /** {@return the event's comments; nothing at all if there are none, but for a blank line that stands alone} */
    byte[] withoutData() {
        byte[] comments = copy(NONE, false);
        boolean onlyBlankLeft = comments.length <= 2;
        boolean linesGone = onlyBlankLeft && lineEnd(start) != start;
        return linesGone ? NONE : comments;
    }

    private byte[] copy(byte[] prefix, boolean withData) {
        ByteArrayOutputStream copy = new ByteArrayOutputStream(prefix.length + end - start);
        copy.writeBytes(prefix);
        for (int line = start; line < end; line = next(line)) {
            int lineEnd = lineEnd(line);
            boolean kept = line == lineEnd || array[line] == ':' || (withData && isField(DATA, array, line, lineEnd));
            if (kept) {
                copy.write(array, line, lineEnd - line);
                if (next(line) - lineEnd == 2) {
                    copy.write('\r');
                }
                copy.write('\n');
            }
        }
        return copy.toByteArray();
    }

    private int lineEnd(int line) {
        int i = line;
        while (array[i] != '\n' && array[i] != '\r') {
            i++;
        }
        return i;
    }

    private int next(int line) {
        int i = lineEnd(line);
        boolean pair = array[i] == '\r' && i + 1 < end && array[i + 1] == '\n';
        return pair ? i + 2 : i + 1;
    }

    private int value(int line, int lineEnd, byte[] field) {
        int value = Math.min(line + field.length + 1, lineEnd);
        return value < lineEnd && array[value] == ' ' ? value + 1 : value;
    }

    /** {@return an event named {@code error}, the one form of a failure amid a stream that every known client reports} */
    static byte[] errorEvent(byte[] json) {
        ByteArrayOutputStream event = new ByteArrayOutputStream(json.length + 32);
        event.writeBytes(ERROR_NAME);
        event.writeBytes(ascii("data: "));
        event.writeBytes(json);
        event.writeBytes(ascii("\n\n"));
        return event.toByteArray();
    }

    /** {@return whether a line, from {@code line} to {@code end}, has this field's name} */
    static boolean isField(byte[] field, byte[] array, int line, int end) {
        int after = line + field.length;
        return startsWith(field, array, line, end) && (after == end || array[after] == ':');
    }

    static boolean startsWithByteOrderMark(byte[] array, int from, int end) {
        return startsWith(BYTE_ORDER_MARK, array, from, end);
    }

    static boolean startsWith(byte[] prefix, byte[] array, int from, int end) {
        return end - from >= prefix.length
                && Arrays.equals(array, from, from + prefix.length, prefix, 0, prefix.length);
    }

    static boolean contains(byte[] text, String ascii) {
        byte[] wanted = ascii(ascii);
        for (int i = 0; i + wanted.length <= text.length; i++) {
            if (startsWith(wanted, text, i, text.length)) {
                return true;
            }
        }
        return false;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
