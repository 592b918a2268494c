package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.plugins.ProviderGeneration;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a client asks for, whoever is going to answer.
 *
 * @param requestId the gateway's id for it
 * @param operation what is asked for
 * @param method the HTTP method
 * @param path path and query, starting with {@code /v1/}
 * @param stream whether a stream is asked for
 * @param includeUsage whether the stream is to end with a usage chunk
 * @param headers what a provider may see of the client's headers, with those by which it takes credentials
 * @param key the caller's own key, if it is to be used
 * @param body the body for a target
 */
public record Inquiry(
        String requestId,
        Operation operation,
        String method,
        String path,
        boolean stream,
        boolean includeUsage,
        Function<ProviderGeneration, Headers> headers,
        Optional<Secret> key,
        Function<Target, Body> body) {

    /** {@return whether the answer is a chat stream, whose rules the gateway knows and keeps} */
    boolean isChatStream() {
        return stream && operation.equals(Operation.CHAT_COMPLETIONS);
    }

    /**
     * {@return the request as one provider is to be asked}
     *
     * @param credential the key to use
     */
    GatewayCall call(ProviderGeneration provider, Target target, Optional<Secret> credential) {
        return new GatewayCall(
                requestId,
                provider.name(),
                provider.keyVariable(),
                operation,
                method,
                path,
                target.model(),
                stream,
                includeUsage,
                headers.apply(provider),
                credential,
                body.apply(target));
    }
}
