package io.magicapi.gateway.routing;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.magicapi.gateway.buffer.EightBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Walks through a JSON text (RFC 8259) in UTF-8 from its first byte to its last. As strict as a parser, but builds nothing:
 * all but the few values somebody asks for is stepped over, and strings, which prompts mostly consist of, eight bytes at a
 * time.
 *
 * <p>Every method expects that the ones before were called in the order of the text, and throws when that is not JSON.
 * Positions are indices in the array.
 */
final class JsonScan {

    /** The text is not JSON, or beyond what is read. */
    static final class Fault extends Exception {

        private static final long serialVersionUID = 1;

        private final int at;

        private Fault(String what, int at) {
            super(what, null, false, false); // callers do not want to know where in this class it was found
            this.at = at;
        }

        /** {@return where} */
        int at() {
            return at;
        }
    }

    private static final int MAX_DEPTH = 1000;
    private static final int MAX_NUMBER = 1000;

    /** Strings may be as long as the body, as images come in base64; the body has its own limit. */
    private static final JsonFactory STRINGS = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private final byte[] array;
    private final int end;
    private int i;
    private int depth;

    /** A walk that is about to begin. */
    JsonScan(byte[] array, int start, int end) {
        this.array = array;
        this.i = start;
        this.end = end;
    }

    /** {@return the next byte that is no white space, which is not stepped over; -1 at the end} */
    int next() {
        while (i < end) {
            byte b = array[i];
            if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
                return b & 0xff;
            }
            i++;
        }
        return -1;
    }

    /** {@return where the next byte is} */
    int position() {
        return i;
    }

    /** Steps into an object or array. {@return whether it has anything in it; if not, it is stepped out of again} */
    boolean enter(char open, char close) throws Fault {
        expect(open);
        if (++depth > MAX_DEPTH) {
            throw new Fault("it is nested too deeply", i);
        }
        if (next() != close) {
            return true;
        }
        leave();
        return false;
    }

    /** Steps over what follows a value in an object or array. {@return whether that is another one, or else its end} */
    boolean goesOn(char close) throws Fault {
        int next = next();
        if (next == ',') {
            i++;
            return true;
        }
        if (next != close) {
            throw unexpected();
        }
        leave();
        return false;
    }

    private void leave() {
        i++;
        depth--;
    }

    /** Steps over the name of a field and its colon. {@return the name} */
    String name() throws Fault {
        String name = string();
        expect(':');
        return name;
    }

    /** Steps over a string. {@return what it says} */
    String string() throws Fault {
        next();
        int start = i;
        skipString();
        String text = new String(array, start + 1, i - start - 2, StandardCharsets.UTF_8);
        return text.indexOf('\\') < 0 ? text : unescaped(start, i - start);
    }

    /** Steps over a value. */
    void skipValue() throws Fault {
        switch (next()) {
            case '"' -> skipString();
            case '{' -> skipObject();
            case '[' -> skipArray();
            case 't' -> skipWord("true");
            case 'f' -> skipWord("false");
            case 'n' -> skipWord("null");
            default -> skipNumber();
        }
    }

    private void skipObject() throws Fault {
        for (boolean more = enter('{', '}'); more; more = goesOn('}')) {
            skipString();
            expect(':');
            skipValue();
        }
    }

    private void skipArray() throws Fault {
        for (boolean more = enter('[', ']'); more; more = goesOn(']')) {
            skipValue();
        }
    }

    private void skipString() throws Fault {
        expect('"');
        while (true) {
            skipPlain();
            if (i == end) {
                throw unexpected();
            }
            byte b = array[i];
            if (b == '"') {
                i++;
                return;
            }
            if (b == '\\') {
                skipEscape();
            } else {
                skipBeyondAscii();
            }
        }
    }

    /** Steps over the characters of ASCII that mean themselves. */
    private void skipPlain() {
        while (i + Long.BYTES <= end) {
            long bytes = EightBytes.at(array, i);
            long special = EightBytes.belowOrBeyondAscii(bytes, ' ')
                    | EightBytes.equalOrBeyondAscii(bytes, '"')
                    | EightBytes.equalOrBeyondAscii(bytes, '\\');
            if (special != 0) {
                i += EightBytes.first(special);
                return;
            }
            i += Long.BYTES; // not by what was found: the next eight bytes would wait for it
        }
        while (i < end && array[i] >= ' ' && array[i] != '"' && array[i] != '\\') {
            i++;
        }
    }

    private void skipBeyondAscii() throws Fault {
        do {
            int length = Utf8.sequenceLength(array, i, end);
            if (length == 0) {
                throw unexpected(); // or a control character
            }
            i += length;
        } while (i < end && array[i] < 0);
    }

    private void skipEscape() throws Fault {
        i++;
        int escaped = i < end ? array[i] : -1;
        if (escaped == 'u') {
            for (int digit = 0; digit < 4; digit++) {
                i++;
                if (i == end || Character.digit(array[i], 16) < 0) {
                    throw unexpected();
                }
            }
        } else if ("\"\\/bfnrt".indexOf(escaped) < 0) {
            throw unexpected();
        }
        i++;
    }

    private String unescaped(int start, int length) {
        try (JsonParser parser = STRINGS.createParser(array, start, length)) {
            return parser.nextTextValue();
        } catch (IOException impossible) {
            throw new IllegalStateException("the string was read before", impossible);
        }
    }

    private void skipWord(String word) throws Fault {
        for (int k = 0; k < word.length(); k++) {
            if (i == end || array[i] != word.charAt(k)) {
                throw unexpected();
            }
            i++;
        }
    }

    private void skipNumber() throws Fault {
        int start = i;
        skipIf('-', '-');
        if (!skipIf('0', '0')) {
            skipDigits();
        }
        if (skipIf('.', '.')) {
            skipDigits();
        }
        if (skipIf('e', 'E')) {
            skipIf('+', '-');
            skipDigits();
        }
        if (i - start > MAX_NUMBER) {
            throw new Fault("a number in it is too long", start);
        }
    }

    private boolean skipIf(char one, char other) {
        if (i < end && (array[i] == one || array[i] == other)) {
            i++;
            return true;
        }
        return false;
    }

    private void skipDigits() throws Fault {
        int start = i;
        while (i < end && array[i] >= '0' && array[i] <= '9') {
            i++;
        }
        if (i == start) {
            throw unexpected();
        }
    }

    private void expect(char wanted) throws Fault {
        if (next() != wanted) {
            throw unexpected();
        }
        i++;
    }

    private Fault unexpected() {
        return new Fault("unexpected character or end", i);
    }
}
