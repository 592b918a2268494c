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
            List<String> key =
                    List.of(each.id(), each.version(), each.state().name().toLowerCase(Locale.ROOT));
            sums.merge(key, figure.applyAsInt(each), Integer::sum);
        }
        List<Sample> samples = new ArrayList<>();
        sums.forEach((key, sum) ->
                samples.add(new Sample(sum, "plugin", key.get(0), "version", key.get(1), "state", key.get(2))));
        return samples;
    }
}
