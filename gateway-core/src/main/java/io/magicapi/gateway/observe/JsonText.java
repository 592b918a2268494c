package io.magicapi.gateway.observe;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.Arrays;

/** JSON that is being made, in UTF-8: no more than log lines need, and with nothing to set up for each. */
final class JsonText {

    private byte[] bytes;
    private int length;

    /**
     * An empty text.
     *
     * @param room for how many bytes; it grows when there are more
     */
    JsonText(int room) {
        this.bytes = new byte[room];
    }

    /** Appends a text that is quoted, and escaped where it needs to be. */
    JsonText string(String text) {
        ascii('"');
        reserve(text.length());
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (each < ' ' || each > '~' || each == '"' || each == '\\') {
                return raw(JsonStringEncoder.getInstance().quoteAsUTF8(text)).ascii('"');
            }
            bytes[length + i] = (byte) each;
        }
        length += text.length();
        return ascii('"');
    }

    /** Appends a character of ASCII as it is. */
    JsonText ascii(char each) {
        reserve(1);
        bytes[length++] = (byte) each;
        return this;
    }

    /** Appends a text of ASCII as it is. */
    JsonText ascii(String text) {
        reserve(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes[length + i] = (byte) text.charAt(i);
        }
        length += text.length();
        return this;
    }

    /** Appends bytes as they are. */
    JsonText raw(byte[] more) {
        reserve(more.length);
        System.arraycopy(more, 0, bytes, length, more.length);
        length += more.length;
        return this;
    }

    private void reserve(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }

    /** {@return all of it} */
    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }
}
