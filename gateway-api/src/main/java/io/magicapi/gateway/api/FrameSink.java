package io.magicapi.gateway.api;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Takes a translated stream, in OpenAI's terms. Implemented by the gateway, which writes the events and keeps the rules
 * of streams. To be used within the call that it was given to, and not after.
 */
public interface FrameSink {

    /**
     * Sends one event.
     *
     * @param chunk a {@code chat.completion.chunk}; written at once, and not kept. One with {@code usage} and no choices
     *     is accounted always, and sent only to clients that asked for it ({@code stream_options.include_usage}).
     */
    void event(JsonNode chunk);

    /** The answer is whole: {@code [DONE]}. What comes afterwards is dropped. */
    void done();

    /**
     * The upstream reported a failure: the client gets it as {@code event: error}, and its connection is broken off.
     * What comes afterwards is dropped.
     *
     * @param message what happened, as the upstream says it
     * @param type its kind, such as {@code overloaded_error}; becomes {@code code} as well
     */
    void error(String message, String type);
}
