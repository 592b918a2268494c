package io.magicapi.gateway.upstream;

import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.Usage;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;

/** What an {@link Answer} can do with the client's response. Implemented by {@link Attempt}. */
interface ClientSide {

    /**
     * Writes the head of a chat stream.
     *
     * @param warning a {@code x-gateway-warning} header, if there is something to say
     */
    void beginStream(Optional<String> warning);

    /** Has the client hear something now and then, from the head of a chat stream on, until a part of it is written. */
    void keepAlive();

    /** Answers with an error; only while nothing has been written. */
    void refuse(GatewayException failure);

    /** Answers with an error that an upstream described in its own words; only while nothing has been written. */
    void refuse(int status, Buffer body);

    /** Writes a part of the body; pauses the upstream while the client does not keep up. */
    void write(Buffer bytes);

    /** Writes the last part of the body, which may be empty, and ends the response as a whole one. */
    void end(Buffer bytes);

    /**
     * Ends the response visibly incomplete: {@code words} are written and flushed, then the connection is closed without
     * the last chunk (HTTP/1.1) or the stream is reset (HTTP/2).
     */
    void breakOff(GatewayException cause, Buffer words);

    /** Lets the upstream wait, and does not blame it for being silent, until {@link #release}. Calls may nest. */
    void hold();

    /** Ends a {@link #hold}. */
    void release();

    /** Notes the token usage. */
    void used(Optional<Usage> usage);
}
