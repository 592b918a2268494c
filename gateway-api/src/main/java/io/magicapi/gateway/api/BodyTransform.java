package io.magicapi.gateway.api;

/** Turns a whole answer into OpenAI's. */
@FunctionalInterface
public interface BodyTransform {

    /**
     * Called once, when the whole answer is there: on an event loop, or, if it is large or the provider {@linkplain
     * Provider#blocking() blocks}, on a worker thread.
     *
     * @param received what the upstream sent; asking for its {@linkplain Body#json() document} throws a {@link
     *     ProviderException} of kind {@link ProviderException.Kind#BAD_ANSWER} if it is not JSON
     * @return what the client is to get: JSON
     * @throws ProviderException to answer with an error instead
     */
    Body apply(Body received);
}
