package io.magicapi.gateway.observe;

import java.time.Instant;

/**
 * The text of instants, to the millisecond: {@code 2026-11-28T19:11:01.541Z}. Lines of the same second share what costs
 * the most. Safe for all threads.
 */
final class LogTime {

    private static final int MILLIS_OF_A_SECOND = 1000;

    private Second last = Second.of(0);

    /**
     * One second.
     *
     * @param text up to the point
     */
    private record Second(long epochSecond, String text) {

        static Second of(long epochSecond) {
            String whole = Instant.ofEpochSecond(epochSecond).toString();
            return new Second(epochSecond, whole.substring(0, whole.length() - 1) + '.');
        }
    }

    /** {@return the text of an instant} */
    String text(long epochMilli) {
        Second second = last;
        long epochSecond = Math.floorDiv(epochMilli, MILLIS_OF_A_SECOND);
        if (second.epochSecond() != epochSecond) {
            second = Second.of(epochSecond);
            last = second;
        }
        int millis = Math.floorMod(epochMilli, MILLIS_OF_A_SECOND);
        return second.text()
                + (char) ('0' + millis / 100)
                + (char) ('0' + millis / 10 % 10)
                + (char) ('0' + millis % 10)
                + 'Z';
    }
}
