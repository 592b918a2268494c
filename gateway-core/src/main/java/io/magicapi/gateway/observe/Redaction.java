package io.magicapi.gateway.observe;

import java.util.regex.Pattern;

/**
 * The last line of defence for logs: masks what looks like a provider key or a bearer token. Code must not log keys in
 * the first place; exceptions of libraries may quote what they were given.
 */
final class Redaction {

    private static final Pattern SECRET =
            Pattern.compile("(?i)(\\bbearer\\s+|\\b(?:sk|gsk|xai|pplx|hf|r8|key)[-_]|\\bAIza)[A-Za-z0-9_.~+/=-]{12,}");

    private Redaction() {}

    static String mask(String text) {
        return SECRET.matcher(text).replaceAll("$1…");
    }
}
