package io.magicapi.gateway.observe;

import java.math.BigDecimal;

/** US dollars, counted in whole nanodollars. */
final class Money {

    private Money() {}

    /** {@return dollars as a plain decimal number without needless zeros: {@code 0.00123}} */
    static String text(long nanos) {
        return BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString();
    }

    static double dollars(long nanos) {
        return nanos / 1e9;
    }
}
