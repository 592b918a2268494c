package io.magicapi.gateway.upstream;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an answer says of when to ask again, by the first of these headers that says it: {@code retry-after-ms},
 * {@code retry-after} (seconds, or a date: RFC 9110, section 10.2.3), {@code x-ratelimit-reset-requests} and
 * {@code x-ratelimit-reset-tokens} of the one that has nothing remaining ({@code 1m2.5s}, {@code 400ms}).
 */
final class RetryAfter {

    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}(\\.\\d{1,9})?");
    private static final Pattern SPAN =
            Pattern.compile("(?:(\\d{1,4})h)?(?:(\\d{1,4})m(?!s))?(?:(\\d{1,6}(?:\\.\\d{1,9})?)s)?(?:(\\d{1,9})ms)?");

    private RetryAfter() {}

    /** {@return how long to wait, not negative; empty if the answer does not say, or not so that it makes sense} */
    static Optional<Duration> of(Iterable<Map.Entry<String, String>> headers, Instant now) {
        Optional<Duration> millis = number(header(headers, "retry-after-ms"), 1_000_000);
        return millis.or(() -> afterOrUntil(header(headers, "retry-after"), now))
                .or(() -> reset(headers, "requests"))
                .or(() -> reset(headers, "tokens"));
    }

    private static Optional<Duration> reset(Iterable<Map.Entry<String, String>> headers, String what) {
        boolean usedUp = "0".equals(header(headers, "x-ratelimit-remaining-" + what));
        return usedUp ? span(header(headers, "x-ratelimit-reset-" + what)) : Optional.empty();
    }

    private static Optional<Duration> afterOrUntil(@Nullable String text, Instant now) {
        Optional<Duration> seconds = number(text, 1_000_000_000);
        if (seconds.isPresent() || text == null) {
            return seconds;
        }
        try {
            Instant until = ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return Optional.of(until.isAfter(now) ? Duration.between(now, until) : Duration.ZERO);
        } catch (DateTimeException noDate) {
            return Optional.empty();
        }
    }

    private static Optional<Duration> number(@Nullable String text, long nanosPerUnit) {
        return text != null && NUMBER.matcher(text.strip()).matches()
                ? Optional.of(Duration.ofNanos((long) (Double.parseDouble(text.strip()) * nanosPerUnit)))
                : Optional.empty();
    }

    private static Optional<Duration> span(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return Optional.empty();
        }
        Matcher parts = SPAN.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!parts.matches()) {
            return number(text, 1_000_000_000);
        }
        return Optional.of(Duration.ofHours(whole(parts.group(1)))
                .plusMinutes(whole(parts.group(2)))
                .plusNanos((long) (Double.parseDouble(parts.group(3) == null ? "0" : parts.group(3)) * 1_000_000_000L))
                .plusMillis(whole(parts.group(4))));
    }

    private static long whole(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    private static @Nullable String header(Iterable<Map.Entry<String, String>> headers, String name) {
        for (Map.Entry<String, String> header : headers) {
            if (header.getKey().equalsIgnoreCase(name)) {
                return header.getValue();
            }
        }
        return null;
    }
}
