package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The HTTP client of one event loop. Not thread-safe: it belongs to the loop that made it, and so do its connections.
 *
 * <p>Redirects are never followed, since they would carry the key to another host, and nothing is decompressed.
 */
public final class UpstreamClient {

    /** A server that closes idle connections sooner than this makes requests fail that were sent a moment too late. */
    private static final int KEEP_ALIVE_SECONDS = 15;

    private static final int MAX_CONNECTIONS = 4096;
    private static final int MAX_RESPONSE_HEADERS = 32 * 1024;

    /**
     * Who shares connections. HTTP/1.1 has no way to say which request an answer belongs to; what a server mixes up must
     * at least not get to those who use another key of the gateway's. (Callers' own keys are one class for each provider:
     * there may be thousands of them, each seen once.)
     *
     * @param key a key that the gateway holds; empty for all requests with a caller's key, or none
     */
    private record Sharing(String provider, String baseUrl, Optional<Secret> key) {}

    private final Vertx vertx;
    private final PoolOptions limits =
            new PoolOptions().setHttp1MaxSize(MAX_CONNECTIONS).setMaxWaitQueueSize(MAX_CONNECTIONS);
    private final Map<Sharing, HttpClient> pools = new HashMap<>();
    private final HttpClient fresh;
    private final Map<String, UpstreamAddress> addresses = new HashMap<>();
    private final Set<HttpConnection> used = Collections.newSetFromMap(new IdentityHashMap<>());

    /** A client for the event loop this is called on. */
    public UpstreamClient(Vertx vertx) {
        this.vertx = vertx;
        this.fresh = client(options().setKeepAlive(false));
    }

    private HttpClient client(HttpClientOptions options) {
        return vertx.httpClientBuilder()
                .with(options)
                .with(limits)
                .withConnectHandler(AnswerWatch::over)
                .build();
    }

    private HttpClient pool(ProviderGeneration provider, Optional<Secret> credential) {
        Optional<Secret> held = credential.filter(provider.keys()::holds);
        return pools.computeIfAbsent(
                new Sharing(provider.name(), provider.baseUrl(), held), unused -> client(options()));
    }

    private static HttpClientOptions options() {
        return new HttpClientOptions()
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setMaxHeaderSize(MAX_RESPONSE_HEADERS)
                .setHttp2ClearTextUpgrade(false)
                .setDecompressionSupported(false)
                .setTcpNoDelay(true);
    }

    /**
     * {@return a request that is connected and ready to be sent, its headers set}
     *
     * @param credential the key that was chosen for the request
     * @param onFreshConnection whether to open a connection for it alone instead of taking one from the pool
     */
    Future<HttpClientRequest> connect(
            ProviderGeneration provider,
            Optional<Secret> credential,
            UpstreamRequest request,
            boolean onFreshConnection) {
        UpstreamAddress address = addresses.computeIfAbsent(provider.baseUrl(), UpstreamAddress::of);
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.valueOf(request.method()))
                .setHost(address.host())
                .setPort(address.port())
                .setSsl(address.ssl())
                .setURI(address.target(request.path()))
                .setFollowRedirects(false)
                .setConnectTimeout(provider.deadlines().connect().toMillis());
        request.headers().forEach(options::addHeader);
        return (onFreshConnection ? fresh : pool(provider, credential)).request(options);
    }

    /**
     * Notes that a request goes out on its connection.
     *
     * @return whether another one did before, so that the server may already have closed it
     */
    boolean isReused(HttpClientRequest request) {
        HttpConnection connection = request.connection();
        if (!used.add(connection)) {
            return true;
        }
        connection.closeHandler(closed -> used.remove(connection));
        return false;
    }

    /** {@return whether any byte of an answer to a request has come, even if it made no sense} */
    boolean hasBegunToAnswer(HttpClientRequest request) {
        return AnswerWatch.hasBegun(request.connection());
    }

    /**
     * Gives up a request whose answer has not come whole, and with HTTP/1.1 its connection.
     *
     * <p>If the server does not take what was written, the connection is closed under it.
     */
    static void reset(HttpClientRequest request) {
        request.reset().onFailure(ended -> {}); // it has ended by itself
        if (request.version() != HttpVersion.HTTP_2 && Connections.isStuck(request.connection())) {
            Connections.closeNow(request.connection());
        }
    }
}
