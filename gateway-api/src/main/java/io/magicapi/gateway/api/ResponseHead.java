package io.magicapi.gateway.api;

import java.util.Objects;

/** Status and headers of an upstream's answer, before any byte of its body. */
public final class ResponseHead {

    private final int status;
    private final Headers headers;

    private ResponseHead(int status, Headers headers) {
        this.status = status;
        this.headers = Objects.requireNonNull(headers, "headers");
    }

    /** {@return a head of this status and these headers} */
    public static ResponseHead of(int status, Headers headers) {
        return new ResponseHead(status, headers);
    }

    /** {@return the HTTP status, 200 to 599} */
    public int status() {
        return status;
    }

    /** {@return the headers as the upstream sent them} */
    public Headers headers() {
        return headers;
    }

    @Override
    public String toString() {
        return status + " " + headers;
    }
}
