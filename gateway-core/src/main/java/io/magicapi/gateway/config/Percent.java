package io.magicapi.gateway.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a hundred, written as {@code 5%} or {@code 0.25%}.
 *
 * @param hundredths how many hundredths of a percent; not negative
 */
public record Percent(int hundredths) {

    private static final Pattern SHAPE = Pattern.compile("(\\d{1,5})(?:\\.(\\d{1,2}))?\\s*%");

    public Percent {
        if (hundredths < 0) {
            throw new IllegalArgumentException("a percentage must not be negative: " + hundredths);
        }
    }

    /**
     * {@return the percentage a text stands for}
     *
     * @throws IllegalArgumentException if it has another form
     */
    public static Percent parse(String text) {
        Matcher matcher = SHAPE.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not a percentage; write for example 5%");
        }
        String fraction = matcher.group(2) == null ? "00" : (matcher.group(2) + "0").substring(0, 2);
        return new Percent(Integer.parseInt(matcher.group(1) + fraction));
    }

    /** {@return so many percent} */
    public static Percent of(int whole) {
        return new Percent(whole * 100);
    }

    /** {@return it as a factor: 0.05 for 5%} */
    public double fraction() {
        return hundredths / 10_000.0;
    }

    @Override
    public String toString() {
        int rest = hundredths % 100;
        String fraction = rest == 0 ? "" : "." + (rest % 10 == 0 ? rest / 10 : (rest < 10 ? "0" : "") + rest);
        return hundredths / 100 + fraction + "%";
    }
}
