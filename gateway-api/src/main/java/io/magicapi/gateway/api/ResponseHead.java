package io.magicapi.gateway.api;

import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Status and headers of an upstream's answer, before any byte of its body. For one thread at a time. */
public final class ResponseHead {

    private final int status;
    private final Supplier<Headers> source;
    private @Nullable Headers headers;

    private ResponseHead(int status, Supplier<Headers> source) {
        this.status = status;
        this.source = source;
    }

    /** {@return a head of this status and these headers} */
    public static ResponseHead of(int status, Headers headers) {
        Objects.requireNonNull(headers, "headers");
        return new ResponseHead(status, () -> headers);
    }

    /**
     * {@return a head whose headers are asked for when they are first needed}
     *
     * @param headers called once at most
     */
    public static ResponseHead of(int status, Supplier<Headers> headers) {
        return new ResponseHead(status, Objects.requireNonNull(headers, "headers"));
    }

    /** {@return the HTTP status, 200 to 599} */
    public int status() {
        return status;
    }

    /** {@return the headers as the upstream sent them} */
    public Headers headers() {
        Headers known = headers;
        if (known == null) {
            known = source.get();
            headers = known;
        }
        return known;
    }

    @Override
    public String toString() {
        return status + " " + headers();
    }
}
