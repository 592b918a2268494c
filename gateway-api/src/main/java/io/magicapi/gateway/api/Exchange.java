package io.magicapi.gateway.api;

import java.util.Objects;
import java.util.function.Function;

/**
 * One attempt at one call: what is sent, and what becomes of the answer. A retry opens a new exchange. Used by one
 * thread at a time.
 */
public interface Exchange {

    /** {@return an exchange that sends {@code request} and relays the answer as it comes} */
    static Exchange of(UpstreamRequest request) {
        Objects.requireNonNull(request, "the exchange's request is null");
        return () -> request;
    }

    /**
     * {@return an exchange that sends {@code request} and treats the answer as {@code handler} says}
     *
     * @param handler is {@link #response}
     */
    static Exchange of(UpstreamRequest request, Function<ResponseHead, ResponseHandler> handler) {
        Objects.requireNonNull(request, "the exchange's request is null");
        Objects.requireNonNull(handler, "the exchange's response handler is null");
        return new Exchange() {
            @Override
            public UpstreamRequest request() {
                return request;
            }

            @Override
            public ResponseHandler response(ResponseHead head) {
                return handler.apply(head);
            }
        };
    }

    /** {@return the request to send; asked for exactly once, never null} */
    UpstreamRequest request();

    /**
     * What is to become of the answer. Called once, when the answer's head has come, errors (400 to 599) included; not
     * called for what is no answer to an API request, such as a redirect.
     *
     * @return never null; by default the answer is relayed as it comes
     * @throws ProviderException to answer with an error instead
     */
    default ResponseHandler response(ResponseHead head) {
        return ResponseHandler.passThrough();
    }
}
