package io.magicapi.gateway.observe;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Observability;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes the records of requests, and of each record, when it is over, what the configuration wants: figures, costs, spans.
 * One for a gateway; safe for all threads. Nothing here waits for anybody.
 */
public final class Recorder implements AutoCloseable {

    private final Prices prices;
    private final Metrics metrics;
    private final @Nullable GenAiMetrics exported;
    private final @Nullable Tracing tracing;

    /**
     * A recorder, whose exporters run.
     *
     * @param otlpHeaders go with each export
     */
    public Recorder(GatewayConfig config, Prices prices, Metrics metrics, Map<String, String> otlpHeaders) {
        this.prices = prices;
        this.metrics = metrics;
        Observability wanted = config.observability();
        GenAi names = GenAi.of(wanted.genAiNames());
        Resource resource = Resource.builder()
                .put("service.name", "magicapi-gateway")
                .put("service.version", Version.gateway())
                .build();
        this.exported = wanted.metrics()
                .otlp()
                .map(url -> new GenAiMetrics(
                        OtlpHttpMetricExporter.builder()
                                .setEndpoint(url + "/v1/metrics")
                                .setHeaders(() -> otlpHeaders)
                                .build(),
                        wanted.metrics().interval(),
                        names,
                        resource,
                        metrics))
                .orElse(null);
        this.tracing = wanted.tracing()
                .otlp()
                .map(url -> new Tracing(
                        OtlpHttpSpanExporter.builder()
                                .setEndpoint(url + "/v1/traces")
                                .setHeaders(() -> otlpHeaders)
                                .build(),
                        wanted.tracing().sample().fraction(),
                        names,
                        resource))
                .orElse(null);
    }

    /**
     * {@return the record of a request that has just arrived}
     *
     * @param whenOver called once, when it is over, however it ended
     * @param path without query, which may hold anything
     * @param header gives the values of the request's headers, of which only those of W3C's trace context are read
     */
    public RequestRecord begin(
            Runnable whenOver, String id, String method, String path, UnaryOperator<@Nullable String> header) {
        Span span = tracing == null ? Span.getInvalid() : tracing.begin(method, path, header);
        return new RequestRecord(this, whenOver, id, method, path, span);
    }

    Span beginAttempt(RequestRecord request, String provider, @Nullable String model) {
        return tracing == null ? Span.getInvalid() : tracing.beginAttempt(request, provider, model);
    }

    void over(RequestRecord request, AttemptRecord attempt) {
        metrics.count(attempt);
        if (exported != null && attempt.isSent()) {
            exported.count(request, attempt);
        }
        if (tracing != null) {
            tracing.over(request, attempt);
        }
    }

    void over(RequestRecord request) {
        metrics.count(request);
        if (exported != null) {
            exported.count(request);
        }
        if (tracing != null) {
            tracing.over(request);
        }
    }

    Prices prices() {
        return prices;
    }

    /** Exports what is left, and stops; takes some seconds at most. Blocks. */
    @Override
    public void close() {
        if (tracing != null) {
            tracing.close();
        }
        if (exported != null) {
            exported.close();
        }
        metrics.close();
    }
}
