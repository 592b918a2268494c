package io.magicapi.gateway.api;

import java.util.Objects;

/**
 * One attempt at one call: what is sent. A retry opens a new exchange. Used by one thread at a time.
 *
 * <p>The answer is relayed as it comes, byte for byte; an exchange that changes answers is a later addition to this
 * type.
 */
public interface Exchange {

    /** {@return an exchange that sends {@code request}} */
    static Exchange of(UpstreamRequest request) {
        Objects.requireNonNull(request, "the exchange's request is null");
        return () -> request;
    }

    /** {@return the request to send; asked for exactly once, never null} */
    UpstreamRequest request();
}
