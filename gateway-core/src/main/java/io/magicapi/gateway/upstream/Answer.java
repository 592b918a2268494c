package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.AttemptRecord;
import io.vertx.core.buffer.Buffer;

/** What becomes of an upstream's body on its way to the client. Chosen at the response's head, used on its loop. */
interface Answer {

    /** Some more of the body has come. */
    void chunk(Buffer bytes);

    /** The upstream has sent all it meant to send. */
    void end();

    /**
     * Tells what is known of the tokens of the answer by now. Called once, when the attempt is over, however it ended.
     */
    default void settle(AttemptRecord record) {}

    /** The upstream broke off: connection lost, or silent for too long. Nothing more will come. */
    void cut(GatewayException cause);
}
