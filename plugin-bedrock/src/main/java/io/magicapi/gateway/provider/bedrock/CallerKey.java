package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.Secret;
import java.util.List;
import java.util.Optional;

/** The access key a caller brings, in headers. They are read and never sent on. */
final class CallerKey {

    private static final String ID = "x-aws-access-key-id";
    private static final String SECRET = "x-aws-secret-access-key";
    private static final String TOKEN = "x-aws-session-token";
    static final String REGION = "x-aws-region";

    /** All of them, in lower case. */
    static final List<String> HEADERS = List.of(ID, SECRET, TOKEN, REGION);

    private CallerKey() {}

    /**
     * {@return the caller's access key, if it brings one}
     *
     * @throws ProviderException if it brings half of one
     */
    static Optional<AccessKey> of(Headers headers) {
        Optional<String> id = value(headers, ID);
        Optional<String> secret = value(headers, SECRET);
        if (id.isPresent() != secret.isPresent()) {
            throw new ProviderException(
                    ProviderException.Kind.UNAUTHENTICATED, "an access key needs both " + ID + " and " + SECRET);
        }
        return id.map(name -> new AccessKey(
                name, Secret.of(secret.orElseThrow()), value(headers, TOKEN).map(Secret::of)));
    }

    /**
     * Checks that the caller's region, if it names one, is the one that is asked.
     *
     * @throws ProviderException if it is another
     */
    static void checkRegion(Headers headers, Region served) {
        value(headers, REGION).filter(code -> !code.equals(served.code())).ifPresent(other -> {
            throw BedrockProvider.invalid(
                    REGION + " names another region than " + served.code()
                            + ", which is the one this provider serves: leave it out, or choose a provider that is"
                            + " configured for that region",
                    REGION);
        });
    }

    private static Optional<String> value(Headers headers, String name) {
        return headers.get(name).map(String::strip).filter(value -> !value.isEmpty());
    }
}
