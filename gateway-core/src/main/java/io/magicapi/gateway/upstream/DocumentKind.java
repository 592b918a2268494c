package io.magicapi.gateway.upstream;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/** What an upstream has sent where one JSON object is expected, as far as its first bytes tell, whatever it is called. */
enum DocumentKind {
    /** A JSON object. */
    OBJECT,
    /** A JSON object that begins with an error, although its status says that there is none. */
    ERROR,
    /** A web page, of some proxy or login. */
    PAGE,
    /** Something else, or nothing yet but blanks. */
    OTHER;

    private static final byte[] ERROR_NAME = "\"error\"".getBytes(StandardCharsets.US_ASCII);

    /** {@return the kind of what begins with these bytes} */
    static DocumentKind of(Buffer bytes) {
        int first = skipBlanks(bytes, 0);
        return switch (at(bytes, first)) {
            case '<' -> PAGE;
            case '{' -> beginsWithError(bytes, skipBlanks(bytes, first + 1)) ? ERROR : OBJECT;
            default -> OTHER;
        };
    }

    private static boolean beginsWithError(Buffer bytes, int from) {
        for (int i = 0; i < ERROR_NAME.length; i++) {
            if (at(bytes, from + i) != ERROR_NAME[i]) {
                return false;
            }
        }
        int colon = skipBlanks(bytes, from + ERROR_NAME.length);
        byte value = at(bytes, skipBlanks(bytes, colon + 1));
        return at(bytes, colon) == ':' && (value == '{' || value == '"'); // some say "error": null in each answer
    }

    /** {@return where the first byte is, from an index on, that is no blank of JSON; the length if there is none} */
    static int skipBlanks(Buffer bytes, int from) {
        int i = from;
        while (isBlank(at(bytes, i))) {
            i++;
        }
        return i;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    /** {@return the byte at an index; 0 if there is none} */
    private static byte at(Buffer bytes, int index) {
        return index < bytes.length() ? bytes.getByte(index) : 0;
    }

    /** {@return whether these bytes end as an object does} */
    static boolean endsObject(Buffer bytes) {
        int last = bytes.length() - 1;
        while (last > 0 && isBlank(bytes.getByte(last))) {
            last--;
        }
        return last >= 0 && bytes.getByte(last) == '}';
    }

    /** {@return whether it is known to be no answer, so that no tokens were used for it} */
    boolean isNoAnswer() {
        return this == ERROR || this == PAGE;
    }
}
