package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.AttemptRecord;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import java.util.function.Function;

/** Collects an answer, and has it translated when it is whole. */
final class TranslatedBody implements Answer {

    private final ClientSide client;
    private final Function<Buffer, Future<Buffer>> translation;
    private final Consumer<Buffer> send;
    private final int limit;
    private final Buffer body = Buffer.buffer();
    private boolean over;

    /**
     * An answer of which nothing has come.
     *
     * @param translation fails with a {@link GatewayException} only
     * @param send takes the translation
     * @param limit how long the answer may be, in bytes
     */
    TranslatedBody(ClientSide client, Function<Buffer, Future<Buffer>> translation, Consumer<Buffer> send, int limit) {
        this.client = client;
        this.translation = translation;
        this.send = send;
        this.limit = limit;
    }

    @Override
    public void chunk(Buffer bytes) {
        if (over) {
            return;
        }
        if (body.length() + bytes.length() > limit) {
            over = true;
            client.refuse(new GatewayException(
                    ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                    "the provider's answer is longer than the " + limit + " bytes that can be translated"));
        } else {
            body.appendBuffer(bytes);
        }
    }

    @Override
    public void end() {
        if (over) {
            return;
        }
        over = true;
        translation.apply(body).onSuccess(send::accept).onFailure(failure -> client.refuse((GatewayException) failure));
    }

    @Override
    public void settle(AttemptRecord record) {
        if (DocumentKind.of(body).isNoAnswer()) {
            record.usedNothing();
        }
    }

    @Override
    public void cut(GatewayException cause) {
        if (!over) {
            over = true;
            client.refuse(cause);
        }
    }
}
