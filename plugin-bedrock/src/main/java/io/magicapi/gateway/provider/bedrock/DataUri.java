package io.magicapi.gateway.provider.bedrock;

import java.util.Locale;
import java.util.Optional;

/**
 * A URL that holds its data ({@code data:image/png;base64,…}, RFC 2397), as far as Base64 goes.
 *
 * @param mediaType in lower case, without parameters; may be empty
 * @param base64 the data, still in Base64
 */
record DataUri(String mediaType, String base64) {

    private static final String SCHEME = "data:";

    /** {@return the parts of such a URL; empty if it is none, or not in Base64} */
    static Optional<DataUri> of(String url) {
        int comma = url.indexOf(',');
        if (comma < 0 || !url.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return Optional.empty();
        }
        String head = url.substring(SCHEME.length(), comma).toLowerCase(Locale.ROOT);
        if (!head.endsWith(";base64")) {
            return Optional.empty();
        }
        int parameters = head.indexOf(';');
        return Optional.of(new DataUri(head.substring(0, parameters).strip(), url.substring(comma + 1)));
    }
}
