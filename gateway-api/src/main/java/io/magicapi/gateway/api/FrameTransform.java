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
     * The upstream has ended its answer properly, as far as its connection tells. Where the upstream's own last message
     * is missing, throw: the gateway cannot know of it, and takes an answer with a {@code finish_reason} for whole. One
     * that has neither that nor {@link FrameSink#done} is broken off. By default nothing is done.
     *
     * @throws ProviderException of kind {@link ProviderException.Kind#BAD_ANSWER} if the answer is not whole
     */
    default void onEnd(FrameSink sink) {}
}
