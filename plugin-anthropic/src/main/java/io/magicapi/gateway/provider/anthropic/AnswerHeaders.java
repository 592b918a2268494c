package io.magicapi.gateway.provider.anthropic;

import io.magicapi.gateway.api.Headers;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;

/**
 * Gives an answer's headers the names they have in OpenAI's API ("Rate limits" in Anthropic's documentation): {@code
 * anthropic-ratelimit-requests-remaining} becomes {@code x-ratelimit-remaining-requests}, and so on for each kind of
 * limit. Anthropic says when a limit is lifted, OpenAI in how long: {@code 12s}.
 */
final class AnswerHeaders {

    private static final String LIMITS = "anthropic-ratelimit-";

    private AnswerHeaders() {}

    /** {@return the headers to use} */
    static Headers translate(Headers received, Instant now) {
        Headers.Builder made = Headers.builder();
        received.forEach((name, value) -> {
            if (name.equals("request-id")) {
                made.add("x-request-id", value);
            } else if (name.startsWith(LIMITS)) {
                addLimit(name.substring(LIMITS.length()), value, now, made);
            } else if (!name.equals("x-request-id")) {
                made.add(name, value);
            }
        });
        return made.build();
    }

    private static void addLimit(String name, String value, Instant now, Headers.Builder made) {
        int dash = name.lastIndexOf('-');
        String measure = name.substring(dash + 1);
        String told = measure.equals("reset") ? wait(value, now) : value;
        if (dash > 0 && !told.isEmpty()) {
            made.add("x-ratelimit-" + measure + "-" + name.substring(0, dash), told);
        }
    }

    /** {@return how long it is from now until a time of RFC 3339; empty if it is none} */
    private static String wait(String time, Instant now) {
        try {
            Duration left = Duration.between(now, OffsetDateTime.parse(time).toInstant());
            return left.isNegative() ? "0s" : left.plusMillis(999).toSeconds() + "s";
        } catch (DateTimeParseException e) {
            return "";
        }
    }
}
