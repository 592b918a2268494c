package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.ProviderException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What becomes of a request's fields for which Converse has no place. */
enum UnmappedFields {
    /** They are left out, and a warning says so. */
    DROP,
    /** The request is refused. */
    REJECT;

    /** What may be said of a name in a header: it is the client's, and could be anything. */
    private static final Pattern SPEAKABLE = Pattern.compile("[A-Za-z0-9_.\\[\\]-]{1,64}");

    private static final int MOST_NAMED = 10;

    /** @throws IllegalArgumentException if there is no such policy */
    static UnmappedFields of(String provider, String word) {
        for (UnmappedFields policy : values()) {
            if (policy.name().toLowerCase(Locale.ROOT).equals(word)) {
                return policy;
            }
        }
        throw new IllegalArgumentException(
                "providers." + provider + ".options.unmapped-fields must be drop or reject, but was: " + word);
    }

    /**
     * {@return the warning for the client's developer, if there is anything to warn of}
     *
     * @param names the fields that are not sent
     * @throws ProviderException if there are any, and they are rejected
     */
    Optional<String> judge(List<String> names) {
        if (names.isEmpty()) {
            return Optional.empty();
        }
        if (this == REJECT) {
            String name = speakable(names.get(0));
            throw BedrockProvider.invalid("Bedrock's Converse API has no " + name + ": leave it out", name);
        }
        String named = names.stream()
                .limit(MOST_NAMED)
                .map(UnmappedFields::speakable)
                .distinct()
                .collect(Collectors.joining(", "));
        return Optional.of("not supported by Bedrock's Converse API, and dropped: " + named
                + (names.size() > MOST_NAMED ? ", and more" : ""));
    }

    private static String speakable(String name) {
        return SPEAKABLE.matcher(name).matches() ? name : "a field of another name";
    }
}
