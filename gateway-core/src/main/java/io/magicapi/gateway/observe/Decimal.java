package io.magicapi.gateway.observe;

/**
 * A decimal number that is counted in parts of a fixed size, such as milliseconds in microseconds. It becomes text only
 * where it is written, which for log lines is not on an event loop, and without the detours over binary fractions.
 */
final class Decimal extends Number {

    private static final long serialVersionUID = 1;

    private static final long MICROS_OF_A_MILLI = 1_000;
    private static final long NANOS_OF_A_MICRO = 1_000;
    private static final long NANOS_OF_ONE = 1_000_000_000;

    private final long parts;
    private final long partsOfOne;
    private final int leastDigits;

    /**
     * A number.
     *
     * @param parts not negative
     * @param partsOfOne a power of ten
     * @param leastDigits how many digits behind the point are written even if they are zeros
     */
    private Decimal(long parts, long partsOfOne, int leastDigits) {
        this.parts = parts;
        this.partsOfOne = partsOfOne;
        this.leastDigits = leastDigits;
    }

    /** {@return milliseconds, to the microsecond, as a {@code double} is written: {@code 5.884}, {@code 12.0}} */
    static Decimal millis(long nanos) {
        return new Decimal(nanos / NANOS_OF_A_MICRO, MICROS_OF_A_MILLI, 1);
    }

    /** {@return US dollars, without needless zeros: {@code 0.00123}} */
    static Decimal dollars(long nanodollars) {
        return new Decimal(nanodollars, NANOS_OF_ONE, 0);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(24).append(parts / partsOfOne);
        int point = text.length();
        // A one before the fraction keeps the zeros that it begins with; the point takes its place.
        text.append(partsOfOne + parts % partsOfOne).setCharAt(point, '.');
        int end = text.length();
        while (end > point + 1 + leastDigits && text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, end == point + 1 ? point : end);
    }

    @Override
    public double doubleValue() {
        return parts / (double) partsOfOne;
    }

    @Override
    public float floatValue() {
        return (float) doubleValue();
    }

    @Override
    public long longValue() {
        return parts / partsOfOne;
    }

    @Override
    public int intValue() {
        return (int) longValue();
    }
}
