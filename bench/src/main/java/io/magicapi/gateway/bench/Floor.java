package io.magicapi.gateway.bench;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.transport.Transport;

/**
 * The least that a proxy on Vert.x can do: it holds the body, sends it on, and pipes the answer back. No routing, no
 * policy, no deadline, no log. What the gateway costs more than this is what the gateway does.
 */
final class Floor extends VerticleBase {

    private final int port;
    private final int upstreamPort;

    private Floor(int port, int upstreamPort) {
        this.port = port;
        this.upstreamPort = upstreamPort;
    }

    /**
     * Serves on a port of the loopback interface until the process is ended.
     *
     * @param transport {@code epoll}, {@code io_uring} or {@code nio}
     * @throws IllegalArgumentException if this machine does not have it
     */
    static void serve(int port, int upstreamPort, String transport) {
        Transport chosen = switch (transport) {
            case "epoll" -> Transport.EPOLL;
            case "io_uring" -> Transport.IO_URING;
            default -> Transport.NIO;
        };
        if (chosen == null || !chosen.available()) {
            throw new IllegalArgumentException("no " + transport + " here");
        }
        int loops = Runtime.getRuntime().availableProcessors();
        Vertx vertx = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(loops))
                .withTransport(chosen)
                .build();
        vertx.deployVerticle(() -> new Floor(port, upstreamPort), new DeploymentOptions().setInstances(loops))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    @Override
    public Future<?> start() {
        HttpClientAgent client = vertx.httpClientBuilder()
                .with(new PoolOptions().setHttp1MaxSize(20_000))
                .build();
        return vertx.createHttpServer(
                        new HttpServerOptions().setHost("127.0.0.1").setPort(port))
                .requestHandler(request -> relay(client, request))
                .listen();
    }

    private void relay(HttpClientAgent client, HttpServerRequest request) {
        RequestOptions options = new RequestOptions()
                .setMethod(request.method())
                .setHost("127.0.0.1")
                .setPort(upstreamPort)
                .setURI(request.uri());
        request.headers().forEach(options::addHeader);
        request.body()
                .compose(body -> send(client, options, body))
                .compose(answer -> pipe(answer, request))
                .onFailure(failure -> request.response().reset());
    }

    private static Future<HttpClientResponse> send(HttpClientAgent client, RequestOptions options, Buffer body) {
        return client.request(options).compose(sent -> sent.send(body));
    }

    private static Future<Void> pipe(HttpClientResponse answer, HttpServerRequest request) {
        MultiMap headers = request.response().setStatusCode(answer.statusCode()).headers();
        headers.addAll(answer.headers());
        return answer.pipeTo(request.response());
    }
}
