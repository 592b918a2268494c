package io.magicapi.gateway.observe;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.opentelemetry.api.trace.Span;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One try at one target, a part of a {@link RequestRecord}, and settled once: when it is over, the tokens it used and
 * what they cost are counted for its target. If that could not be asked, since its limit was reached for one, it counts
 * as passed over, and not as an attempt. Filled on the request's event loop.
 */
public final class AttemptRecord {

    private static final int BYTES_OF_A_TOKEN = 4;

    private final RequestRecord request;
    private final String provider;
    private final @Nullable String model;
    private final Span span;
    private final long begin = System.nanoTime();
    private boolean sent;
    private long end;
    private int status;
    private long bytes;
    private boolean delivers;
    private long seenTokens = -1;
    private boolean usedNothing;
    private @Nullable Usage usage;
    private long nanos = -1;
    private @Nullable Outcome outcome;
    private @Nullable ErrorCode failure;

    AttemptRecord(RequestRecord request, String provider, @Nullable String model, Span span) {
        this.request = request;
        this.provider = provider;
        this.model = model;
        this.span = span;
    }

    /**
     * Notes that the request is ready to be sent. From now on the gateway waits, for a connection and for the head of the
     * answer.
     */
    public void sent() {
        sent = true;
        request.waits();
    }

    /** {@return whether its target was asked} */
    boolean isSent() {
        return sent;
    }

    /** Notes that the head of the upstream's answer has come. */
    public void answered(int withStatus) {
        request.works();
        status = withStatus;
    }

    /** Notes that its turn or a part of its answer has come, which the gateway works on until {@link #waits}. */
    public void takes() {
        if (!delivers) {
            request.works();
        }
    }

    /** Notes that there is nothing to do until its turn or the next part of its answer comes. */
    public void waits() {
        if (!delivers) {
            request.waits();
        }
    }

    /** Notes that so many bytes of the body go to the client. */
    public void wrote(int more) {
        request.wrote(more);
    }

    /** {@return what the request has cost so far, in US dollars, as headers say it; empty if that is not known} */
    public Optional<String> cost() {
        return request.cost();
    }

    /** Notes that the upstream has sent its last byte. */
    public void received() {
        request.works();
    }

    /** {@return the headers that tell the upstream which attempt this is; none while nothing is traced} */
    public Map<String, String> trace() {
        return Tracing.headers(span);
    }

    /** {@return whether this is the first of it} */
    boolean relayed(int more) {
        boolean first = !delivers;
        delivers = true;
        bytes += more;
        return first;
    }

    /** Notes the token usage that the provider reported, if it did. */
    public void used(Optional<Usage> reported) {
        reported.ifPresent(this::count);
    }

    private void count(Usage counted) {
        usage = counted;
        nanos = request.recorder().prices().cost(provider, model, counted);
    }

    /** Notes how many tokens the answer seems to have, for the case that the provider does not report it. */
    public void seemsToHave(long tokens) {
        seenTokens = tokens;
    }

    /** {@return about how many tokens so many bytes of an answer are} */
    public static long tokens(long ofBytes) {
        return ofBytes / BYTES_OF_A_TOKEN;
    }

    /** Notes that what came is no answer, in spite of its status: nothing is estimated for it. */
    public void usedNothing() {
        usedNothing = true;
    }

    /** Notes that it is over while the request is not; only the first call counts. */
    public void failed(ErrorCode code) {
        over(Outcome.FAILED, code);
        request.waits();
    }

    /** Notes that it is over, with an answer that the client does not get; only the first call counts. */
    public void passedOver() {
        over(Outcome.COMPLETED, null);
        request.waits();
    }

    void over(Outcome how, @Nullable ErrorCode code) {
        if (outcome != null) {
            return;
        }
        outcome = how;
        failure = code;
        end = System.nanoTime();
        if (usage == null && !usedNothing && status >= 200 && status < 300 && request.promptBytes() >= 0) {
            count(estimate());
        }
        request.recorder().over(request, this);
    }

    private Usage estimate() {
        long written = seenTokens >= 0 ? seenTokens : tokens(bytes);
        return Usage.estimate(tokens(request.promptBytes()), request.writes() ? written : 0);
    }

    /** {@return what the access line says of it if it is not the only one} */
    Map<String, Object> toLog() {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("provider", provider);
        if (model != null) {
            line.put("model", model);
        }
        if (status != 0) {
            line.put("status", status);
        }
        line.put("outcome", outcome().text());
        if (failure != null) {
            line.put("code", failure.code());
        }
        line.put("ms", Decimal.millis(duration()));
        return line;
    }

    Span span() {
        return span;
    }

    String provider() {
        return provider;
    }

    @Nullable
    String model() {
        return model;
    }

    int status() {
        return status;
    }

    @Nullable
    ErrorCode failure() {
        return failure;
    }

    /** {@return how it ended; {@link Outcome#ABORTED} while it has not} */
    Outcome outcome() {
        return outcome == null ? Outcome.ABORTED : outcome;
    }

    /** {@return what it has used; null if nothing, as far as is known} */
    @Nullable
    Usage usage() {
        return usage;
    }

    /** {@return what that costs, in nanodollars; negative if that is not known} */
    long nanos() {
        return nanos;
    }

    /** {@return nanoseconds from begin to end; once it is over} */
    long duration() {
        return end - begin;
    }
}
