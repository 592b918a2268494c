package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DecimalTest {

    private final Random random = new Random(7);

    /** {@return a number of some length that is as likely to be short as to be long} */
    private long number() {
        return random.nextLong() >>> (1 + random.nextInt(63));
    }

    @Test
    @DisplayName("milliseconds are written as a double is, to the microsecond, whatever their size")
    void millis() {
        assertThat(Decimal.millis(999)).hasToString("0.0");
        assertThat(Decimal.millis(1_000)).hasToString("0.001");
        assertThat(Decimal.millis(5_884_999)).hasToString("5.884");
        assertThat(Decimal.millis(12_000_000)).hasToString("12.0");
        assertThat(Decimal.millis(36_000_000_000_000L)).hasToString("36000000.0");
        for (int i = 0; i < 10_000; i++) {
            long nanos = number() % 10_000_000_000_000L;
            assertThat(Decimal.millis(nanos)).hasToString(Double.toString(nanos / 1000 / 1000.0));
            assertThat(Decimal.millis(nanos).doubleValue()).isEqualTo(nanos / 1000 / 1000.0);
        }
    }

    @Test
    @DisplayName("dollars are written exactly, without needless zeros and without an exponent")
    void dollars() {
        assertThat(Decimal.dollars(0)).hasToString("0");
        assertThat(Decimal.dollars(1)).hasToString("0.000000001");
        assertThat(Decimal.dollars(3_000_000_000L)).hasToString("3");
        for (int i = 0; i < 10_000; i++) {
            long nanos = number();
            assertThat(Decimal.dollars(nanos))
                    .hasToString(
                            BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString());
        }
    }

    @Test
    @DisplayName("as a number it is what its text says, cut where the kind of number has no room")
    void kinds() {
        Decimal millis = Decimal.millis(5_884_000);

        assertThat(millis.doubleValue()).isEqualTo(5.884);
        assertThat(millis.floatValue()).isEqualTo(5.884f);
        assertThat(millis.longValue()).isEqualTo(5);
        assertThat(millis.intValue()).isEqualTo(5);
    }
}
