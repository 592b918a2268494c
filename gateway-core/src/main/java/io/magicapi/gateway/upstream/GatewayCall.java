package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.Secret;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;

/**
 * A client's request after routing.
 *
 * @param requestId the gateway's id for it
 * @param provider the provider's name, as configured
 * @param keyVariable the environment variable that would hold the provider's key
 * @param operation what is asked for
 * @param method the HTTP method
 * @param path path and query, starting with {@code /v1/}
 * @param model the model as the provider knows it
 * @param stream whether a stream is asked for
 * @param includeUsage whether the stream is to end with a usage chunk
 * @param headers the client's headers after the gateway's policy
 * @param credential the key to use
 * @param body the body
 */
public record GatewayCall(
        String requestId,
        String provider,
        Optional<String> keyVariable,
        Operation operation,
        String method,
        String path,
        Optional<String> model,
        boolean stream,
        boolean includeUsage,
        Headers headers,
        Optional<Secret> credential,
        Body body)
        implements Call {

    /** {@return a body that is held in memory} */
    public static Body heldBody(Buffer buffer) {
        return ClientBody.held(buffer);
    }

    /** {@return a body that passes through while it is received} */
    public static Body streamedBody() {
        return ClientBody.streamed();
    }

    @Override
    public Secret requireCredential() {
        return credential.orElseThrow(() -> ProviderException.missingKey(provider, keyVariable));
    }

    /** {@return the same with another body} */
    GatewayCall withBody(Buffer other) {
        return new GatewayCall(
                requestId,
                provider,
                keyVariable,
                operation,
                method,
                path,
                model,
                stream,
                includeUsage,
                headers,
                credential,
                heldBody(other));
    }

    /** {@return whether the answer is a chat stream, whose rules the gateway knows and keeps} */
    boolean isChatStream() {
        return stream && operation.equals(Operation.CHAT_COMPLETIONS);
    }
}
