package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogTimeTest {

    @Test
    @DisplayName("instants have three digits behind the point, in any order and before 1970, too")
    void text() {
        DateTimeFormatter expected =
                new DateTimeFormatterBuilder().appendInstant(3).toFormatter();
        LogTime time = new LogTime();
        Random random = new Random(7);
        long instant = 1_795_892_661_000L;
        for (int i = 0; i < 10_000; i++) {
            assertThat(time.text(instant)).isEqualTo(expected.format(Instant.ofEpochMilli(instant)));
            instant += random.nextInt(2_000) - 500;
        }
        assertThat(time.text(-1)).isEqualTo("1969-12-31T23:59:59.999Z");
    }
}
