package io.magicapi.gateway.upstream;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What clients say of the codings they can read: RFC 9110, section 12.5.3. */
final class Codings {

    private static final Pattern REFUSED = Pattern.compile("q\\s*=\\s*0(\\.0*)?");

    private Codings() {}

    /** {@return whether one of these {@code accept-encoding} lines names the coding, and does not refuse it} */
    static boolean accepted(List<String> lines, String coding) {
        String wanted = coding.strip().toLowerCase(Locale.ROOT);
        for (String line : lines) {
            for (String accepted : line.toLowerCase(Locale.ROOT).split(",", -1)) {
                String[] nameAndWeight = accepted.split(";", 2);
                if (nameAndWeight[0].strip().equals(wanted)) {
                    return nameAndWeight.length < 2
                            || !REFUSED.matcher(nameAndWeight[1].strip()).matches();
                }
            }
        }
        return false;
    }
}
