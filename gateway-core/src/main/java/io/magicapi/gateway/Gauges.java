package io.magicapi.gateway;

import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.http.HttpFront;
import io.magicapi.gateway.observe.ActiveRequests;
import io.magicapi.gateway.observe.LogSetup;
import io.magicapi.gateway.observe.Metrics;
import io.magicapi.gateway.observe.Metrics.Sample;
import io.magicapi.gateway.observe.Prices;
import io.magicapi.gateway.plugins.PluginRegistry;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.reload.ConfigReload;
import io.magicapi.gateway.upstream.ProviderSlots;
import io.magicapi.gateway.upstream.ProviderSlots.Use;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What of a gateway's state the metrics show: asked for each time they are read, on a worker thread. */
final class Gauges {

    private final Metrics metrics;

    Gauges(Metrics metrics) {
        this.metrics = metrics;
    }

    /** Shows which gateway this is. */
    Gauges gateway(String transport, Prices prices) {
        metrics.gauge(
                "gateway_info",
                "Which gateway this is; always 1",
                () -> List.of(new Sample(
                        1,
                        "version",
                        Version.gateway(),
                        "java",
                        Runtime.version().toString(),
                        "transport",
                        transport,
                        "prices",
                        prices.version())));
        metrics.counter(
                "gateway_log_lines_dropped",
                "Log lines that were lost because nobody read them in time",
                () -> List.of(new Sample(LogSetup.dropped())));
        return this;
    }

    /** Shows how many clients there are, and how the event loops that serve them do. */
    Gauges clients(ActiveRequests active, AtomicInteger connections, List<HttpFront> fronts) {
        metrics.gauge(
                "gateway_requests_in_flight",
                "Requests that are being served",
                () -> List.of(new Sample(active.count())));
        metrics.gauge(
                "gateway_connections", "Open connections of clients", () -> List.of(new Sample(connections.get())));
        metrics.gauge(
                "gateway_event_loop_lag_seconds",
                "How long a task waited for its event loop when the metrics were read before",
                () -> IntStream.range(0, fronts.size())
                        .mapToObj(loop ->
                                new Sample(fronts.get(loop).lag().toNanos() / 1e9, "loop", Integer.toString(loop)))
                        .toList());
        return this;
    }

    /** Shows how much each provider is sent. */
    Gauges slots(ProviderSlots slots) {
        slot(slots, "gateway_provider_in_flight", "Requests that a provider is sent now", Use::taken);
        slot(slots, "gateway_provider_waiting", "Requests that wait for their turn to be sent", Use::waiting);
        slot(slots, "gateway_provider_limit", "How many requests a provider is sent at once at most", Use::most);
        return this;
    }

    private void slot(ProviderSlots slots, String name, String help, ToIntFunction<Use> figure) {
        metrics.gauge(
                name,
                help,
                () -> slots.use().entrySet().stream()
                        .map(entry -> new Sample(figure.applyAsInt(entry.getValue()), "provider", entry.getKey()))
                        .toList());
    }

    /** Shows how the keys stand that the gateway holds for the providers that are ready, and never which they are. */
    Gauges keys(Health health, ProviderCatalog catalog) {
        metrics.gauge(
                "gateway_keys",
                "Keys that the gateway holds for a provider, by how they stand",
                () -> holders(catalog)
                        .flatMap(provider -> health.keys(provider.name()).states(provider.keys()).entrySet().stream()
                                .map(entry -> new Sample(
                                        entry.getValue(),
                                        "provider",
                                        provider.name(),
                                        "state",
                                        lowerCase(entry.getKey()))))
                        .toList());
        metrics.gauge(
                "gateway_keys_waiting",
                "Requests that wait for a key with room",
                () -> holders(catalog)
                        .map(provider ->
                                new Sample(health.keys(provider.name()).waiting(), "provider", provider.name()))
                        .toList());
        return this;
    }

    private static Stream<ProviderGeneration> holders(ProviderCatalog catalog) {
        return catalog.snapshot().all().stream()
                .filter(provider -> !provider.keys().entries().isEmpty());
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Shows whether the gateway runs with what its configuration files say, in Prometheus' own terms. */
    Gauges configuration(ConfigReload reload) {
        metrics.gauge(
                "gateway_config_last_reload_successful",
                "Whether the configuration was taken over when it was read last: 1, or 0 if it was refused",
                () -> List.of(new Sample(reload.status().failure().isPresent() ? 0 : 1)));
        metrics.gauge(
                "gateway_config_last_reload_success_timestamp_seconds",
                "When the configuration was last read without being refused",
                () -> List.of(new Sample(reload.status().read().toEpochMilli() / 1e3)));
        return this;
    }

    /** Shows which targets of routes are left alone. Only the operator's own routes have targets, so there are few. */
    Gauges breakers(Health health) {
        metrics.gauge(
                "gateway_breaker_state",
                "Whether a target of a route is asked: 0 it is, 1 it is left alone, 2 it is being tried",
                () -> health.standings().stream()
                        .map(each ->
                                new Sample(each.state().ordinal(), "provider", each.provider(), "model", each.model()))
                        .toList());
        return this;
    }

    /** Shows what is loaded, and what is still in memory. */
    Gauges plugins(PluginRegistry plugins) {
        metrics.gauge(
                "gateway_plugin_generations",
                "Versions of plugins, by how they stand",
                () -> grouped(plugins, each -> 1));
        metrics.gauge(
                "gateway_plugin_leases",
                "Requests that use a version of a plugin",
                () -> grouped(plugins, PluginStatus::inFlight));
        metrics.gauge(
                "gateway_plugin_class_loaders",
                "Class loaders of plugins in memory; leaked are those that nothing uses and that stay",
                () -> List.of(
                        new Sample(plugins.loadersAlive(), "state", "alive"),
                        new Sample(plugins.leaked(), "state", "leaked")));
        return this;
    }

    /** One version may be there twice, such as when it was reloaded and the old one is finishing. */
    private static List<Sample> grouped(PluginRegistry plugins, ToIntFunction<PluginStatus> figure) {
        Map<List<String>, Integer> sums = new TreeMap<>(Comparator.comparing(List::toString));
        for (PluginStatus each : plugins.status()) {
            List<String> key = List.of(each.id(), each.version(), lowerCase(each.state()));
            sums.merge(key, figure.applyAsInt(each), Integer::sum);
        }
        List<Sample> samples = new ArrayList<>();
        sums.forEach((key, sum) ->
                samples.add(new Sample(sum, "plugin", key.get(0), "version", key.get(1), "state", key.get(2))));
        return samples;
    }
}
