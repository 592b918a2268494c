package io.magicapi.gateway.observe;

import java.util.regex.Pattern;

/**
 * The last line of defence for logs: masks what looks like a provider key or a bearer token. Code must not log keys in
 * the first place; exceptions of libraries may quote what they were given.
 */
final class Redaction {

    private static final Pattern SECRET =
            Pattern.compile("(?i)(\\bbearer\\s+|\\b(?:sk|gsk|xai|pplx|hf|r8|key)[-_]|\\bAIza)[A-Za-z0-9_.~+/=-]{12,}");

    /** What {@link #SECRET} begins with, up to the character before those that end it. */
    private static final String[] BEGINNINGS = {"bearer", "sk", "gsk", "xai", "pplx", "hf", "r8", "key", "AIz"};

    /** What these end with. */
    private static final String BEGINNINGS_END_WITH = "rRkKiIxXfF8yYzZ";

    private static final int SHORTEST_BEGINNING = 2;

    private Redaction() {}

    static String mask(String text) {
        return mayHoldSecret(text) ? SECRET.matcher(text).replaceAll("$1…") : text;
    }

    /** Hardly any text does, and the pattern is slow to say so: it would be a tenth of what the access line costs. */
    private static boolean mayHoldSecret(String text) {
        for (int i = SHORTEST_BEGINNING; i < text.length(); i++) {
            char each = text.charAt(i);
            boolean ends = each == '-' || each == '_' || Character.isWhitespace(each) || each == 'a' || each == 'A';
            if (ends && BEGINNINGS_END_WITH.indexOf(text.charAt(i - 1)) >= 0 && isBeginning(text, i)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isBeginning(String text, int end) {
        for (String beginning : BEGINNINGS) {
            int length = beginning.length();
            if (text.regionMatches(true, end - length, beginning, 0, length)) {
                return true;
            }
        }
        return false;
    }
}
