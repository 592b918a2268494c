package io.magicapi.gateway.provider.anthropic;

import io.magicapi.gateway.api.ProviderException;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** What of one request is lost in translation. Says so to the client's developer, or refuses the request. */
final class Losses {

    private static final int MAX_NAME = 60;

    private final Policy policy;
    private final Set<String> lost = new LinkedHashSet<>();

    /** What becomes of a field that cannot be translated. */
    enum Policy {
        /** It is left out, and named in a warning. */
        DROP,
        /** The request is refused. */
        REJECT
    }

    Losses(Policy policy) {
        this.policy = policy;
    }

    /**
     * Notes a loss.
     *
     * @param what such as {@code seed} or {@code temperature above 1}
     * @param param the field, such as {@code messages[2].name}
     * @throws ProviderException if nothing may be lost
     */
    void lose(String what, String param) {
        if (policy == Policy.REJECT) {
            throw new ProviderException(
                    ProviderException.Kind.INVALID_REQUEST,
                    "Anthropic does not support " + what + ": leave it out (unmapped-fields is reject)",
                    param);
        }
        lost.add(what);
    }

    /** Notes a field that is lost whole. */
    void lose(String field) {
        lose(printable(field), field);
    }

    /** {@return what to tell the client's developer, if there is anything} */
    Optional<String> warning() {
        return lost.isEmpty()
                ? Optional.empty()
                : Optional.of("not supported by Anthropic, so left out or changed: " + String.join(", ", lost));
    }

    /** The client may call a field anything; a header may not hold everything. */
    private static String printable(String name) {
        StringBuilder safe = new StringBuilder();
        for (int i = 0; i < name.length() && i < MAX_NAME; i++) {
            char c = name.charAt(i);
            safe.append(c > ' ' && c < 0x7f && c != ',' ? c : '?');
        }
        return safe.toString();
    }
}
