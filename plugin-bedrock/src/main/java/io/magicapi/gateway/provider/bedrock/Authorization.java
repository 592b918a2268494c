package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.Secret;
import java.util.Optional;

/**
 * Decides with which credential a request is sent, and adds it.
 *
 * @param provider the provider's name, for messages
 * @param region where requests go
 * @param signer signs with access keys
 * @param held the gateway's own access key, for calls that come with no credential
 */
record Authorization(String provider, Region region, Signer signer, Optional<AccessKey> held) {

    /**
     * {@return the headers with what authorizes the request}
     *
     * @param path the request's path, below the base URL
     * @throws ProviderException if there is no credential, or one that cannot be used
     */
    Headers sign(Call call, String path, Headers headers, Body body) {
        CallerKey.checkRegion(call.headers(), region);
        Optional<AccessKey> callers = CallerKey.of(call.headers());
        Optional<Secret> bearer = call.credential();
        if (callers.isEmpty() && bearer.isPresent()) {
            return headers.with("authorization", "Bearer " + bearer.get().reveal());
        }
        AccessKey key = callers.or(() -> held).orElseThrow(this::missing);
        return signer.sign(key, path, headers, body);
    }

    private ProviderException missing() {
        return new ProviderException(
                ProviderException.Kind.UNAUTHENTICATED,
                "no credential for provider " + provider
                        + ": send a Bedrock API key (Authorization: Bearer <key>) or an access key"
                        + " (x-aws-access-key-id and x-aws-secret-access-key), or set AWS_BEARER_TOKEN_BEDROCK, or"
                        + " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, where the gateway runs");
    }
}
