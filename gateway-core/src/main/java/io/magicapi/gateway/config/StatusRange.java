package io.magicapi.gateway.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * HTTP statuses: one, as {@code 429}, or all of a class, as {@code 5xx}.
 *
 * @param from the first, from 100
 * @param to the last, up to 599
 */
public record StatusRange(int from, int to) {

    private static final Pattern SHAPE = Pattern.compile("([1-5])(\\d\\d|xx)");

    /** {@return one status} */
    public static StatusRange of(int status) {
        return new StatusRange(status, status);
    }

    /**
     * {@return the statuses a text stands for}
     *
     * @throws IllegalArgumentException if it has another form
     */
    public static StatusRange parse(String text) {
        Matcher matcher = SHAPE.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("must be statuses such as 429 or 5xx");
        }
        int hundreds = Integer.parseInt(matcher.group(1)) * 100;
        return matcher.group(2).equals("xx")
                ? new StatusRange(hundreds, hundreds + 99)
                : of(hundreds + Integer.parseInt(matcher.group(2)));
    }

    /** {@return whether a status is one of these} */
    public boolean contains(int status) {
        return from <= status && status <= to;
    }

    @Override
    public String toString() {
        return from == to ? Integer.toString(from) : from / 100 + "xx";
    }
}
