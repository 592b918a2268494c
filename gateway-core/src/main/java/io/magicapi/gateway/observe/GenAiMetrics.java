package io.magicapi.gateway.observe;

import io.magicapi.gateway.Version;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * OpenTelemetry's metrics of generative AI, recorded on event loops and exported by a thread of OpenTelemetry's. Safe for
 * all threads.
 */
final class GenAiMetrics implements AutoCloseable {

    private static final double NANOS = 1e9;
    private static final long CLOSING_SECONDS = 2;

    /** As the conventions want them. */
    private static final List<Double> SECONDS =
            DoubleStream.iterate(0.01, less -> less * 2).limit(14).boxed().toList();

    private static final List<Double> FIRST_TOKEN_SECONDS = DoubleStream.of(
                    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
            .boxed()
            .toList();

    private static final List<Long> TOKENS =
            LongStream.iterate(1, less -> less * 4).limit(14).boxed().toList();

    private final SdkMeterProvider provider;
    private final GenAi names;
    private final Metrics labels;
    private final LongHistogram tokens;
    private final DoubleHistogram duration;
    private final DoubleHistogram firstToken;

    /**
     * Metrics that are exported.
     *
     * @param labels knows which models may be labels
     */
    GenAiMetrics(MetricExporter exporter, Duration interval, GenAi names, Resource resource, Metrics labels) {
        this.names = names;
        this.labels = labels;
        this.provider = SdkMeterProvider.builder()
                .setResource(resource)
                .registerMetricReader(PeriodicMetricReader.builder(exporter)
                        .setInterval(interval)
                        .build())
                .build();
        Meter meter = provider.meterBuilder("io.magicapi.gateway")
                .setInstrumentationVersion(Version.gateway())
                .build();
        this.tokens = meter.histogramBuilder(names.tokenUsage())
                .ofLongs()
                .setUnit("{token}")
                .setDescription("Number of input and output tokens used")
                .setExplicitBucketBoundariesAdvice(TOKENS)
                .build();
        this.duration = meter.histogramBuilder(names.duration())
                .setUnit("s")
                .setDescription("GenAI operation duration")
                .setExplicitBucketBoundariesAdvice(SECONDS)
                .build();
        this.firstToken = meter.histogramBuilder(names.firstToken())
                .setUnit("s")
                .setDescription("Time to generate first token for successful responses")
                .setExplicitBucketBoundariesAdvice(FIRST_TOKEN_SECONDS)
                .build();
    }

    /** Counts an attempt that is over. */
    void count(RequestRecord request, AttemptRecord attempt) {
        Attributes target = attributes(request, attempt.provider(), attempt.model());
        AttributesBuilder ended = target.toBuilder();
        if (attempt.failure() != null) {
            ended.put("error.type", attempt.failure().code());
        } else if (attempt.status() >= 400) {
            ended.put("error.type", Integer.toString(attempt.status()));
        }
        duration.record(attempt.duration() / NANOS, ended.build());
        Usage usage = attempt.usage();
        if (usage != null && !usage.estimated()) {
            tokens.record(usage.promptTokens(), type(target, "input"));
            if (request.writes()) {
                tokens.record(usage.completionTokens(), type(target, "output"));
            }
        }
    }

    /** Counts a request that is over. */
    void count(RequestRecord request) {
        String to = request.provider();
        if (to != null && request.stream() && request.untilFirstByte() >= 0) {
            firstToken.record(request.untilFirstByte() / NANOS, attributes(request, to, request.model()));
        }
    }

    private Attributes attributes(RequestRecord request, String to, @Nullable String model) {
        return Attributes.builder()
                .put(names.operationName(), names.operation(request.operation()))
                .put(names.provider(), to)
                .put(names.requestModel(), labels.label(to, model))
                .build();
    }

    private Attributes type(Attributes target, String type) {
        return target.toBuilder().put(names.tokenType(), type).build();
    }

    /** Exports what is left, for some seconds at most. Blocks. */
    @Override
    public void close() {
        provider.shutdown().join(CLOSING_SECONDS, TimeUnit.SECONDS);
    }
}
