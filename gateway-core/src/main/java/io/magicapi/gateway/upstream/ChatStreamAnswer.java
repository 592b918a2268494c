package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.AttemptRecord;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Relays a chat stream, watched by {@link ChatStreamScanner}, so that it ends in one of two ways only: whole, or visibly
 * broken. (Every SDK takes a stream that just ends for a whole answer.)
 *
 * <p>Nothing is written before the first byte that is no blank, and nothing of what is to be {@linkplain Holding held}: a
 * stream that breaks off while all of it is held is an ordinary failure. If the first byte opens a JSON object or a web
 * page, the upstream did not stream at all, whatever its Content-Type says: an error becomes an error answer, a completion
 * becomes a stream.
 */
final class ChatStreamAnswer implements Answer {

    /** Of a stream that says nothing for so long, somebody may want to see what it says instead. */
    private static final int MAX_OPENING = 64 * 1024;

    /** An answer that is longer is delivered as it comes from there on, so that memory has a bound. */
    private static final int MAX_ANSWER = 8 * 1024 * 1024;

    private static final Optional<String> NOT_STREAMED =
            Optional.of("the provider did not stream; its answer was cut into chunks");

    private final ClientSide client;
    private final ChatStreamScanner scanner;
    private final boolean includeUsage;
    private final Holding holding;
    private final int documentLimit;

    private Buffer held = Buffer.buffer();
    private Form form = Form.UNKNOWN;
    private boolean begun;
    private boolean committed;
    private boolean over;

    private enum Form {
        UNKNOWN,
        STREAM,
        DOCUMENT
    }

    /**
     * An answer of which nothing has been written.
     *
     * @param includeUsage whether the client asked for a usage chunk
     * @param documentLimit how long an answer may be that is no stream, in bytes
     */
    ChatStreamAnswer(
            ClientSide client, ChatStreamScanner scanner, boolean includeUsage, Holding holding, int documentLimit) {
        this.client = client;
        this.scanner = scanner;
        this.includeUsage = includeUsage;
        this.holding = holding;
        this.documentLimit = documentLimit;
    }

    @Override
    public void chunk(Buffer bytes) {
        if (over) {
            return;
        }
        switch (form) {
            case STREAM -> relay(bytes);
            case DOCUMENT -> collect(bytes);
            case UNKNOWN -> {
                Byte first = firstByte(bytes);
                if (first == null) {
                    return; // blanks, which mean nothing in either form
                }
                form = first == '{' || first == '[' || first == '<' ? Form.DOCUMENT : Form.STREAM;
                if (form == Form.STREAM) {
                    if (holding == Holding.NOTHING) {
                        commit();
                    }
                    relay(bytes);
                } else {
                    collect(bytes);
                }
            }
        }
    }

    private static @Nullable Byte firstByte(Buffer bytes) {
        int first = DocumentKind.skipBlanks(bytes, 0);
        return first < bytes.length() ? bytes.getByte(first) : null;
    }

    private void begin() {
        if (!begun) {
            begun = true;
            client.beginStream(form == Form.DOCUMENT ? NOT_STREAMED : Optional.empty());
        }
    }

    private void commit() {
        committed = true;
        begin();
    }

    private void relay(Buffer bytes) {
        Buffer out;
        try {
            out = scanner.scan(bytes);
        } catch (GatewayException broken) {
            breakOff(broken, RawAnswer.errorEvent(broken));
            return;
        }
        if (!committed && !scanner.failed() && !scanner.malformed()) {
            out = opened(out);
        }
        if (scanner.failed()) {
            breakOff(upstreamError(), out);
        } else if (scanner.malformed()) {
            breakOffAfter(out, malformed());
        } else if (scanner.done() && scanner.empty()) {
            breakOffEmpty();
        } else if (scanner.done()) {
            finish(out);
        } else if (out.length() > 0) {
            client.write(out);
        }
    }

    /** {@return all that was held, if no more is to be held; otherwise nothing} */
    private Buffer opened(Buffer events) {
        held.appendBuffer(events);
        boolean whole = scanner.done() && !scanner.empty();
        boolean opened = begun || whole || held.length() >= MAX_OPENING || Opening.hasWord(events);
        if (whole || (opened && holding == Holding.OPENING) || held.length() >= MAX_ANSWER) {
            return heldSoFar();
        }
        if (opened && !begun) {
            begin();
            client.keepAlive();
        }
        return Buffer.buffer();
    }

    private Buffer heldSoFar() {
        commit();
        Buffer all = held;
        held = Buffer.buffer();
        return all;
    }

    private void collect(Buffer bytes) {
        if (held.length() + bytes.length() > documentLimit) {
            over = true;
            client.refuse(new GatewayException(
                    ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                    "the provider answered a stream request with one huge document"));
        } else {
            held.appendBuffer(bytes);
            if (holding == Holding.ANSWER) {
                begin();
                client.keepAlive();
            }
        }
    }

    @Override
    public void end() {
        if (over) {
            return;
        }
        switch (form) {
            case STREAM -> endStream();
            case DOCUMENT -> endDocument();
            case UNKNOWN -> {
                if (holding == Holding.NOTHING) {
                    commit();
                }
                breakOffEmpty();
            }
        }
    }

    private void endStream() {
        Buffer rest = scanner.end();
        if (scanner.failed()) {
            breakOff(upstreamError(), rest);
        } else if (scanner.malformed()) {
            breakOffAfter(rest, malformed());
        } else if (scanner.done()) {
            finish(committed ? rest : all(rest));
        } else {
            breakOffAfter(
                    rest,
                    new GatewayException(
                            ErrorCode.UPSTREAM_CUT, "the provider ended the stream before the answer was complete"));
        }
    }

    private Buffer all(Buffer rest) {
        held.appendBuffer(rest);
        return heldSoFar();
    }

    private void endDocument() {
        over = true;
        if (DocumentKind.of(held) == DocumentKind.PAGE) {
            client.refuse(HeldDocument.webPage());
            return;
        }
        ChunkedCompletion.of(held, includeUsage)
                .ifPresentOrElse(
                        chunks -> {
                            begin();
                            client.end(chunks);
                        },
                        () -> client.refuse(
                                ErrorCode.UPSTREAM_PROTOCOL_ERROR.status(),
                                ErrorNormaliser.normalise(ErrorCode.UPSTREAM_PROTOCOL_ERROR.status(), held)));
    }

    @Override
    public void cut(GatewayException cause) {
        if (over) {
            return;
        }
        if (form == Form.STREAM) {
            breakOff(cause, RawAnswer.errorEvent(cause));
        } else {
            over = true;
            client.refuse(cause);
        }
    }

    @Override
    public void settle(AttemptRecord record) {
        if (form == Form.DOCUMENT) {
            scanner.readDocument(held);
        } else {
            record.seemsToHave(scanner.tokens());
        }
        if (scanner.failedAtOnce() || DocumentKind.of(held).isNoAnswer()) {
            record.usedNothing();
        }
        record.used(scanner.usage());
    }

    private void breakOffEmpty() {
        GatewayException empty =
                new GatewayException(ErrorCode.UPSTREAM_CUT, "the provider ended the stream without sending anything");
        breakOff(empty, RawAnswer.errorEvent(empty));
    }

    private void finish(Buffer last) {
        over = true;
        client.end(last);
    }

    private void breakOff(GatewayException cause, Buffer words) {
        over = true;
        if (committed) {
            client.breakOff(cause, words);
            return;
        }
        // Nothing was delivered, so this can still be an ordinary error.
        Opening.error(words)
                .filter(told -> scanner.failed())
                .ifPresentOrElse(
                        told -> client.refuse(Opening.status(told), Buffer.buffer(told.toString())),
                        () -> client.refuse(cause));
    }

    private void breakOffAfter(Buffer events, GatewayException cause) {
        // Not a copy of the events: that of a slice has no room for more.
        breakOff(cause, Buffer.buffer().appendBuffer(events).appendBuffer(RawAnswer.errorEvent(cause)));
    }

    private static GatewayException malformed() {
        return new GatewayException(
                ErrorCode.UPSTREAM_PROTOCOL_ERROR, "the provider sent an event that is no JSON object");
    }

    private static GatewayException upstreamError() {
        return new GatewayException(ErrorCode.UPSTREAM_CUT, "the provider reported an error in the stream");
    }
}
