package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorBody;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.AttemptRecord;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** Relays the bytes as they come; token usage is read in passing. Streams of named events go this way too. */
final class RawAnswer implements Answer {

    private final ClientSide client;
    private final boolean eventStream;
    private final @Nullable UsageReader usage;
    private long missing;
    private long received;
    private @Nullable DocumentKind kind;

    /**
     * A relay whose head is ready to be written with the first bytes.
     *
     * @param length the announced length; negative if the body is chunked, or is to be ended with the upstream's answer
     * @param eventStream whether a failure can be told in the stream itself
     * @param usage reads token usage from the body, if it is worth trying
     */
    RawAnswer(ClientSide client, long length, boolean eventStream, @Nullable UsageReader usage) {
        this.client = client;
        this.missing = length;
        this.eventStream = eventStream;
        this.usage = usage;
    }

    @Override
    public void chunk(Buffer bytes) {
        if (kind == null) {
            kind = DocumentKind.of(bytes);
        }
        received += bytes.length();
        if (usage != null) {
            usage.read(bytes);
        }
        if (missing >= 0) {
            missing -= bytes.length();
        }
        if (missing == 0) {
            // The whole length is there: one write less than waiting for the end.
            client.end(bytes);
        } else {
            client.write(bytes);
        }
    }

    @Override
    public void end() {
        client.end(Buffer.buffer());
    }

    @Override
    public void cut(GatewayException cause) {
        if (kind != null) {
            client.breakOff(cause, eventStream ? errorEvent(cause) : Buffer.buffer());
        } else {
            client.refuse(cause);
        }
    }

    @Override
    public void settle(AttemptRecord record) {
        if (kind != null && kind.isNoAnswer()) {
            record.usedNothing();
        }
        if (usage != null) {
            record.used(usage.usage());
            record.seemsToHave(eventStream ? usage.documents() : AttemptRecord.tokens(received));
        }
    }

    /** {@return a failure of ours as an event of a stream} */
    static Buffer errorEvent(GatewayException cause) {
        return Buffer.buffer(EventLines.errorEvent(ErrorBody.of(cause)));
    }
}
