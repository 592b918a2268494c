package io.magicapi.gateway.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes, written as {@code 32MiB}, {@code 16KiB}, {@code 1GiB} or plain {@code 4096}.
 *
 * @param bytes how many; not negative
 */
public record DataSize(long bytes) {

    private static final Pattern SHAPE = Pattern.compile("(\\d{1,9})\\s*(B|KIB|MIB|GIB)?");

    public DataSize {
        if (bytes < 0) {
            throw new IllegalArgumentException("a size must not be negative: " + bytes);
        }
    }

    /**
     * {@return the size a text stands for}
     *
     * @throws IllegalArgumentException if it has another form
     */
    public static DataSize parse(String text) {
        Matcher matcher = SHAPE.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not a size; write for example 32MiB, 16KiB or 4096");
        }
        String unit = matcher.group(2);
        int shift = unit == null || unit.equals("B") ? 0 : unit.equals("KIB") ? 10 : unit.equals("MIB") ? 20 : 30;
        return new DataSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
    }

    /** {@return the size in MiB} */
    public static DataSize mebibytes(long count) {
        return new DataSize(count << 20);
    }

    /** {@return the size in KiB} */
    public static DataSize kibibytes(long count) {
        return new DataSize(count << 10);
    }

    /** {@return the size as an int, as Vert.x options take it; at most {@link Integer#MAX_VALUE}} */
    public int toInt() {
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    @Override
    public String toString() {
        for (int shift = 30; shift > 0; shift -= 10) {
            if (bytes != 0 && bytes % (1L << shift) == 0) {
                return (bytes >> shift) + (shift == 30 ? "GiB" : shift == 20 ? "MiB" : "KiB");
            }
        }
        return bytes + "B";
    }
}
