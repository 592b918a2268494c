package io.magicapi.gateway.observe;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Spans: one for each request, and below it one for each attempt. Recorded on event loops and exported by a thread of
 * OpenTelemetry's; when that one does not keep up, spans are dropped, and nobody waits. Safe for all threads.
 */
final class Tracing implements AutoCloseable {

    private static final long CLOSING_SECONDS = 2;

    private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();

    private static final TextMapGetter<UnaryOperator<@Nullable String>> GETTER = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(UnaryOperator<@Nullable String> carrier) {
            return List.of(); // only asked by propagators of baggage
        }

        @Override
        public @Nullable String get(@Nullable UnaryOperator<@Nullable String> carrier, String key) {
            return carrier == null ? null : carrier.apply(key);
        }
    };

    private final SdkTracerProvider provider;
    private final Tracer tracer;
    private final GenAi names;

    /**
     * Tracing that is on.
     *
     * @param sample which part of the traces that begin here is recorded, from 0 to 1
     */
    Tracing(SpanExporter exporter, double sample, GenAi names, Resource resource) {
        this.provider = SdkTracerProvider.builder()
                .setResource(resource)
                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(sample)))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
                .build();
        this.tracer = provider.get("io.magicapi.gateway", Version.gateway());
        this.names = names;
    }

    /**
     * {@return the span of a request that begins; it has the caller's as its parent, if there is one}
     *
     * @param header gives the values of the request's headers
     */
    Span begin(String method, String path, UnaryOperator<@Nullable String> header) {
        return tracer.spanBuilder(method)
                .setParent(W3C.extract(Context.root(), header, GETTER))
                .setSpanKind(SpanKind.SERVER)
                .setAttribute("http.request.method", method)
                .setAttribute("url.path", path)
                .startSpan();
    }

    /** {@return the span of an attempt that begins} */
    Span beginAttempt(RequestRecord request, String provider, @Nullable String model) {
        String operation = names.operation(request.operation());
        SpanBuilder span = tracer.spanBuilder(model == null ? operation : operation + " " + model)
                .setParent(Context.root().with(request.span()))
                .setSpanKind(SpanKind.CLIENT)
                .setAttribute(names.operationName(), operation)
                .setAttribute(names.provider(), provider);
        if (model != null) {
            span.setAttribute(names.requestModel(), model);
        }
        return span.startSpan();
    }

    /** {@return the headers that carry a span on; none if there is no span} */
    static Map<String, String> headers(Span span) {
        if (!span.getSpanContext().isValid()) {
            return Map.of();
        }
        Map<String, String> headers = new HashMap<>();
        W3C.inject(Context.root().with(span), headers, (to, name, value) -> {
            if (to != null) {
                to.put(name, value);
            }
        });
        return headers;
    }

    /** Ends the span of an attempt. */
    void over(RequestRecord request, AttemptRecord attempt) {
        Span span = attempt.span();
        if (span.isRecording()) {
            Usage usage = attempt.usage();
            if (usage != null && !usage.estimated()) {
                span.setAttribute(names.inputTokens(), usage.promptTokens());
                span.setAttribute(names.outputTokens(), usage.completionTokens());
                if (usage.cachedTokens() > 0) {
                    span.setAttribute(names.cachedTokens(), usage.cachedTokens());
                }
            }
            if (attempt.nanos() >= 0) {
                span.setAttribute(
                        "gateway.cost.usd", Decimal.dollars(attempt.nanos()).doubleValue());
            }
            end(span, attempt.status(), attempt.outcome(), error(attempt), 400);
        }
        span.end();
    }

    /** Ends the span of a request. */
    void over(RequestRecord request) {
        Span span = request.span();
        if (span.isRecording()) {
            if (!request.operation().isEmpty()) {
                span.updateName(request.method() + " /v1/" + request.operation());
            }
            span.setAttribute("gateway.request.id", request.id());
            span.setAttribute("gateway.attempts", (long) request.attempts());
            span.setAttribute(
                    "gateway.overhead.ms", Decimal.millis(request.overhead()).doubleValue());
            if (request.untilFirstByte() >= 0) {
                span.setAttribute(
                        "gateway.ttft.ms",
                        Decimal.millis(request.untilFirstByte()).doubleValue());
            }
            String error = request.failure() == null ? null : request.failure().code();
            end(span, request.status(), request.outcome(), error, 500);
        }
        span.end();
    }

    private static @Nullable String error(AttemptRecord attempt) {
        return attempt.failure() == null ? null : attempt.failure().code();
    }

    private static void end(Span span, int status, Outcome outcome, @Nullable String error, int badFrom) {
        if (status > 0) {
            span.setAttribute("http.response.status_code", (long) status);
        }
        boolean bad = status >= badFrom;
        if (error != null || bad || outcome == Outcome.FAILED) {
            String type = error != null ? error : bad ? Integer.toString(status) : outcome.text();
            span.setAttribute("error.type", type);
        }
        if (bad || outcome == Outcome.FAILED) {
            span.setStatus(StatusCode.ERROR);
        }
        if (outcome != Outcome.COMPLETED) {
            span.addEvent(outcome.text(), Attributes.empty());
        }
    }

    /** Exports what is left, for some seconds at most. Blocks. */
    @Override
    public void close() {
        provider.shutdown().join(CLOSING_SECONDS, TimeUnit.SECONDS);
    }
}
