package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;

/**
 * The client of a chat stream that another target may go on with, or that itself goes on with another's. It notes what
 * is delivered, and lets pass what goes on with it.
 *
 * <p>As long as nothing of it could be delivered, a stream that breaks off is as good as none.
 */
final class ContinuedStream extends FilteredClient {

    private final DeliveredText delivered;
    private final Optional<Continuation> continuation;
    private final Runnable unusable;
    private boolean over;

    /**
     * The client of a stream of which nothing has come.
     *
     * @param client the attempt
     * @param continuation empty if it is this stream that begins the answer
     * @param unusable called once, if the stream does not go on with what was delivered
     */
    ContinuedStream(
            ClientSide client, DeliveredText delivered, Optional<Continuation> continuation, Runnable unusable) {
        super(client);
        this.delivered = delivered;
        this.continuation = continuation;
        this.unusable = unusable;
    }

    @Override
    public void write(Buffer bytes) {
        Buffer out = taken(bytes);
        if (out.length() > 0) {
            client.write(out);
        } else {
            giveUpIf(continuation.filter(Continuation::isUnusable).isPresent());
        }
    }

    @Override
    public void end(Buffer bytes) {
        Buffer out = taken(bytes);
        giveUpIf(!isJoined());
        if (!over) {
            client.end(out);
        }
    }

    private Buffer taken(Buffer bytes) {
        Buffer out = continuation.map(known -> known.take(bytes)).orElse(bytes);
        delivered.note(out);
        return out;
    }

    private boolean isJoined() {
        return continuation.map(Continuation::isJoined).orElse(true);
    }

    private void giveUpIf(boolean hopeless) {
        if (hopeless && !over) {
            over = true;
            unusable.run();
        }
    }

    /** What came before the error is delivered, so that nothing remains to be told but the error. */
    @Override
    public void breakOff(GatewayException cause, Buffer words) {
        if (over) {
            return;
        }
        if (!isJoined()) {
            client.refuse(cause);
            return;
        }
        List<EventLines> events = EventLines.split(words);
        int error = events.isEmpty()
                ? 0
                : words.length() - events.get(events.size() - 1).whole().length();
        write(words.slice(0, error));
        client.breakOff(cause, words.slice(error, words.length()));
    }
}
