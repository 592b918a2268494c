package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;

/** Collects the body of an error answer, so that it can be given OpenAI's shape if it has another. */
final class ErrorAnswer implements Answer {

    /** Nobody explains an error at greater length; what is longer is not the provider's own. */
    private static final int LIMIT = 1024 * 1024;

    private final Consumer<Buffer> send;
    private final Buffer body = Buffer.buffer();
    private boolean unusable;

    /**
     * Nothing of this answer has been written yet.
     *
     * @param readable whether the body can be read; if not, the status has to speak for itself
     * @param send takes what the body says, once; nothing if it says nothing
     */
    ErrorAnswer(boolean readable, Consumer<Buffer> send) {
        this.unusable = !readable;
        this.send = send;
    }

    @Override
    public void chunk(Buffer bytes) {
        if (body.length() + bytes.length() > LIMIT) {
            unusable = true;
        } else if (!unusable) {
            body.appendBuffer(bytes);
        }
    }

    @Override
    public void end() {
        send.accept(unusable ? Buffer.buffer() : body);
    }

    @Override
    public void cut(GatewayException cause) {
        // The status is known, and half an explanation is none.
        send.accept(Buffer.buffer());
    }
}
