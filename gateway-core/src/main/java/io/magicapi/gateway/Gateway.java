package io.magicapi.gateway;

import io.magicapi.gateway.admin.AdminFront;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.NetworkTransport;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.LoadedConfig;
import io.magicapi.gateway.echo.EchoProvider;
import io.magicapi.gateway.echo.EchoServer;
import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.http.HttpFront;
import io.magicapi.gateway.observe.ActiveRequests;
import io.magicapi.gateway.observe.Metrics;
import io.magicapi.gateway.observe.OtlpHeaders;
import io.magicapi.gateway.observe.Prices;
import io.magicapi.gateway.observe.Recorder;
import io.magicapi.gateway.plugins.AbsentNames;
import io.magicapi.gateway.plugins.PluginRegistry;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.reload.ConfigReload;
import io.magicapi.gateway.upstream.PluginBoundary;
import io.magicapi.gateway.upstream.ProviderSlots;
import io.magicapi.gateway.upstream.UpstreamModels;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running gateway: the plugins it has loaded, and a listener on each event loop. Owns its Vert.x instance. Safe for
 * all threads.
 */
public final class Gateway {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    /** A port that Vert.x takes for "any free one, the same for all instances of this verticle". */
    private static final int ANY_SHARED_PORT = -1;

    private final Vertx vertx;
    private final Transport transport;
    private final ProviderCatalog catalog;
    private final PluginRegistry plugins;
    private final PluginBoundary boundary;
    private final UpstreamModels models;
    private final Metrics metrics;
    private final Recorder recorder;
    private final ProviderSlots slots;
    private final ActiveRequests active = new ActiveRequests();
    private final AtomicInteger connections = new AtomicInteger();
    private final List<HttpFront> fronts = new CopyOnWriteArrayList<>();
    private final Health health;
    private final Optional<ConfigReload> reload;
    private volatile boolean accepting = true;
    private volatile @Nullable AdminFront admin;
    private @Nullable Future<Void> stopped;

    private Gateway(
            Vertx vertx,
            Transport transport,
            ProviderCatalog catalog,
            PluginRegistry plugins,
            PluginBoundary boundary,
            UpstreamModels models,
            GatewayConfig config,
            Map<String, String> environment,
            Optional<LoadedConfig> loaded,
            Set<String> builtIn) {
        this.vertx = vertx;
        this.transport = transport;
        this.catalog = catalog;
        this.plugins = plugins;
        this.boundary = boundary;
        this.models = models;
        Prices prices = new Prices(catalog::config);
        this.metrics = new Metrics((provider, model) -> knows(prices, provider, model));
        this.recorder = new Recorder(
                config, prices, metrics, OtlpHeaders.read(config.observability().otlpHeaders(), environment));
        this.slots = new ProviderSlots(catalog);
        this.health = new Health(name -> catalog.config().provider(name), System::nanoTime);
        Gauges gauges = new Gauges(metrics)
                .gateway(transport.name(), prices)
                .clients(active, connections, fronts)
                .slots(slots)
                .breakers(health)
                .keys(health, catalog)
                .plugins(plugins);
        this.reload = loaded.map(first -> new ConfigReload(vertx, first, this::follow, builtIn));
        reload.ifPresent(gauges::configuration);
        plugins.endLeftoversWith((generations, cause) -> fronts.forEach(front -> front.breakOff(generations, cause)));
    }

    /**
     * Starts a gateway: loads the plugins, then listens.
     *
     * @param environment where keys are looked up; usually {@link System#getenv()}
     * @return completes when requests are served; fails, with nothing left running, if the address cannot be bound
     */
    public static Future<Gateway> start(GatewayConfig config, Map<String, String> environment) {
        return start(config, environment, List.of());
    }

    /**
     * Starts a gateway that has further providers built in, for programs that embed it: they need no jar, and stay as
     * long as the gateway runs.
     *
     * @param builtIn started with the gateway and stopped with it; their names are never given to plugins
     * @return as {@link #start(GatewayConfig, Map)}; fails also if one of them does not start
     */
    public static Future<Gateway> start(GatewayConfig config, Map<String, String> environment, List<Provider> builtIn) {
        return start(config, Optional.empty(), environment, builtIn);
    }

    /**
     * Starts a gateway that follows its configuration: what it was loaded from is watched, and can be loaded again by
     * {@link #reload}.
     *
     * @return as {@link #start(GatewayConfig, Map)}
     */
    public static Future<Gateway> start(LoadedConfig loaded) {
        return start(loaded.config(), Optional.of(loaded), loaded.sources().environment(), List.of());
    }

    private static Future<Gateway> start(
            GatewayConfig config,
            Optional<LoadedConfig> loaded,
            Map<String, String> environment,
            List<Provider> builtIn) {
        Transport transport = transport(config.server().transport());
        int loops = Runtime.getRuntime().availableProcessors();
        Vertx vertx = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(loops))
                .withTransport(transport)
                .build();
        ProviderCatalog catalog = new ProviderCatalog(config);
        PluginBoundary boundary = new PluginBoundary(vertx, "magicapi-gateway/" + Version.gateway());
        UpstreamModels models = new UpstreamModels(catalog, boundary);
        // Completes on no context: one of the instance that is being closed would never run its listeners.
        Promise<Gateway> started = Promise.promise();
        EchoServer.start(vertx)
                .compose(echo -> {
                    List<Provider> builtIns = new ArrayList<>(builtIn);
                    builtIns.add(0, new EchoProvider(echo.baseUrl()));
                    PluginRegistry plugins = new PluginRegistry(config, catalog, builtIns, environment);
                    Set<String> names = builtIns.stream().map(Provider::name).collect(Collectors.toSet());
                    return plugins.start()
                            .map(new Gateway(
                                    vertx,
                                    transport,
                                    catalog,
                                    plugins,
                                    boundary,
                                    models,
                                    config,
                                    environment,
                                    loaded,
                                    names));
                })
                .onSuccess(gateway -> gateway.warnOfAbsentProviders(config))
                .compose(gateway ->
                        gateway.listenToOperators(config, environment).map(gateway))
                .compose(gateway -> gateway.listen(config, loops).map(gateway))
                .compose(gateway -> gateway.vertx.deployVerticle(gateway.models).map(gateway))
                .onSuccess(gateway -> gateway.reload.ifPresent(ConfigReload::watch))
                .onSuccess(started::complete)
                .onFailure(failure -> {
                    boundary.close();
                    vertx.close().onComplete(closed -> started.fail(failure));
                });
        return started.future();
    }

    /** {@return whether a model is one of the operator's, of a plugin's catalogue or of the price list} */
    private boolean knows(Prices prices, String provider, String model) {
        return prices.knows(provider, model)
                || catalog.snapshot()
                        .find(provider)
                        .filter(known -> known.lists(model))
                        .isPresent()
                || catalog.config().models().values().stream()
                        .flatMap(route -> route.route().stream())
                        .anyMatch(target -> target.name().equals(provider + "/" + model));
    }

    private Future<List<String>> follow(GatewayConfig next) {
        GatewayConfig before = catalog.config();
        return plugins.follow(next).map(changed -> {
            Stream.concat(before.providers().keySet().stream(), next.providers().keySet().stream())
                    .distinct()
                    .filter(name -> isJudgedOtherwise(before.provider(name), next.provider(name)))
                    .forEach(health::forget);
            providers().forEach(provider -> health.keys(provider.name()).retain(provider.keys()));
            warnOfAbsentProviders(next);
            return changed;
        });
    }

    private static boolean isJudgedOtherwise(ProviderSettings before, ProviderSettings after) {
        return !before.breaker().equals(after.breaker()) || !before.retries().equals(after.retries());
    }

    private void warnOfAbsentProviders(GatewayConfig config) {
        AbsentNames.warnings(config, catalog.snapshot().present(), plugins)
                .forEach(warning ->
                        LOG.atWarn().addKeyValue("code", AbsentNames.CODE).log(warning));
    }

    private static Transport transport(NetworkTransport wanted) {
        Transport transport = switch (wanted) {
            case AUTO -> fastestTransport();
            case IO_URING -> Transport.IO_URING;
            case EPOLL -> Transport.EPOLL;
            case KQUEUE -> Transport.KQUEUE;
            case NIO -> Transport.NIO;
        };
        if (transport != null && transport.available()) {
            return transport;
        }
        Transport other = fastestTransport();
        LOG.warn("server.transport is {}, which this machine does not have; it will be {}", wanted, other.name());
        return other;
    }

    /** Not io_uring, which has worse tails for streams; see docs/decisions/0004-io-uring.md. */
    private static Transport fastestTransport() {
        return Stream.of(Transport.EPOLL, Transport.KQUEUE)
                .filter(Objects::nonNull)
                .filter(Transport::available)
                .findFirst()
                .orElse(Transport.NIO);
    }

    private Future<?> listenToOperators(GatewayConfig config, Map<String, String> environment) {
        if (!config.admin().enabled()) {
            return Future.succeededFuture();
        }
        AdminFront front = new AdminFront(config, environment, plugins, reload, metrics);
        return vertx.deployVerticle(front).onSuccess(deployed -> admin = front);
    }

    private Future<String> listen(GatewayConfig config, int loops) {
        int port =
                config.server().port() == 0 ? ANY_SHARED_PORT : config.server().port();
        return vertx.deployVerticle(
                () -> {
                    HttpFront front = new HttpFront(
                            port,
                            catalog,
                            models,
                            boundary,
                            slots,
                            health,
                            active,
                            recorder,
                            connections,
                            () -> accepting);
                    fronts.add(front);
                    return front;
                },
                new DeploymentOptions().setInstances(loops));
    }

    /** {@return what reloads the configuration; empty if the gateway was given one that comes from nowhere} */
    public Optional<ConfigReload> reload() {
        return reload;
    }

    /** {@return the configuration in use; of keys that only a restart can change, not the value in use but the newest} */
    public GatewayConfig config() {
        return catalog.config();
    }

    /** {@return the port that is bound} */
    public int port() {
        return fronts.get(0).port();
    }

    /** {@return the listener of the admin API; empty if it is not enabled} */
    public Optional<AdminFront> admin() {
        return Optional.ofNullable(admin);
    }

    /** {@return how the operating system is talked to: {@code epoll}, {@code io_uring}, {@code kqueue} or {@code nio}} */
    public String transport() {
        return transport.name();
    }

    /** {@return what became of each jar in the plugins folder} */
    public List<PluginStatus> plugins() {
        return plugins.status();
    }

    /** {@return what loads the plugins, and does to them what operators ask for} */
    public PluginRegistry pluginRegistry() {
        return plugins;
    }

    /** {@return the providers that are ready, sorted by name} */
    public List<ProviderGeneration> providers() {
        return catalog.snapshot().all();
    }

    /** {@return the figures of this gateway, to which its parts add gauges of their own} */
    public Metrics metrics() {
        return metrics;
    }

    /** {@return how many requests are being served} */
    public int inFlight() {
        return active.count();
    }

    /**
     * Stops, once: readiness goes off, no connection is accepted any more, requests under way may finish.
     *
     * @param drain how long they may take; what is left then is told that the gateway shuts down, and broken off
     * @return completes when everything has stopped
     */
    public synchronized Future<Void> shutdown(Duration drain) {
        if (stopped == null) {
            accepting = false;
            models.close();
            List<Future<Void>> drained =
                    fronts.stream().map(front -> front.shutdown(drain)).toList();
            stopped = Future.join(drained)
                    .transform(done -> closeAdmin())
                    .transform(done -> plugins.close())
                    .andThen(done -> boundary.close())
                    .transform(done -> vertx.executeBlocking(() -> {
                        recorder.close();
                        return null;
                    }))
                    .transform(done -> vertx.close());
        }
        return stopped;
    }

    /** Operators may see how requests end, but not ask anything of a registry that closes. */
    private Future<Void> closeAdmin() {
        AdminFront front = admin;
        return front == null ? Future.succeededFuture() : vertx.undeploy(front.deploymentID());
    }
}
