package io.magicapi.gateway.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Eight bytes of an array at a time, for walks over long texts that look for a few bytes only.
 *
 * <p>What is found is said by a mask: the highest bit of a byte is set where it is found. Masks of several searches may be
 * joined by {@code |}. Only the {@linkplain #first first} one counts: what comes after it may be marked by mistake.
 */
public final class EightBytes {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;

    private EightBytes() {}

    /** {@return the bytes from {@code index} on, of which there must be as many} */
    public static long at(byte[] array, int index) {
        return (long) LONG.get(array, index);
    }

    /** {@return where the bytes are beyond ASCII, exactly} */
    public static long beyondAscii(long bytes) {
        return bytes & HIGH_BITS;
    }

    /** {@return where the bytes are a character of ASCII} */
    public static long equal(long bytes, char ascii) {
        long different = bytes ^ (ascii * ONES);
        return (different - ONES) & ~different & HIGH_BITS;
    }

    /** {@return where the bytes are a character of ASCII, or beyond ASCII: a little less work than without the latter} */
    public static long equalOrBeyondAscii(long bytes, char ascii) {
        return (bytes | ((bytes ^ (ascii * ONES)) - ONES)) & HIGH_BITS;
    }

    /** {@return where the bytes are below a character of ASCII, or beyond ASCII} */
    public static long belowOrBeyondAscii(long bytes, char ascii) {
        return (bytes | (bytes - ascii * ONES)) & HIGH_BITS;
    }

    /** {@return how many bytes come before the first that is found; eight if none is} */
    public static int first(long mask) {
        return Long.numberOfTrailingZeros(mask) / Byte.SIZE;
    }
}
