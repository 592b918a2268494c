package io.magicapi.gateway.observe;

import io.magicapi.gateway.error.ErrorCode;
import io.opentelemetry.api.trace.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * What becomes known of one request while it is served, and the one access line that is written when it is over,
 * however it ends. Filled on the request's event loop. Holds no header, no key and nothing of any body but token counts.
 *
 * <p><b>The stopwatch.</b> A record measures the gateway's own time with a stopwatch that is running from the begin, stops
 * at {@link #waits} and goes on at {@link #works}. It is stopped while the gateway waits for somebody else: for the rest
 * of the client's body; for a connection to the upstream and for the head of its answer; for the rest of an answer of
 * which the client has got the first byte; and between two attempts. What it shows in the end is the overhead.
 */
public final class RequestRecord {

    private static final Logger log = LoggerFactory.getLogger("io.magicapi.gateway.access");

    /** How a request ended, or an attempt. */
    public enum Outcome {
        /** The answer was delivered whole; error answers are answers too. */
        COMPLETED,
        /** There was no answer, or it broke off; if the client had begun to get it, it was told so. */
        FAILED,
        /** The client left before the end. */
        ABORTED;

        private final String text = name().toLowerCase(Locale.ROOT);

        /** {@return how it is written} */
        String text() {
            return text;
        }
    }

    private final Recorder recorder;
    private final Runnable whenOver;
    private final String id;
    private final String method;
    private final String path;
    private final Span span;
    private final List<AttemptRecord> attempts = new ArrayList<>(1);
    private final long begin = System.nanoTime();
    private long worked;
    private long workedSince = begin;
    private boolean waiting;
    private long end;
    private long firstByte;
    private int status;
    private boolean stream;
    private String operation = "";
    private @Nullable String route;
    private @Nullable String provider;
    private @Nullable String model;
    private @Nullable ErrorCode failure;

    /** How long a prompt is that upstreams count the tokens of, in bytes; negative: they count none. */
    private long prompt = -1;

    private boolean writes;
    private @Nullable Outcome outcome;

    /**
     * A request that has just arrived.
     *
     * @param whenOver called once, when it is over, however it ended
     * @param path without query, which may hold anything
     */
    RequestRecord(Recorder recorder, Runnable whenOver, String id, String method, String path, Span span) {
        this.recorder = recorder;
        this.whenOver = whenOver;
        this.id = id;
        this.method = method;
        this.path = path;
        this.span = span;
    }

    /** {@return the gateway's id for the request} */
    public String id() {
        return id;
    }

    /** Notes what is asked for: the id of an operation, and whether its answer is to be a stream. */
    public void asked(String forOperation, boolean asStream) {
        operation = forOperation;
        stream = asStream;
    }

    /** Notes the model of the operator's own naming that the request is for. */
    public void route(String alias) {
        route = alias;
    }

    /**
     * Notes that the answer has tokens that upstreams count.
     *
     * @param bytes how long the prompt is, by which its tokens are estimated if nobody counts them
     * @param writing whether tokens are written, too; otherwise only the prompt's are counted
     */
    public void metered(long bytes, boolean writing) {
        prompt = bytes;
        writes = writing;
    }

    /** Notes whose answer the client gets, or hears of, if it is not that of the last attempt. */
    public void answeredBy(String itsProvider, Optional<String> itsModel) {
        provider = itsProvider;
        model = itsModel.orElse(null);
    }

    /**
     * Notes that a target is tried; the attempt before is over by then. What is noted from now on of bytes and tokens is
     * this attempt's.
     *
     * @return the attempt, which ends with the request if not before
     */
    public AttemptRecord attempt(String toProvider, Optional<String> forModel) {
        works();
        answeredBy(toProvider, forModel);
        AttemptRecord attempt =
                new AttemptRecord(this, toProvider, model, recorder.beginAttempt(this, toProvider, model));
        attempts.add(attempt);
        return attempt;
    }

    private @Nullable AttemptRecord current() {
        return attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
    }

    /** Stops the stopwatch; harmless if it is stopped. */
    public void waits() {
        if (!waiting && outcome == null) {
            waiting = true;
            worked += System.nanoTime() - workedSince;
        }
    }

    /** Lets the stopwatch go on; harmless if it is running. */
    public void works() {
        if (waiting) {
            waiting = false;
            workedSince = System.nanoTime();
        }
    }

    /** {@return the gateway's own milliseconds so far, as headers say it} */
    public String overheadSoFar() {
        long nanos = waiting ? worked : worked + System.nanoTime() - workedSince;
        return Decimal.millis(nanos).toString();
    }

    /** Notes the status the client gets. */
    public void answered(int withStatus) {
        status = withStatus;
    }

    /** Notes what went wrong. */
    public void failed(ErrorCode code) {
        failure = code;
    }

    /** Notes that so many bytes of the body go to the client. */
    public void wrote(int bytes) {
        if (firstByte == 0) {
            firstByte = System.nanoTime();
        }
        AttemptRecord attempt = current();
        if (attempt != null && attempt.relayed(bytes)) {
            waits();
        }
    }

    /** {@return what the request has cost so far, in US dollars, as headers say it; empty if that is not known} */
    public Optional<String> cost() {
        return nanos() < 0
                ? Optional.empty()
                : Optional.of(Decimal.dollars(nanos()).toString());
    }

    /** Writes the access line and settles what the request has used; only the first call does. */
    public void close(Outcome how) {
        if (outcome != null) {
            return;
        }
        outcome = how;
        works();
        AttemptRecord last = current();
        if (last != null) {
            last.over(how, failure);
        }
        end = System.nanoTime();
        worked += end - workedSince;
        whenOver.run();
        recorder.over(this);
        if (log.isInfoEnabled()) {
            log();
        }
    }

    private void log() {
        LoggingEventBuilder line = log.atInfo()
                .addKeyValue("id", id)
                .addKeyValue("method", method)
                .addKeyValue("path", path)
                .addKeyValue("status", status)
                .addKeyValue("outcome", outcome().text())
                .addKeyValue("ms", Decimal.millis(end - begin));
        line = add(line, "route", route);
        line = add(line, "provider", provider);
        line = add(line, "model", model);
        line = add(line, "code", failure == null ? null : failure.code());
        if (stream) {
            line = line.addKeyValue("stream", true);
        }
        if (firstByte != 0) {
            line = line.addKeyValue("ttft-ms", Decimal.millis(firstByte - begin));
        }
        line = line.addKeyValue("overhead-ms", Decimal.millis(worked));
        if (attempts.size() > 1) {
            line = line.addKeyValue("attempts", attempts());
            line = line.addKeyValue(
                    "tried", attempts.stream().map(AttemptRecord::toLog).toList());
        }
        line = addUsage(line);
        if (span.getSpanContext().isValid()) {
            line = line.addKeyValue("trace", span.getSpanContext().getTraceId());
        }
        line.log("request");
    }

    private LoggingEventBuilder addUsage(LoggingEventBuilder before) {
        Usage usage = usage();
        if (usage == null) {
            return before;
        }
        LoggingEventBuilder line = before.addKeyValue("tokens-in", usage.promptTokens())
                .addKeyValue("tokens-out", usage.completionTokens());
        if (usage.cachedTokens() > 0) {
            line = line.addKeyValue("tokens-cached", usage.cachedTokens());
        }
        if (usage.reasoningTokens() > 0) {
            line = line.addKeyValue("tokens-reasoning", usage.reasoningTokens());
        }
        if (usage.estimated()) {
            line = line.addKeyValue("tokens-estimated", true);
        }
        return nanos() < 0 ? line : line.addKeyValue("cost-usd", Decimal.dollars(nanos()));
    }

    private static LoggingEventBuilder add(LoggingEventBuilder line, String key, @Nullable String value) {
        return value == null ? line : line.addKeyValue(key, value);
    }

    // --- what is made of it

    /** {@return what all attempts have used; null if none has used anything} */
    @Nullable
    Usage usage() {
        Usage sum = null;
        for (AttemptRecord attempt : attempts) {
            Usage usage = attempt.usage();
            sum = sum == null ? usage : usage == null ? sum : sum.plus(usage);
        }
        return sum;
    }

    /** {@return what the attempts whose cost is known have cost, in nanodollars; negative if that is none} */
    long nanos() {
        long sum = -1;
        for (AttemptRecord attempt : attempts) {
            long nanos = attempt.nanos();
            sum = nanos < 0 ? sum : Math.max(sum, 0) + nanos;
        }
        return sum;
    }

    Recorder recorder() {
        return recorder;
    }

    Span span() {
        return span;
    }

    String method() {
        return method;
    }

    String operation() {
        return operation;
    }

    @Nullable
    String provider() {
        return provider;
    }

    @Nullable
    String model() {
        return model;
    }

    boolean stream() {
        return stream;
    }

    int status() {
        return status;
    }

    @Nullable
    ErrorCode failure() {
        return failure;
    }

    long promptBytes() {
        return prompt;
    }

    boolean writes() {
        return writes;
    }

    /** {@return how it ended; {@link Outcome#ABORTED} while it has not} */
    Outcome outcome() {
        return outcome == null ? Outcome.ABORTED : outcome;
    }

    /** {@return how many targets were asked; others were tried, and could not be} */
    int attempts() {
        return (int) attempts.stream().filter(AttemptRecord::isSent).count();
    }

    /** {@return nanoseconds from begin to end; once it is over} */
    long duration() {
        return end - begin;
    }

    /** {@return nanoseconds from begin to the first byte of the body; negative if there was none} */
    long untilFirstByte() {
        return firstByte == 0 ? -1 : firstByte - begin;
    }

    /** {@return the gateway's own nanoseconds; once it is over} */
    long overhead() {
        return worked;
    }
}
