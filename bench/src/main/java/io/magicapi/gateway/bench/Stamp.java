package io.magicapi.gateway.bench;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.function.LongConsumer;

/**
 * The time at which an event was due, written into the event: {@code "t":"0001234567890123456"}. It is a reading of
 * {@link System#nanoTime}, which on Linux is the same clock in all processes. So whoever receives the event knows how
 * long it took.
 */
final class Stamp {

    /** What stands in an event's template where the time goes. */
    static final String PLACEHOLDER = "\"t\":\"0000000000000000000\"";

    private static final byte[] MARKER = "\"t\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final int DIGITS = 19;

    private int matched;
    private int digits;
    private long value;

    /** Writes the time into bytes that were copied from a template. */
    static void write(ByteBuf event, int placeholder, long nanos) {
        long rest = nanos;
        for (int i = placeholder + MARKER.length + DIGITS - 1; i >= placeholder + MARKER.length; i--) {
            event.setByte(i, '0' + (int) (rest % 10));
            rest /= 10;
        }
    }

    /** Looks for stamps in the next bytes of a stream; one may have begun in those before. */
    void read(ByteBuf bytes, int from, int to, LongConsumer found) {
        for (int i = from; i < to; i++) {
            byte each = bytes.getByte(i);
            if (matched == MARKER.length) {
                value = value * 10 + each - '0';
                if (++digits == DIGITS) {
                    found.accept(value);
                    matched = 0;
                    digits = 0;
                    value = 0;
                }
            } else if (each == MARKER[matched]) {
                matched++;
            } else {
                matched = each == MARKER[0] ? 1 : 0;
            }
        }
    }
}
