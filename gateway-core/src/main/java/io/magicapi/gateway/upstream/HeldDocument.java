package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;

/**
 * The client of an answer that comes as one JSON document, while somebody else could be asked for it. Half a document is
 * of no use, so nothing is delivered before it is whole; until then one that breaks off is as good as none. So is one
 * that turns out to be no answer: nothing at all, a web page, an error with a good status, or half an object that ends as
 * if it were whole.
 *
 * <p>What is no JSON object passes as it comes, and so does one that is longer than may be held. If blank lines come
 * first, with which some providers keep clients alive, they pass at once (R29), and all that follows.
 */
final class HeldDocument extends FilteredClient {

    /** How much is held, in bytes, so that memory has a bound. What is longer is hardly text, but images or embeddings. */
    static final int LIMIT = 256 * 1024;

    private Buffer held = Buffer.buffer();
    private boolean passes;

    /** The client, which has got nothing of the answer. */
    HeldDocument(ClientSide client) {
        super(client);
    }

    @Override
    public void write(Buffer bytes) {
        if (passes) {
            client.write(bytes);
            return;
        }
        held.appendBuffer(bytes);
        boolean tooLong = held.length() > LIMIT;
        DocumentKind kind = DocumentKind.of(held);
        if (kind == DocumentKind.PAGE && tooLong) {
            client.refuse(webPage());
        } else if (kind == DocumentKind.OTHER || tooLong) {
            passes = true;
            Buffer all = held;
            held = Buffer.buffer();
            client.write(all);
        }
    }

    @Override
    public void end(Buffer bytes) {
        if (passes) {
            client.end(bytes);
            return;
        }
        held.appendBuffer(bytes);
        switch (DocumentKind.of(held)) {
            case OBJECT -> endObject();
            case ERROR -> endError();
            case PAGE -> client.refuse(webPage());
            case OTHER -> client.refuse(cut("the provider ended its answer without sending anything"));
        }
    }

    private void endObject() {
        if (DocumentKind.endsObject(held)) {
            client.end(held);
        } else {
            client.refuse(cut("the provider ended its answer in the middle"));
        }
    }

    private void endError() {
        JsonNode told = Json.parse(held.getBytes());
        if (ErrorShape.isError(told)) {
            int status = Opening.status(told);
            client.refuse(status, ErrorNormaliser.normalise(status, held));
        } else {
            endObject();
        }
    }

    private static GatewayException cut(String message) {
        return new GatewayException(ErrorCode.UPSTREAM_CUT, message);
    }

    /** {@return the failure of an answer that is of the {@linkplain DocumentKind#PAGE kind} nobody asks an API for} */
    static GatewayException webPage() {
        return new GatewayException(ErrorCode.UPSTREAM_PROTOCOL_ERROR, "the provider answered with a web page");
    }

    @Override
    public void breakOff(GatewayException cause, Buffer words) {
        if (passes) {
            client.breakOff(cause, words);
        } else {
            client.refuse(cause);
        }
    }
}
