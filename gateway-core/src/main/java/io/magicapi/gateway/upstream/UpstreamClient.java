package io.magicapi.gateway.upstream;

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

    private final HttpClient pooled;
    private final HttpClient fresh;
    private final Map<String, UpstreamAddress> addresses = new HashMap<>();
    private final Set<HttpConnection> used = Collections.newSetFromMap(new IdentityHashMap<>());

    /** A client for the event loop this is called on. */
    public UpstreamClient(Vertx vertx) {
        PoolOptions pool = new PoolOptions().setHttp1MaxSize(MAX_CONNECTIONS).setMaxWaitQueueSize(MAX_CONNECTIONS);
        pooled = vertx.httpClientBuilder()
                .with(options())
                .with(pool)
                .withConnectHandler(AnswerWatch::over)
                .build();
        fresh = vertx.httpClientBuilder()
                .with(options().setKeepAlive(false))
                .with(pool)
                .withConnectHandler(AnswerWatch::over)
                .build();
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
     * @param onFreshConnection whether to open a connection for it alone instead of taking one from the pool
     */
    Future<HttpClientRequest> connect(ProviderGeneration provider, UpstreamRequest request, boolean onFreshConnection) {
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
        return (onFreshConnection ? fresh : pooled).request(options);
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
