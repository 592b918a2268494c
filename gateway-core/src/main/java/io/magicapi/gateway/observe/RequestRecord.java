package io.magicapi.gateway.observe;

import io.magicapi.gateway.error.ErrorCode;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * What becomes known of one request while it is served, and the one access line that is written when it is over,
 * however it ends. Filled on the request's event loop. Holds no header, no key and nothing of any body but token counts.
 */
public final class RequestRecord {

    private static final Logger log = LoggerFactory.getLogger("io.magicapi.gateway.access");

    /** How a request ended. */
    public enum Outcome {
        /** The answer was delivered whole; error answers are answers too. */
        COMPLETED,
        /** The answer broke off, and the client was told so. */
        FAILED,
        /** The client left before the end. */
        ABORTED
    }

    private final Runnable whenOver;
    private final String id;
    private final String method;
    private final String path;
    private final long begin = System.nanoTime();
    private long firstByte;
    private int status;
    private int attempts;
    private boolean stream;
    private @Nullable String provider;
    private @Nullable String model;
    private @Nullable ErrorCode failure;
    private @Nullable Usage usage;
    private boolean closed;

    /**
     * A request that has just arrived.
     *
     * @param whenOver called once, when it is over, however it ended
     * @param path without query, which may hold anything
     */
    public RequestRecord(Runnable whenOver, String id, String method, String path) {
        this.whenOver = whenOver;
        this.id = id;
        this.method = method;
        this.path = path;
    }

    /** {@return the gateway's id for the request} */
    public String id() {
        return id;
    }

    /** Notes where the request goes. */
    public void routed(String toProvider, Optional<String> forModel, boolean asStream) {
        provider = toProvider;
        model = forModel.orElse(null);
        stream = asStream;
    }

    /** Notes that an upstream request is sent. */
    public void attempted() {
        attempts++;
    }

    /** Notes the status the client gets. */
    public void answered(int withStatus) {
        status = withStatus;
    }

    /** Notes what went wrong. */
    public void failed(ErrorCode code) {
        failure = code;
    }

    /** Notes that a byte of the body goes to the client. */
    public void wrote() {
        if (firstByte == 0) {
            firstByte = System.nanoTime();
        }
    }

    /** {@return when the first byte of the body went to the client, by {@link System#nanoTime}; 0 if none has} */
    public long firstByte() {
        return firstByte;
    }

    /** Notes the token usage that the provider reported. */
    public void used(Optional<Usage> reported) {
        reported.ifPresent(some -> usage = some);
    }

    /** Writes the access line; only the first call does. */
    public void close(Outcome outcome) {
        if (closed) {
            return;
        }
        closed = true;
        whenOver.run();
        if (!log.isInfoEnabled()) {
            return;
        }
        LoggingEventBuilder line = log.atInfo()
                .addKeyValue("id", id)
                .addKeyValue("method", method)
                .addKeyValue("path", path)
                .addKeyValue("status", status)
                .addKeyValue("outcome", outcome.name().toLowerCase(java.util.Locale.ROOT))
                .addKeyValue("ms", millisSince(begin, System.nanoTime()));
        line = add(line, "provider", provider);
        line = add(line, "model", model);
        line = add(line, "code", failure == null ? null : failure.code());
        if (stream) {
            line = line.addKeyValue("stream", true);
        }
        if (firstByte != 0) {
            line = line.addKeyValue("ttft-ms", millisSince(begin, firstByte));
        }
        if (attempts > 1) {
            line = line.addKeyValue("attempts", attempts);
        }
        if (usage != null) {
            line = line.addKeyValue("tokens-in", usage.promptTokens())
                    .addKeyValue("tokens-out", usage.completionTokens());
        }
        line.log("request");
    }

    private static LoggingEventBuilder add(LoggingEventBuilder line, String key, @Nullable String value) {
        return value == null ? line : line.addKeyValue(key, value);
    }

    private static double millisSince(long from, long to) {
        return TimeUnit.NANOSECONDS.toMicros(to - from) / 1000.0;
    }
}
