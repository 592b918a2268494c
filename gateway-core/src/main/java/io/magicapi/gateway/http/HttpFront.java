package io.magicapi.gateway.http;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Cors;
import io.magicapi.gateway.config.GatewayConfig.Limits;
import io.magicapi.gateway.config.GatewayConfig.Server;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.loop.LoopClock;
import io.magicapi.gateway.loop.LoopLag;
import io.magicapi.gateway.observe.ActiveRequests;
import io.magicapi.gateway.observe.Recorder;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.routing.Planner;
import io.magicapi.gateway.upstream.PluginBoundary;
import io.magicapi.gateway.upstream.ProviderSlots;
import io.magicapi.gateway.upstream.Relays;
import io.magicapi.gateway.upstream.UpstreamClient;
import io.magicapi.gateway.upstream.UpstreamModels;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.CorsHandler;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The listener of one event loop. All instances share the port, the connections are spread over them, and each keeps
 * what it needs to itself: the loop that accepted a connection serves it to the end.
 */
public final class HttpFront extends VerticleBase {

    /** How long the last words of requests that are broken off may take to reach their clients. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private static final String ARRIVAL = "arrival";

    private static final Set<String> CORS_EXPOSED = Set.of(
            "x-request-id",
            "x-gateway-provider",
            "x-gateway-model",
            "x-gateway-attempts",
            "x-gateway-overhead-ms",
            "x-gateway-warning",
            "x-gateway-cost-usd",
            "retry-after",
            "retry-after-ms",
            "x-should-retry");

    /** What OpenAI's SDKs send, in a page as well: a browser that is not allowed one of these sends nothing at all. */
    private static final Set<String> CORS_ALLOWED = Set.of(
            "authorization",
            "content-type",
            "x-provider",
            "idempotency-key",
            "openai-beta",
            "openai-organization",
            "openai-project",
            "user-agent", // not every browser keeps it to itself
            "x-stainless-arch",
            "x-stainless-custom-poll-interval",
            "x-stainless-helper-method",
            "x-stainless-lang",
            "x-stainless-os",
            "x-stainless-package-version",
            "x-stainless-poll-helper",
            "x-stainless-retry-count",
            "x-stainless-runtime",
            "x-stainless-runtime-version",
            "x-stainless-timeout");

    private final ProviderCatalog catalog;
    private final UpstreamModels models;
    private final PluginBoundary boundary;
    private final ProviderSlots slots;
    private final Health health;
    private final ActiveRequests active;
    private final Recorder recorder;
    private final BooleanSupplier ready;
    private final HttpServerOptions options;
    private final AtomicInteger connections;

    private Cors corsSettings = Cors.NONE;
    private Handler<RoutingContext> corsHandler = HttpFront::refusePages;
    private @Nullable HttpServer server;
    private @Nullable Relays relays;
    private volatile @Nullable LoopLag lag;

    /**
     * A request under the router's care.
     *
     * @param path empty if it is for no part of the API
     */
    private record Arrival(RequestRecord record, Optional<ApiPath> path) {}

    /**
     * A listener that does not listen yet.
     *
     * @param port the port to bind; a negative one is any free port, the same for all instances
     * @param models what upstreams list
     * @param slots how many requests each provider is sent by all event loops
     * @param health what is known of providers, their models and their keys
     * @param active counts the requests of all event loops
     * @param recorder makes the records of requests
     * @param connections counts the connections of all event loops
     * @param ready whether new requests are welcome, for {@code /health/ready}
     */
    public HttpFront(
            int port,
            ProviderCatalog catalog,
            UpstreamModels models,
            PluginBoundary boundary,
            ProviderSlots slots,
            Health health,
            ActiveRequests active,
            Recorder recorder,
            AtomicInteger connections,
            BooleanSupplier ready) {
        this.catalog = catalog;
        this.models = models;
        this.boundary = boundary;
        this.slots = slots;
        this.health = health;
        this.active = active;
        this.recorder = recorder;
        this.connections = connections;
        this.ready = ready;
        this.options = options(catalog.config(), port);
    }

    private static HttpServerOptions options(GatewayConfig config, int port) {
        Limits limits = config.server().limits();
        return new HttpServerOptions()
                .setHost(config.server().host())
                .setPort(port)
                .setMaxHeaderSize(limits.headerBlock().toInt())
                .setMaxInitialLineLength(limits.requestLine().toInt())
                // Requests are answered 100 only when they are accepted, see ApiHandler.
                .setHandle100ContinueAutomatically(false)
                .setHttp2ClearTextEnabled(config.server().http2Cleartext())
                .setDecompressionSupported(false)
                // No WebSockets here; and what negotiates this breaks when more than 128 requests are pipelined.
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setSendBufferSize(Connections.SOCKET_BUFFER)
                .setTcpNoDelay(true);
    }

    @Override
    public Future<?> start() {
        LoopClock clock = new LoopClock(vertx);
        lag = new LoopLag(context);
        ConnectionGuard guard = new ConnectionGuard(clock, this::settings, connections);
        ErrorAnswers errors = new ErrorAnswers(clock, guard);
        Relays ours = new Relays(
                vertx,
                clock,
                new UpstreamClient(vertx, slots),
                boundary,
                provider -> catalog.config().provider(provider).retries(),
                health,
                () -> settings().timeouts().slowReader());
        relays = ours;
        Router router =
                router(new ApiHandler(catalog, models, new Planner(health), clock, ours, errors), guard, errors);
        HttpServer listener = vertx.createHttpServer(options)
                .connectionHandler(guard::accepted)
                .requestHandler(request -> receive(request, router, guard, errors))
                .invalidRequestHandler(request -> refuseMalformed(request, guard, errors));
        server = listener;
        return listener.listen();
    }

    /** {@return the settings in use; of those that only a restart can change, not the ones in use but the newest} */
    private Server settings() {
        return catalog.config().server();
    }

    /** {@return the port that is bound} */
    public int port() {
        return server == null ? -1 : server.actualPort();
    }

    /** {@return how long a task waited for this event loop when this was asked before} */
    public Duration lag() {
        LoopLag asked = lag;
        return asked == null ? Duration.ZERO : asked.ask();
    }

    /**
     * Accepts no more connections and lets requests under way finish. Call on any thread.
     *
     * @param drain how long they may take; then they are told that the gateway shuts down
     * @return completes when all are over
     */
    public Future<Void> shutdown(Duration drain) {
        HttpServer listener = server;
        Relays running = relays;
        if (listener == null || running == null) {
            return Future.succeededFuture();
        }
        context.runOnContext(begun -> vertx.setTimer(
                Math.max(1, drain.toMillis()),
                due -> running.breakOffAll(new GatewayException(
                        ErrorCode.SHUTTING_DOWN, "the gateway shuts down; try again in a moment"))));
        return listener.shutdown(drain.plus(LAST_WORDS).toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Ends the requests of this event loop that use one of these generations. Call on any thread. */
    public void breakOff(Set<ProviderGeneration> generations, GatewayException cause) {
        context.runOnContext(begun -> {
            if (relays != null) {
                relays.breakOff(generations, cause);
            }
        });
    }

    private void receive(HttpServerRequest request, Router router, ConnectionGuard guard, ErrorAnswers errors) {
        guard.requestBegan(request);
        if (guard.isPoisoned(request)) {
            return;
        }
        request.pause();
        try {
            guard.check(request);
        } catch (GatewayException refusal) {
            errors.refuse(request, RequestIds.next(), refusal);
            return;
        }
        guard.whenTaken(request, () -> router.handle(request));
    }

    private void refuseMalformed(HttpServerRequest request, ConnectionGuard guard, ErrorAnswers errors) {
        guard.requestBegan(request);
        Throwable cause = request.decoderResult().cause();
        GatewayException refusal = cause instanceof TooLongHttpLineException
                ? new GatewayException(
                        ErrorCode.URI_TOO_LONG,
                        "the request line is longer than " + options.getMaxInitialLineLength() + " bytes")
                : cause instanceof TooLongHttpHeaderException
                        ? new GatewayException(
                                ErrorCode.HEADERS_TOO_LARGE,
                                "the headers are larger than " + options.getMaxHeaderSize() + " bytes")
                        : new GatewayException(ErrorCode.INVALID_REQUEST, "the request is not valid HTTP");
        errors.refuse(request, RequestIds.next(), refusal);
    }

    /** Each route that a request passes costs it time, so those that nearly all requests need come first. */
    private Router router(ApiHandler api, ConnectionGuard guard, ErrorAnswers errors) {
        Router router = Router.router(vertx);
        router.route().handler(context -> begin(context, guard, errors));
        router.route().handler(context -> serve(context, api));
        router.options().handler(HttpFront::answerOptions);
        router.route("/health/live").handler(context -> health(context, errors, true));
        router.route("/health/ready").handler(context -> health(context, errors, ready.getAsBoolean()));
        router.route().handler(context -> {
            refuseTooMany();
            throw unknown(context.request());
        });
        router.route().failureHandler(context -> errors.send(context.request(), record(context), failure(context)));
        return router;
    }

    private static Throwable failure(RoutingContext context) {
        Throwable failure = context.failure();
        if (failure instanceof GatewayException) {
            return failure;
        }
        if (context.statusCode() == 403) { // by the CORS handler, or in its place
            return new GatewayException(
                    ErrorCode.ORIGIN_NOT_ALLOWED,
                    "pages of this origin may not call the gateway (server.cors.origins)",
                    Optional.of("origin"));
        }
        return failure == null ? new GatewayException(ErrorCode.INVALID_REQUEST, "the request is malformed") : failure;
    }

    private void begin(RoutingContext context, ConnectionGuard guard, ErrorAnswers errors) {
        HttpServerRequest request = context.request();
        active.begin();
        String uri = request.uri();
        int query = uri.indexOf('?');
        RequestRecord record = recorder.begin(
                () -> {
                    active.end();
                    guard.requestOver(request);
                },
                RequestIds.next(),
                request.method().name(),
                query < 0 ? uri : uri.substring(0, query),
                request::getHeader);
        try {
            context.put(ARRIVAL, new Arrival(record, ApiPath.parse(uri)));
        } catch (GatewayException refusal) {
            errors.send(request, record, refusal);
            return;
        }
        if (isOptions(request)) {
            recordAnswer(context, record);
        }
        cors(context);
    }

    private static Arrival arrival(RoutingContext context) {
        return context.get(ARRIVAL);
    }

    private static RequestRecord record(RoutingContext context) {
        return arrival(context).record();
    }

    private static boolean isOptions(HttpServerRequest request) {
        return request.method().equals(HttpMethod.OPTIONS);
    }

    private void serve(RoutingContext context, ApiHandler api) {
        HttpServerRequest request = context.request();
        Arrival arrival = arrival(context);
        if (arrival.path().isEmpty() || isOptions(request)) {
            context.next();
            return;
        }
        refuseTooMany();
        api.handle(request, arrival.path().get(), arrival.record());
    }

    private void refuseTooMany() {
        if (active.count() > settings().limits().inFlight()) {
            throw new GatewayException(
                    ErrorCode.OVERLOADED, "the gateway serves all the requests it takes (server.limits.in-flight)");
        }
    }

    private void cors(RoutingContext context) {
        Cors cors = settings().cors();
        if (!cors.equals(corsSettings)) {
            corsSettings = cors;
            corsHandler = corsHandler(cors);
        }
        corsHandler.handle(context);
    }

    private static Handler<RoutingContext> corsHandler(Cors cors) {
        if (cors.origins().isEmpty()) {
            return HttpFront::refusePages;
        }
        CorsHandler handler = CorsHandler.create()
                .allowedMethods(
                        Set.of(HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE, HttpMethod.PUT, HttpMethod.PATCH))
                .exposedHeaders(CORS_EXPOSED)
                .maxAgeSeconds(600);
        handler.addOrigins(cors.origins());
        if (!cors.headers().contains("*")) {
            // Without this the handler allows whatever headers the browser asks for.
            CORS_ALLOWED.forEach(handler::allowedHeader);
            cors.headers().forEach(handler::allowedHeader);
        }
        return handler;
    }

    /** Or any page that somebody visits beside a gateway could spend its keys: a form needs no permission to be sent. */
    private static void refusePages(RoutingContext context) {
        if (context.request().headers().contains(HttpHeaders.ORIGIN)) {
            context.fail(403);
        } else {
            context.next();
        }
    }

    /** For the answers that are not ours to write: those of the CORS handler. */
    private static void recordAnswer(RoutingContext context, RequestRecord record) {
        context.addEndHandler(ended -> {
            record.answered(context.response().getStatusCode());
            record.close(ended.succeeded() ? Outcome.COMPLETED : Outcome.ABORTED);
        });
        context.request().resume();
    }

    private static void answerOptions(RoutingContext context) {
        context.response()
                .setStatusCode(204)
                .putHeader("allow", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
                .end();
    }

    private static void health(RoutingContext context, ErrorAnswers errors, boolean up) {
        HttpMethod method = context.request().method();
        RequestRecord record = record(context);
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            errors.send(
                    context.request(),
                    record,
                    new GatewayException(
                            ErrorCode.METHOD_NOT_ALLOWED, "method " + method.name() + " is not served here; use GET"));
            return;
        }
        context.request().resume();
        int status = up ? 200 : 503;
        record.answered(status);
        record.close(Outcome.COMPLETED);
        context.response()
                .setStatusCode(status)
                .putHeader("content-type", "application/json")
                .end("{\"status\":\"" + (up ? "up" : "draining") + "\"}");
    }

    private static GatewayException unknown(HttpServerRequest request) {
        return new GatewayException(
                ErrorCode.UNKNOWN_URL,
                "unknown URL: " + request.method().name() + " " + shorten(request.path())
                        + "; the API is below /v1, such as POST /v1/chat/completions");
    }

    private static String shorten(String path) {
        return path.length() > 200 ? path.substring(0, 200) + "…" : path;
    }
}
