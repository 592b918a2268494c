package io.magicapi.gateway.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EightBytesTest {

    /** Neighbours of what is looked for, and the bytes at which subtraction borrows. */
    private static final byte[] BYTES = {0, 1, 31, ' ', '!', '"', '#', '[', '\\', ']', 'a', 127, -128, -94, -36, -1};

    @Test
    @DisplayName("the first byte that is found is the one that a loop finds")
    void first() {
        Random random = new Random(1);
        byte[] array = new byte[11];
        for (int round = 0; round < 200_000; round++) {
            for (int i = 0; i < array.length; i++) {
                array[i] = BYTES[random.nextInt(BYTES.length)];
            }
            int from = round % 4;
            int quote = 0;
            int blank = 0;
            int ascii = 0;
            while (quote < Long.BYTES && array[from + quote] != '"') {
                quote++;
            }
            while (blank < Long.BYTES && (array[from + blank] & 0xff) >= ' ') {
                blank++;
            }
            while (ascii < Long.BYTES && array[from + ascii] >= 0) {
                ascii++;
            }

            long bytes = EightBytes.at(array, from);

            assertThat(EightBytes.first(EightBytes.equal(bytes, '"'))).isEqualTo(quote);
            assertThat(EightBytes.first(EightBytes.beyondAscii(bytes))).isEqualTo(ascii);
            assertThat(EightBytes.first(EightBytes.equalOrBeyondAscii(bytes, '"')))
                    .isEqualTo(Math.min(quote, ascii));
            assertThat(EightBytes.first(EightBytes.belowOrBeyondAscii(bytes, ' ')))
                    .isEqualTo(Math.min(blank, ascii));
            assertThat(EightBytes.first(EightBytes.equal(bytes, '"') | EightBytes.belowOrBeyondAscii(bytes, ' ')))
                    .isEqualTo(Math.min(quote, Math.min(blank, ascii)));
        }
    }
}
