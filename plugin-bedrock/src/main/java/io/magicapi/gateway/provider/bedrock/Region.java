package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.ProviderContext;
import io.magicapi.gateway.api.Secret;
import java.util.Optional;
import java.util.regex.Pattern;

/** A region of AWS, by its code: {@code eu-central-1}. */
record Region(String code) {

    private static final Pattern SHAPE = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?");

    /** Where there is nothing that says otherwise. */
    static final Region DEFAULT = new Region("us-east-1");

    /** @throws IllegalArgumentException if it could not be part of a host's name */
    Region {
        if (!SHAPE.matcher(code).matches()) {
            throw new IllegalArgumentException(
                    "a region is a code such as us-east-1, in lower-case letters, digits and dashes, but was: " + code);
        }
    }

    /** {@return the region of the environment, where AWS's tools look for it too} */
    static Optional<Region> of(ProviderContext context) {
        return context.environment("AWS_REGION")
                .or(() -> context.environment("AWS_DEFAULT_REGION"))
                .map(Secret::reveal)
                .map(Region::new);
    }

    /** {@return the URL of Bedrock's runtime there} */
    String endpoint() {
        return "https://bedrock-runtime." + code + ".amazonaws.com" + (code.startsWith("cn-") ? ".cn" : "");
    }
}
