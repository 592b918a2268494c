package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A stream that broke off.
 *
 * @param cause why
 * @param words the last that the client is told if nobody goes on with it
 */
record Broken(GatewayException cause, Buffer words) {

    /** {@return a failure as it is told in a stream; empty if it is a bug of ours} */
    static Optional<Broken> of(AttemptFailure failure) {
        if (failure instanceof AttemptFailure.Answered answered) {
            GatewayException told =
                    new GatewayException(ErrorCode.UPSTREAM_CUT, "the provider reported an error in the stream");
            String body = Json.parse(answered.body().getBytes()).toString(); // in one line
            return Optional.of(
                    new Broken(told, Buffer.buffer(EventLines.errorEvent(body.getBytes(StandardCharsets.UTF_8)))));
        }
        return ((AttemptFailure.OnTheWay) failure).cause() instanceof GatewayException cause
                ? Optional.of(new Broken(cause, RawAnswer.errorEvent(cause)))
                : Optional.empty();
    }
}
