package io.magicapi.gateway;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** INTERIM. Binds the port and answers 501. */
public final class Gateway {

    private final Vertx vertx;
    private final HttpServer server;

    private Gateway(Vertx vertx, HttpServer server) {
        this.vertx = vertx;
        this.server = server;
    }

    /** Starts a gateway. */
    public static Future<Gateway> start(GatewayConfig config, Map<String, String> environment) {
        Vertx vertx = Vertx.vertx();
        Promise<Gateway> started = Promise.promise();
        vertx.createHttpServer()
                .requestHandler(request -> request.response().setStatusCode(501).end())
                .listen(config.server().port(), config.server().host())
                .onSuccess(server -> started.complete(new Gateway(vertx, server)))
                .onFailure(failure -> vertx.close().onComplete(closed -> started.fail(failure)));
        return started.future();
    }

    /** {@return the bound port} */
    public int port() {
        return server.actualPort();
    }

    /** {@return the name of the network transport} */
    public String transport() {
        return "NIO";
    }

    /** {@return every plugin jar's state} */
    public List<PluginStatus> plugins() {
        return List.of();
    }

    /** {@return the providers that are ready} */
    public List<ProviderGeneration> providers() {
        return List.of();
    }

    /** {@return how many requests are under way} */
    public int inFlight() {
        return 0;
    }

    /** Stops accepting, lets requests end for so long, and closes. */
    public Future<Void> shutdown(Duration drain) {
        return vertx.close();
    }
}
