package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.ProviderContext;
import io.magicapi.gateway.api.Secret;
import java.util.Optional;

/**
 * An access key of AWS, which signs requests.
 *
 * @param id names the key; not secret
 * @param secret what signs
 * @param sessionToken goes with temporary keys, and is signed and sent
 */
record AccessKey(String id, Secret secret, Optional<Secret> sessionToken) {

    /**
     * {@return the access key of the gateway's environment, if it has one}
     *
     * @throws IllegalArgumentException if it has half of one
     */
    static Optional<AccessKey> ofEnvironment(ProviderContext context) {
        Optional<Secret> id = context.environment("AWS_ACCESS_KEY_ID");
        Optional<Secret> secret = context.environment("AWS_SECRET_ACCESS_KEY");
        if (id.isPresent() != secret.isPresent()) {
            throw new IllegalArgumentException(
                    "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set: set both, or neither");
        }
        return id.map(
                name -> new AccessKey(name.reveal(), secret.orElseThrow(), context.environment("AWS_SESSION_TOKEN")));
    }
}
