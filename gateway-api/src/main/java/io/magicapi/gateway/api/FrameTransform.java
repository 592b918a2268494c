package io.magicapi.gateway.api;

/**
 * Turns the messages of one upstream stream into OpenAI's. One instance per answer, used by one thread at a time, in
 * the order of the messages; it may keep state between them.
 *
 * <p>Called on an event loop, so it must return within microseconds, unless the provider says that it {@linkplain
 * Provider#blocking() blocks}.
 */
public interface FrameTransform {

    /**
     * One message has come.
     *
     * @param frame the message
     * @param sink takes what the client is to get for it: nothing, one event or several
     * @throws ProviderException to break the stream off, visibly, with the exception's message
     */
    void onFrame(Frame frame, FrameSink sink);

    /**
     * The upstream has ended its answer properly. By default nothing is added: an answer that has no {@link
     * FrameSink#done} by then is broken off as incomplete.
     */
    default void onEnd(FrameSink sink) {}
}
