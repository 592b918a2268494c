package io.magicapi.gateway.admin;

import io.magicapi.gateway.admin.AdminRefusal.Reason;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Admin;
import io.magicapi.gateway.observe.Metrics;
import io.magicapi.gateway.plugins.PluginRegistry;
import io.magicapi.gateway.reload.ConfigReload;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The listener of the admin API. While it listens, an {@link AdminFile} in the data folder says where.
 *
 * <p>Operators are few, so there is one listener, on one event loop, and all its limits are fixed.
 */
public final class AdminFront extends VerticleBase {

    private static final int MAX_CONNECTIONS = 64;
    private static final int MAX_HEADERS = 16 * 1024;
    private static final int MAX_REQUEST_LINE = 4 * 1024;

    /** For the first request of a connection to begin. */
    private static final Duration FIRST_REQUEST = Duration.ofSeconds(10);

    /** For a request and its answer. Loading a plugin may take a minute, an upload over a slow tunnel some more. */
    private static final Duration REQUEST = Duration.ofMinutes(5);

    private static final Duration IDLE = Duration.ofMinutes(2);

    private final Admin config;
    private final GatewayConfig whole;
    private final Map<String, String> environment;
    private final PluginRegistry plugins;
    private final Metrics metrics;
    private final Optional<ConfigReload> reload;

    /** The connections that are open, and the timers that close those on which nothing comes. */
    private final Map<HttpConnection, Long> connections = new IdentityHashMap<>();

    private volatile @Nullable HttpServer server;
    private volatile @Nullable AdminFile file;
    private volatile String keySource = "";

    /**
     * A listener that does not listen yet.
     *
     * @param environment where the key is looked up
     * @param reload what reloads the configuration, if it can be
     * @param metrics the figures that it shows, if it is to
     */
    public AdminFront(
            GatewayConfig config,
            Map<String, String> environment,
            PluginRegistry plugins,
            Optional<ConfigReload> reload,
            Metrics metrics) {
        this.reload = reload;
        this.whole = config;
        this.config = config.admin();
        this.environment = Map.copyOf(environment);
        this.plugins = plugins;
        this.metrics = metrics;
    }

    /** {@return completes when operators are served; fails with an {@link AdminStartException}} */
    @Override
    public Future<?> start() {
        return vertx.executeBlocking(
                        () -> AdminKey.given(config.key(), environment).orElseGet(AdminKey::random))
                .compose(this::listen);
    }

    private Future<Void> listen(AdminKey key) {
        Router router = new AdminApi(vertx, whole, key, plugins, reload, metrics).router();
        HttpServer listener = vertx.createHttpServer(new HttpServerOptions()
                        .setHost(config.host())
                        .setPort(config.port())
                        .setMaxHeaderSize(MAX_HEADERS)
                        .setMaxInitialLineLength(MAX_REQUEST_LINE)
                        .setHttp2ClearTextEnabled(false)
                        .setHandle100ContinueAutomatically(true)
                        .setPerMessageWebSocketCompressionSupported(false)
                        .setPerFrameWebSocketCompressionSupported(false)
                        .setIdleTimeout((int) IDLE.toSeconds()))
                .connectionHandler(this::accept)
                .invalidRequestHandler(AdminFront::refuseMalformed)
                .requestHandler(request -> {
                    limit(request);
                    router.handle(request);
                });
        server = listener;
        return listener.listen()
                .recover(failure ->
                        Future.failedFuture(AdminStartException.address(config.host(), config.port(), failure)))
                .compose(bound -> vertx.executeBlocking(() -> tell(bound.actualPort(), key)))
                .onSuccess(told -> {
                    file = told;
                    keySource = key.source()
                            .orElse(AdminFile.in(whole.plugins().data()).toString());
                })
                .mapEmpty();
    }

    private AdminFile tell(int port, AdminKey key) {
        Path data = whole.plugins().data();
        String host = config.host().indexOf(':') >= 0 ? "[" + config.host() + "]" : config.host();
        AdminFile told = new AdminFile(
                URI.create("http://" + host + ":" + port),
                ProcessHandle.current().pid(),
                key.source().isPresent() ? Optional.empty() : Optional.of(key.secret()));
        try {
            told.write(data);
        } catch (IOException e) {
            throw AdminStartException.file(
                    AdminFile.in(data)
                            + ", which tells the command line where the admin API is, cannot be written: " + e
                            + ". Let this user write there, or set admin.enabled: false.",
                    e);
        }
        return told;
    }

    private void accept(HttpConnection connection) {
        if (connections.size() >= MAX_CONNECTIONS) {
            connection.close();
            return;
        }
        connections.put(connection, vertx.setTimer(FIRST_REQUEST.toMillis(), late -> connection.close()));
        connection.exceptionHandler(reset -> {}); // its request is told, too
        connection.closeHandler(closed -> {
            Long timer = connections.remove(connection);
            if (timer != null) {
                vertx.cancelTimer(timer);
            }
        });
    }

    private void limit(HttpServerRequest request) {
        Long first = connections.get(request.connection());
        if (first != null) {
            vertx.cancelTimer(first);
        }
        long timer =
                vertx.setTimer(REQUEST.toMillis(), late -> request.connection().close());
        request.response().endHandler(sent -> vertx.cancelTimer(timer)).closeHandler(left -> vertx.cancelTimer(timer));
    }

    private static void refuseMalformed(HttpServerRequest request) {
        AdminRefusal refusal =
                new AdminRefusal(Reason.MALFORMED, "the request is not valid HTTP, or its head too large");
        request.response()
                .setStatusCode(refusal.status())
                .putHeader("content-type", "application/json")
                .putHeader("connection", "close")
                .end(refusal.body());
    }

    @Override
    public Future<?> stop() {
        AdminFile told = file;
        return told == null
                ? Future.succeededFuture()
                : vertx.executeBlocking(() -> {
                    told.remove(whole.plugins().data());
                    return null;
                });
    }

    /** {@return where it listens, such as {@code http://127.0.0.1:41234}; once it is started} */
    public URI url() {
        AdminFile told = file;
        if (told == null) {
            throw new IllegalStateException("not started");
        }
        return told.url();
    }

    /** {@return where its key is: a variable's name, or a file} */
    public String keySource() {
        return keySource;
    }

    /** {@return the port that is bound} */
    public int port() {
        HttpServer listener = server;
        return listener == null ? -1 : listener.actualPort();
    }
}
