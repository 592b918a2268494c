package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
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
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The HTTP client of one event loop. Not thread-safe: it belongs to the loop that made it, and so do its connections.
 *
 * <p>Redirects are never followed, since they would carry the key to another host, and nothing is decompressed.
 */
public final class UpstreamClient {

    /** A server that closes idle connections sooner than this makes requests fail that were sent a moment too late. */
    private static final int KEEP_ALIVE_SECONDS = 15;

    /** Of those that are opened for one request: what has gone stale is sent again, and that is rare. */
    private static final int FRESH_CONNECTIONS = 1024;

    /** As long as any deadline may be. */
    private static final int LONGEST_REQUEST_HOURS = 24;

    private static final int MAX_RESPONSE_HEADERS = 32 * 1024;

    /**
     * Who shares connections. HTTP/1.1 has no way to say which request an answer belongs to; what a server mixes up must
     * at least not get to those who use another key of the gateway's. (Callers' own keys are one class for each provider:
     * there may be thousands of them, each seen once.)
     *
     * @param key a key that the gateway holds; empty for all requests with a caller's key, or none
     * @param most how many connections there may be
     */
    private record Sharing(String provider, String baseUrl, Optional<Secret> key, int most) {}

    private final Vertx vertx;
    private final ProviderSlots slots;
    private final Executor loop;
    private final Map<Sharing, HttpClient> pools = new HashMap<>();
    private final HttpClient fresh;
    private final Map<String, UpstreamAddress> addresses = new HashMap<>();
    private final Set<HttpConnection> used = Collections.newSetFromMap(new IdentityHashMap<>());

    /**
     * A client for the event loop this is called on.
     *
     * @param slots how many requests each provider is sent by all event loops
     */
    public UpstreamClient(Vertx vertx, ProviderSlots slots) {
        this.vertx = vertx;
        this.slots = slots;
        Context context = vertx.getOrCreateContext();
        this.loop = task -> context.runOnContext(run -> task.run());
        this.fresh = client(options().setKeepAlive(false), FRESH_CONNECTIONS);
    }

    /** Nothing queues in the HTTP client but what waits for a connection that is just being given back. */
    private HttpClient client(HttpClientOptions options, int connections) {
        return vertx.httpClientBuilder()
                .with(options)
                .with(new PoolOptions().setHttp1MaxSize(connections))
                .withConnectHandler(AnswerWatch::over)
                .build();
    }

    private HttpClient pool(ProviderGeneration provider, Optional<Secret> credential) {
        Optional<Secret> held = credential.filter(provider.keys()::holds);
        Sharing sharing = new Sharing(
                provider.name(),
                provider.baseUrl(),
                held,
                slots.of(provider.name()).most());
        HttpClient pool = pools.get(sharing);
        if (pool == null) {
            forgetOldKeys(provider);
            pool = client(options(), sharing.most());
            pools.put(sharing, pool);
        }
        return pool;
    }

    /** Keys that are replaced every hour must not leave a pool each; requests that use them go on. */
    private void forgetOldKeys(ProviderGeneration provider) {
        pools.entrySet().removeIf(pool -> {
            Sharing sharing = pool.getKey();
            boolean old = sharing.provider().equals(provider.name())
                    && sharing.key().filter(key -> !provider.keys().holds(key)).isPresent();
            if (old) {
                pool.getValue().shutdown(LONGEST_REQUEST_HOURS, TimeUnit.HOURS);
            }
            return old;
        });
    }

    private static HttpClientOptions options() {
        return new HttpClientOptions()
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setMaxHeaderSize(MAX_RESPONSE_HEADERS)
                .setHttp2ClearTextUpgrade(false)
                .setDecompressionSupported(false)
                .setReceiveBufferSize(Connections.SOCKET_BUFFER)
                .setTcpNoDelay(true);
    }

    /** {@return runs tasks on this client's event loop} */
    Executor loop() {
        return loop;
    }

    /** {@return a slot for a request to a provider, to be taken before {@link #connect} and given back in the end} */
    Slots.Slot slot(ProviderGeneration provider) {
        return slots.of(provider.name()).slot(loop);
    }

    /**
     * {@return a request that is connected, and {@linkplain #setHeaders still without headers}}
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
        return (onFreshConnection ? fresh : pool(provider, credential)).request(options);
    }

    /**
     * Sets the headers of a request that is connected: those that are given to the client with its options are copied
     * there, from one map into the other.
     *
     * @param trace headers that tell which attempt this is, in place of those of the request
     */
    static void setHeaders(HttpClientRequest request, Headers headers, Map<String, String> trace) {
        MultiMap sent = request.headers();
        headers.forEach(sent::add);
        trace.forEach(sent::set);
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
