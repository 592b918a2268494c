package io.magicapi.gateway.bench;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the answers of one HTTP/1.1 connection, one after the other, as cheaply as it can: it finds the end of each, its
 * status, and, if told to, the {@link Stamp}s in it.
 */
final class AnswerReader {

    private static final int LONGEST_HEAD = 16 * 1024;

    private enum At {
        HEAD,
        BODY,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER
    }

    private final @Nullable LongConsumer stamped;
    private final Stamp stamp = new Stamp();
    private final byte[] head = new byte[LONGEST_HEAD];
    private int headLength;
    private At at = At.HEAD;
    private long missing;
    private int lineLength;
    private int status;
    private boolean closes;

    /**
     * A reader for one connection.
     *
     * @param stamped told of each stamp; null to look for none
     */
    AnswerReader(@Nullable LongConsumer stamped) {
        this.stamped = stamped;
    }

    /** {@return whether an answer has come whole} It takes no byte beyond that. */
    boolean read(ByteBuf in) {
        while (in.isReadable()) {
            switch (at) {
                case HEAD -> {
                    if (readHead(in.readByte())) {
                        headEnded();
                        if (at == At.BODY && missing == 0) {
                            return whole();
                        }
                    }
                }
                case BODY -> {
                    take(in);
                    if (missing == 0) {
                        return whole();
                    }
                }
                case CHUNK_SIZE -> readSize(in.readByte());
                case CHUNK -> {
                    take(in);
                    if (missing == 0) {
                        at = At.CHUNK_END;
                    }
                }
                case CHUNK_END -> {
                    if (in.readByte() == '\n') {
                        at = At.CHUNK_SIZE;
                    }
                }
                case TRAILER -> {
                    byte each = in.readByte();
                    if (each == '\n' && lineLength == 0) {
                        return whole();
                    }
                    lineLength = each == '\n' ? 0 : each == '\r' ? lineLength : lineLength + 1;
                }
            }
        }
        return false;
    }

    /** {@return the status of the last answer} */
    int status() {
        return status;
    }

    /** {@return whether anything of the next answer has come} */
    boolean hasBegun() {
        return at != At.HEAD || headLength > 0;
    }

    /** {@return whether the server will close the connection after the last answer} */
    boolean closes() {
        return closes;
    }

    private boolean whole() {
        at = At.HEAD;
        return true;
    }

    private boolean readHead(byte each) {
        if (headLength == LONGEST_HEAD) {
            throw new IllegalStateException("the head of an answer is too long");
        }
        head[headLength++] = each;
        return each == '\n'
                && headLength >= 4
                && head[headLength - 2] == '\r'
                && head[headLength - 3] == '\n'
                && head[headLength - 4] == '\r';
    }

    private void headEnded() {
        String text = new String(head, 0, headLength, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
        headLength = 0;
        status = Integer.parseInt(text.substring(9, 12));
        closes = text.contains("\r\nconnection: close");
        int length = text.indexOf("\r\ncontent-length:");
        if (length >= 0) {
            int from = length + "\r\ncontent-length:".length();
            missing = Long.parseLong(
                    text.substring(from, text.indexOf('\r', from)).strip());
            at = At.BODY;
        } else if (text.contains("\r\ntransfer-encoding: chunked")) {
            missing = 0;
            at = At.CHUNK_SIZE;
        } else {
            throw new IllegalStateException("an answer has neither length nor chunks");
        }
    }

    private void readSize(byte each) {
        int digit = Character.digit(each, 16);
        if (digit >= 0) {
            missing = missing * 16 + digit;
        } else if (each == '\n') {
            lineLength = 0;
            at = missing == 0 ? At.TRAILER : At.CHUNK;
        }
    }

    private void take(ByteBuf in) {
        int taken = (int) Math.min(missing, in.readableBytes());
        if (stamped != null) {
            stamp.read(in, in.readerIndex(), in.readerIndex() + taken, stamped);
        }
        in.skipBytes(taken);
        missing -= taken;
    }
}
