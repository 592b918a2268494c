package io.magicapi.gateway.upstream;

import io.vertx.core.buffer.Buffer;
import java.util.Map;

/** Why an attempt came to nothing, before anything of its answer was delivered. */
sealed interface AttemptFailure {

    /**
     * It failed on the way.
     *
     * @param cause a {@link io.magicapi.gateway.error.GatewayException}, or a bug of ours
     */
    record OnTheWay(Throwable cause) implements AttemptFailure {}

    /**
     * The provider answered with an error.
     *
     * @param status its status
     * @param headers its headers
     * @param body what it said, in OpenAI's shape
     * @param retryable whether clients should be told to try again although they would not by themselves
     */
    record Answered(int status, Iterable<Map.Entry<String, String>> headers, Buffer body, boolean retryable)
            implements AttemptFailure {}
}
