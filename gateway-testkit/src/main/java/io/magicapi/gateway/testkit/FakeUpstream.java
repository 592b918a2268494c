package io.magicapi.gateway.testkit;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A scripted OpenAI-compatible server on the loopback interface, at a port the system chooses: what a provider's server
 * is to a test. It records each request byte for byte, answers like the gateway's {@code echo} provider unless told
 * otherwise, and can misbehave in all ways of {@link Faults} and {@link Streams}.
 *
 * <pre>{@code
 * try (FakeUpstream upstream = FakeUpstream.start()) {
 *     upstream.enqueue(Faults.resetBeforeHead(), Answer.json(200, "{}"));
 *     …                                                       // point the gateway at upstream.baseUrl()
 *     ReceivedRequest request = upstream.awaitRequest();
 *     assertThat(request.header("authorization")).hasValue("Bearer key");
 * }
 * }</pre>
 *
 * <p>All methods may be called from any thread but the server's own; those named {@code await…} block, for ten seconds
 * at most unless given another time, and then throw an {@link AssertionError}.
 */
public final class FakeUpstream implements AutoCloseable {

    /**
     * The client ended a connection.
     *
     * @param connection which, as in {@link ReceivedRequest#connection}
     * @param noticedAt when the server saw it
     * @param withinAnswer whether an answer was still being sent, or held back
     */
    public record ClientClose(int connection, Instant noticedAt, boolean withinAnswer) {}

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Vertx vertx;
    private final NetServer server;
    private final Queue<Answer> enqueued = new ConcurrentLinkedQueue<>();
    private volatile Answer standing = Answer.echo();

    private final List<ReceivedRequest> requests = new CopyOnWriteArrayList<>();
    private final BlockingQueue<ReceivedRequest> notAwaited = new LinkedBlockingQueue<>();
    private final BlockingQueue<ClientClose> clientCloses = new LinkedBlockingQueue<>();
    private final List<byte[]> garbage = new CopyOnWriteArrayList<>();
    private final Set<FakeConnection> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicLong bytesReceived = new AtomicLong();
    private final AtomicLong bytesSent = new AtomicLong();

    private FakeUpstream() {
        vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        server = vertx.createNetServer(new NetServerOptions()
                        .setHost("127.0.0.1")
                        .setPort(0)
                        // Many floods that nobody reads must not use up the system's memory for sockets.
                        .setSendBufferSize(256 * 1024)
                        .setTcpNoDelay(true))
                .connectHandler(this::accept);
    }

    /**
     * {@return a server that is listening, with threads of its own}
     *
     * @throws IllegalStateException if no port can be opened
     */
    public static FakeUpstream start() {
        FakeUpstream upstream = new FakeUpstream();
        try {
            upstream.server.listen().await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            upstream.close();
            throw new IllegalStateException("no port could be opened on 127.0.0.1", e);
        }
        return upstream;
    }

    /** {@return the port it listens on} */
    public int port() {
        return server.actualPort();
    }

    /** {@return the base URL to give to a provider: {@code http://127.0.0.1:49152}, paths begin with {@code /v1}} */
    public String baseUrl() {
        return "http://127.0.0.1:" + port();
    }

    // Scripting

    /**
     * Answers the next requests with these, each once, in the order in which the requests' heads arrive.
     *
     * @return this
     */
    public FakeUpstream enqueue(Answer... answers) {
        enqueued.addAll(List.of(answers));
        return this;
    }

    /**
     * Answers all requests for which nothing is enqueued with this one.
     *
     * @return this
     */
    public FakeUpstream answerWith(Answer answer) {
        standing = answer;
        return this;
    }

    /** Forgets the script and all that was recorded. Connections stay open, and answers under way go on. */
    public void reset() {
        enqueued.clear();
        standing = Answer.echo();
        requests.clear();
        notAwaited.clear();
        clientCloses.clear();
        garbage.clear();
        bytesReceived.set(0);
        bytesSent.set(0);
    }

    // What happened

    /** {@return the requests so far, in the order of their ends} */
    public List<ReceivedRequest> requests() {
        return List.copyOf(requests);
    }

    /** {@return the next request that was not returned here before, waiting for it if need be} */
    public ReceivedRequest awaitRequest() {
        return awaitRequest(PATIENCE);
    }

    /** {@return the next request that was not returned here before, waiting for it if need be} */
    public ReceivedRequest awaitRequest(Duration patience) {
        return await(notAwaited, patience, "request");
    }

    /** {@return the next end of a connection by the client that was not returned here before, waiting for it if need be} */
    public ClientClose awaitClientClosed() {
        return awaitClientClosed(PATIENCE);
    }

    /** {@return the next end of a connection by the client that was not returned here before, waiting for it if need be} */
    public ClientClose awaitClientClosed(Duration patience) {
        return await(clientCloses, patience, "end of a connection by the client");
    }

    /** {@return how many connections are open now} */
    public int openConnections() {
        return open.size();
    }

    /** {@return how many connections were opened since the start} */
    public int acceptedConnections() {
        return accepted.get();
    }

    /** {@return how many bytes were read, bodies that are not complete yet included} */
    public long bytesReceived() {
        return bytesReceived.get();
    }

    /** {@return how many bytes were handed to the system for sending} */
    public long bytesSent() {
        return bytesSent.get();
    }

    /** {@return what came and was no HTTP/1.x, as far as it was read; such connections are left alone, and silent} */
    public List<byte[]> garbage() {
        return List.copyOf(garbage);
    }

    /** Closes the port and all connections. */
    @Override
    public void close() {
        try {
            vertx.close().await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException("a fake upstream did not stop within " + PATIENCE, e);
        }
    }

    private <T> T await(BlockingQueue<T> events, Duration patience, String what) {
        try {
            T event = events.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (event != null) {
                return event;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new AssertionError("no " + what + " within " + patience + "; connections opened: " + accepted + ", open: "
                + openConnections() + ", requests: " + requests);
    }

    // Called by connections, on the event loop

    private void accept(NetSocket socket) {
        FakeConnection connection = new FakeConnection(this, vertx, socket, accepted.incrementAndGet());
        open.add(connection);
        connection.begin();
    }

    Answer nextAnswer() {
        Answer next = enqueued.poll();
        return next == null ? standing : next;
    }

    void received(ReceivedRequest request) {
        requests.add(request);
        notAwaited.add(request);
    }

    void garbage(byte[] bytes) {
        garbage.add(bytes);
    }

    void bytesReceived(int count) {
        bytesReceived.addAndGet(count);
    }

    void bytesSent(int count) {
        bytesSent.addAndGet(count);
    }

    void ended(FakeConnection connection, @Nullable ClientClose byClient) {
        open.remove(connection);
        if (byClient != null) {
            clientCloses.add(byClient);
        }
    }
}
