package io.magicapi.gateway.api;

import java.util.Objects;

/** What one attempt sends to the provider's server. */
public final class UpstreamRequest {

    private final String method;
    private final String path;
    private final Headers headers;
    private final Body body;

    private UpstreamRequest(String method, String path, Headers headers, Body body) {
        this.method = Objects.requireNonNull(method, "the request's method is null");
        this.path = Objects.requireNonNull(path, "the request's path is null");
        this.headers = Objects.requireNonNull(headers, "the request's headers are null");
        this.body = Objects.requireNonNull(body, "the request's body is null");
    }

    /**
     * {@return a request}
     *
     * @param method such as {@code POST}
     * @param path path and query, percent-encoded, starting with a slash; appended to the base URL
     * @param headers all headers to send, but for {@code Host} and the body's framing, which are the gateway's
     * @param body the call's own body to send it unchanged, or another
     */
    public static UpstreamRequest of(String method, String path, Headers headers, Body body) {
        return new UpstreamRequest(method, path, headers, body);
    }

    /** {@return the HTTP method} */
    public String method() {
        return method;
    }

    /** {@return path and query, appended to the base URL} */
    public String path() {
        return path;
    }

    /** {@return the headers to send} */
    public Headers headers() {
        return headers;
    }

    /** {@return the body to send; of no bytes if there is none} */
    public Body body() {
        return body;
    }

    @Override
    public String toString() {
        return method + " " + path;
    }
}
