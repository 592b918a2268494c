package io.magicapi.gateway.bench;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Reads the head of a request: how long its body is, and what it wants for an answer. Used again and again. */
final class RequestHead {

    private static final int LONGEST = 16 * 1024;
    private static final int LONGEST_PATH = 200;

    private final byte[] bytes = new byte[LONGEST];
    private int length;
    private boolean ended;

    /**
     * Takes bytes up to the end of the head.
     *
     * @return whether the head is whole
     * @throws IllegalStateException if it is longer than 16 KiB
     */
    boolean read(ByteBuf in) {
        if (ended) {
            length = 0;
            ended = false;
        }
        while (in.isReadable()) {
            if (length == LONGEST) {
                throw new IllegalStateException("the head of a request is too long");
            }
            bytes[length++] = in.readByte();
            if (length >= 4
                    && bytes[length - 1] == '\n'
                    && bytes[length - 2] == '\r'
                    && bytes[length - 3] == '\n'
                    && bytes[length - 4] == '\r') {
                ended = true;
                return true;
            }
        }
        return false;
    }

    /** {@return whether the method is GET} */
    boolean isGet() {
        return bytes[0] == 'G';
    }

    /** {@return how many bytes of body follow} */
    long contentLength() {
        String value = value("content-length");
        return value.isEmpty() ? 0 : Long.parseLong(value);
    }

    /** {@return what to answer} */
    Script script() {
        String value = value(Script.HEADER);
        return value.isEmpty() ? scriptOfPath() : Script.parse(value);
    }

    /** To Bedrock no header of the client's gets through, so its streams are known by their path. */
    private Script scriptOfPath() {
        String start = new String(bytes, 0, Math.min(length, LONGEST_PATH), StandardCharsets.US_ASCII);
        return start.contains("/converse-stream ") ? Script.BEDROCK : Script.PLAIN;
    }

    /** {@return the value of a header; empty if it is not there} */
    private String value(String name) {
        for (int i = 0; i + name.length() < length; i++) {
            if (bytes[i] == '\n' && bytes[i + 1 + name.length()] == ':' && isName(i + 1, name)) {
                int from = i + 2 + name.length();
                int to = from;
                while (bytes[to] != '\r') {
                    to++;
                }
                return new String(bytes, from, to - from, StandardCharsets.US_ASCII).strip();
            }
        }
        return "";
    }

    private boolean isName(int at, String name) {
        for (int i = 0; i < name.length(); i++) {
            if (Character.toLowerCase((char) bytes[at + i]) != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
