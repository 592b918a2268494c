package io.magicapi.gateway.observe;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The figures that Prometheus reads, see {@code docs/observability.md}. Safe for all threads.
 *
 * <p>What happens in requests is counted by the handles of a {@link ModelSeries}, which are looked up once per request, by
 * provider and model, and never by their labels. What is the case at a moment is asked for when it is read.
 *
 * <p>Clients choose models, and so must not choose labels: only models that the gateway knows get series of their own,
 * and of these so many at most; all others of a provider share one, whose model is {@value #OTHER}.
 */
public final class Metrics implements AutoCloseable {

    /** What text this is, for whoever reads it. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** Five results of requests each make a thousand series. */
    static final int MOST_MODELS = 200;

    static final String OTHER = "other";
    static final String NONE = "none";

    private final BiPredicate<String, String> knowsModel;
    private final PrometheusRegistry prometheus = new PrometheusRegistry();
    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, prometheus, Clock.SYSTEM);
    private final JvmGcMetrics collections = new JvmGcMetrics();
    private final Map<String, ProviderSeries> providers = new ConcurrentHashMap<>();
    private final AtomicInteger named = new AtomicInteger();

    /** One provider's. */
    private record ProviderSeries(Map<String, ModelSeries> models, ModelSeries none, ModelSeries other) {}

    /**
     * One line of what is asked for when it is read.
     *
     * @param labels names and values in turn
     */
    public record Sample(double value, String... labels) {}

    /**
     * Figures, all zero.
     *
     * @param knowsModel whether the gateway knows a model of a provider, both given by name
     */
    public Metrics(BiPredicate<String, String> knowsModel) {
        this.knowsModel = knowsModel;
        List<MeterBinder> binders = List.of(
                new JvmMemoryMetrics(),
                collections,
                new JvmThreadMetrics(),
                new ClassLoaderMetrics(),
                new ProcessorMetrics(),
                new FileDescriptorMetrics(),
                new UptimeMetrics());
        binders.forEach(binder -> binder.bindTo(registry));
    }

    /**
     * Adds a gauge.
     *
     * @param name in the form of Prometheus: {@code gateway_connections}
     * @param samples asked on a worker thread each time the metrics are read; must not block for long
     */
    public void gauge(String name, String help, Supplier<? extends Collection<Sample>> samples) {
        prometheus.register((Collector) () -> {
            GaugeSnapshot.Builder snapshot = GaugeSnapshot.builder().name(name).help(help);
            for (Sample sample : samples.get()) {
                snapshot.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                        .labels(Labels.of(sample.labels()))
                        .value(sample.value())
                        .build());
            }
            return snapshot.build();
        });
    }

    /**
     * Adds a counter that somebody else keeps.
     *
     * @param name in the form of Prometheus, without {@code _total}
     * @param samples asked as those of a gauge; the values never fall
     */
    public void counter(String name, String help, Supplier<? extends Collection<Sample>> samples) {
        prometheus.register((Collector) () -> {
            CounterSnapshot.Builder snapshot =
                    CounterSnapshot.builder().name(name).help(help);
            for (Sample sample : samples.get()) {
                snapshot.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .labels(Labels.of(sample.labels()))
                        .value(sample.value())
                        .build());
            }
            return snapshot.build();
        });
    }

    /** {@return all figures, as Prometheus reads them; takes its time, so call it on a worker thread} */
    public String text() {
        return registry.scrape();
    }

    /** Counts a request that is over. */
    void count(RequestRecord request) {
        ModelSeries series = series(request.provider(), request.model());
        series.request(request);
    }

    /** Counts an attempt that is over. */
    void count(AttemptRecord attempt) {
        series(attempt.provider(), attempt.model()).attempt(attempt);
    }

    /** {@return what counts for a model} */
    ModelSeries series(@Nullable String provider, @Nullable String model) {
        String name = provider == null ? NONE : provider;
        ProviderSeries those = providers.get(name);
        if (those == null) {
            those = providers.computeIfAbsent(
                    name,
                    first -> new ProviderSeries(
                            new ConcurrentHashMap<>(),
                            new ModelSeries(registry, first, NONE),
                            new ModelSeries(registry, first, OTHER)));
        }
        if (model == null) {
            return those.none();
        }
        ModelSeries series = those.models().get(model);
        return series == null ? newSeries(those, name, model) : series;
    }

    private ModelSeries newSeries(ProviderSeries those, String provider, String model) {
        if (named.get() >= MOST_MODELS || !knowsModel.test(provider, model)) {
            return those.other();
        }
        ModelSeries series = new ModelSeries(registry, provider, model);
        ModelSeries before = those.models().putIfAbsent(model, series);
        if (before == null) {
            named.incrementAndGet();
        }
        return before == null ? series : before;
    }

    /** {@return the name that a model has as a label} */
    String label(String provider, @Nullable String model) {
        return series(provider, model).model();
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
