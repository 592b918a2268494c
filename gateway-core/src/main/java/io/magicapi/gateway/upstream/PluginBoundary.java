package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.BodyTransform;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The one place where requests enter a plugin's code, and so the one place that expects anything of it.
 *
 * <p>Whatever is thrown, linkage errors and stack overflows included, becomes a failure of that one request. Only the
 * thrown object's class name is kept: a kept exception would keep the plugin's class loader, and its message may hold
 * a key. Null and malformed requests are failures too. The log names the place in the plugin.
 *
 * <p>Calls on event loops are watched by a {@link LoopWatch}. One that takes too long has the provider's further calls
 * moved to worker threads, as if it had declared itself {@link Provider#blocking() blocking}. There, and while a stage
 * is awaited, a call has ten seconds. Large bodies are dealt with on worker threads in any case.
 */
public final class PluginBoundary {

    private static final Logger log = LoggerFactory.getLogger(PluginBoundary.class);

    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** Bodies of more bytes than this are translated on worker threads, since that takes milliseconds. */
    private static final int LARGE = 256 * 1024;

    private static final String API = Provider.class.getPackageName() + ".";
    private static final Pattern METHOD = Pattern.compile("[A-Z]{1,20}");
    private static final Pattern TARGET = Pattern.compile("/[!-~&&[^#]]*");

    private final Vertx vertx;
    private final WorkerExecutor workers;
    private final String userAgent;
    private final LoopWatch watch;
    private final boolean alwaysOffLoop;

    /**
     * A boundary, shared by all event loops. {@link #close} it in the end.
     *
     * @param userAgent what requests are labelled with when client and plugin give no label
     */
    public PluginBoundary(Vertx vertx, String userAgent) {
        this(vertx, vertx.createSharedWorkerExecutor("plugin-calls", 32), userAgent, new LoopWatch(), false);
    }

    private PluginBoundary(
            Vertx vertx, WorkerExecutor workers, String userAgent, LoopWatch watch, boolean alwaysOffLoop) {
        this.vertx = vertx;
        this.workers = workers;
        this.userAgent = userAgent;
        this.watch = watch;
        this.alwaysOffLoop = alwaysOffLoop;
    }

    /** {@return the same boundary, for what no client waits for: it enters plugins on worker threads only} */
    PluginBoundary offLoops() {
        return new PluginBoundary(vertx, workers, userAgent, watch, true);
    }

    /** Ends the watch over event loops. Calls under way go on, and are not watched any more. */
    public void close() {
        watch.close();
    }

    /** An attempt that a provider has opened: what it wants to be sent, made safe, and what it will say of the answer. */
    record Opened(UpstreamRequest request, Exchange exchange) {}

    /**
     * Asks a provider what to send. Called and completed on an event loop.
     *
     * @return a request that is safe to send, or a failure with the {@link GatewayException} to tell the client
     */
    Future<Opened> open(ProviderGeneration generation, Call call) {
        boolean offLoop = generation.conduct().isOffLoop() || isLarge(call.body());
        Future<Opened> opened = run(
                        generation, offLoop, () -> generation.provider().openAsync(call))
                .compose(stage -> await(generation, stage))
                .compose(exchange -> run(generation, offLoop, () -> opened(generation, exchange)));
        return inTime(generation, "prepare the request", opened);
    }

    private static boolean isLarge(Body body) {
        return !body.isStreamed()
                && body instanceof ClientBody held
                && held.buffer().length() > LARGE;
    }

    /**
     * Asks what is to become of an answer. Called and completed on an event loop.
     *
     * @return never null; fails with the {@link GatewayException} to tell the client
     */
    Future<ResponseHandler> response(ProviderGeneration generation, Exchange exchange, ResponseHead head) {
        return inTime(
                generation,
                "look at the answer",
                run(generation, generation.conduct().isOffLoop(), () -> {
                    ResponseHandler handler = exchange.response(head);
                    if (handler == null) {
                        throw nullFrom(generation, "Exchange.response");
                    }
                    return handler;
                }));
    }

    /**
     * Has a whole answer translated. Called and completed on an event loop.
     *
     * @return what the provider makes of it, or a failure with the {@link GatewayException} to tell the client
     */
    Future<Buffer> translate(ProviderGeneration generation, BodyTransform transform, Buffer received) {
        boolean offLoop = generation.conduct().isOffLoop() || received.length() > LARGE;
        return inTime(generation, "translate the answer", run(generation, offLoop, () -> {
            Body made = transform.apply(new AnswerBody(received));
            if (made == null) {
                throw nullFrom(generation, "BodyTransform.apply");
            }
            return bytes(made);
        }));
    }

    /**
     * What a provider has made of a part of a stream.
     *
     * @param events may be empty
     * @param failure what went wrong after these, if anything did
     */
    record Translated(Buffer events, Optional<GatewayException> failure) {}

    /**
     * Has a part of a stream translated. Called and completed on an event loop; at once, unless the provider blocks.
     *
     * @param step enters the plugin's code
     * @return fails with the {@link GatewayException} to tell the client, if the provider takes too long
     */
    Future<Translated> translate(
            ProviderGeneration generation, FrameTranslator translator, Consumer<FrameTranslator> step) {
        return inTime(
                generation,
                "translate the stream",
                run(generation, generation.conduct().isOffLoop(), () -> {
                    Optional<GatewayException> failure = Optional.empty();
                    try {
                        step.accept(translator);
                    } catch (Throwable thrown) {
                        failure = Optional.of(failure(generation, thrown));
                    }
                    return new Translated(translator.take(), failure);
                }));
    }

    private <T> Future<T> run(ProviderGeneration generation, boolean offLoop, Supplier<T> call) {
        if (offLoop || alwaysOffLoop) {
            return onWorker(generation, call);
        }
        watch.begin(generation);
        try {
            return Future.succeededFuture(call.get());
        } catch (Throwable thrown) {
            return Future.failedFuture(failure(generation, thrown));
        } finally {
            watch.end(generation);
        }
    }

    private <T> Future<T> onWorker(ProviderGeneration generation, Supplier<T> call) {
        Future<T> working = workers.executeBlocking(
                () -> {
                    try {
                        return call.get();
                    } catch (Throwable thrown) {
                        throw failure(generation, thrown);
                    }
                },
                false);
        // The workers' own failure is that they have ended.
        return working.recover(cause -> Future.failedFuture(
                cause instanceof GatewayException
                        ? cause
                        : new GatewayException(ErrorCode.SHUTTING_DOWN, "the gateway is shutting down")));
    }

    private Future<Exchange> await(ProviderGeneration generation, @Nullable CompletionStage<Exchange> stage) {
        if (stage == null) {
            return Future.failedFuture(nullFrom(generation, "openAsync"));
        }
        return Future.fromCompletionStage(stage, vertx.getOrCreateContext())
                .recover(thrown -> Future.failedFuture(failure(generation, thrown)));
    }

    /** Stops waiting after a while. What the plugin does then goes on, and nobody listens. */
    private <T> Future<T> inTime(ProviderGeneration generation, String task, Future<T> working) {
        if (working.isComplete()) {
            return working;
        }
        Promise<T> answer = Promise.promise();
        long timer = vertx.setTimer(
                DEADLINE.toMillis(),
                expired -> answer.tryFail(new GatewayException(
                        ErrorCode.PROVIDER_FAILED,
                        "provider " + generation.name() + " took longer than " + DEADLINE.toSeconds() + " s to "
                                + task)));
        working.onComplete(result -> {
            vertx.cancelTimer(timer);
            if (result.succeeded()) {
                answer.tryComplete(result.result());
            } else {
                answer.tryFail(result.cause());
            }
        });
        return answer.future();
    }

    /**
     * Asks whether a provider calls an error answer worth retrying. Called and completed on an event loop.
     *
     * @return never fails; the provider's own trouble counts as no
     */
    Future<Boolean> retryable(ProviderGeneration generation, ResponseHead head) {
        Future<Boolean> asked = run(
                generation,
                generation.conduct().isOffLoop(),
                () -> generation.provider().retryable(head));
        return inTime(generation, "judge an error", asked).otherwise(false);
    }

    /**
     * Asks whether a model goes on with an answer of which it is given the beginning. Called and completed on an event
     * loop.
     *
     * @return never fails; the provider's own trouble counts as no
     */
    Future<Boolean> continuesAnswers(ProviderGeneration generation, String model) {
        Future<Boolean> asked = run(
                generation,
                generation.conduct().isOffLoop(),
                () -> generation.provider().continuesAnswers(model));
        return inTime(generation, "say how a stream can be continued", asked).otherwise(false);
    }

    private Opened opened(ProviderGeneration generation, @Nullable Exchange exchange) {
        if (exchange == null) {
            throw nullFrom(generation, "open");
        }
        return new Opened(safeRequest(generation, exchange), exchange);
    }

    private UpstreamRequest safeRequest(ProviderGeneration generation, Exchange exchange) {
        UpstreamRequest wanted = exchange.request();
        if (wanted == null) {
            throw nullFrom(generation, "Exchange.request");
        }
        if (!METHOD.matcher(wanted.method()).matches()
                || !TARGET.matcher(wanted.path()).matches()) {
            throw misuse(generation, "asked for a malformed request (method or path)");
        }
        return UpstreamRequest.of(
                wanted.method(),
                wanted.path(),
                HeaderPolicy.toUpstream(wanted.headers(), userAgent),
                body(wanted.body()));
    }

    /** {@return a body that is the gateway's own: one of the plugin's making is read here, where it may fail} */
    private static Body body(Body wanted) {
        if (wanted instanceof ClientBody) {
            return wanted;
        }
        return ClientBody.held(bytes(wanted), false);
    }

    private static Buffer bytes(Body made) {
        ByteBuffer bytes = made.bytes().duplicate();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return Buffer.buffer(copy);
    }

    private static GatewayException nullFrom(ProviderGeneration generation, String method) {
        return misuse(generation, "returned null from " + method);
    }

    private static GatewayException misuse(ProviderGeneration generation, String deed) {
        log.atWarn()
                .addKeyValue("provider", generation.name())
                .addKeyValue("version", generation.pluginVersion())
                .log("provider {} {}", generation.name(), deed);
        return new GatewayException(ErrorCode.PROVIDER_FAILED, "provider " + generation.name() + " " + deed);
    }

    private static GatewayException failure(ProviderGeneration generation, Throwable failed) {
        Throwable thrown = failed instanceof CompletionException && failed.getCause() != null
                ? failed.getCause() // stages wrap what their functions throw
                : failed;
        if (thrown instanceof GatewayException ours) {
            return ours;
        }
        if (thrown instanceof ProviderException refusal) {
            String message = refusal.getMessage();
            return new GatewayException(code(refusal), message == null ? "refused" : message, refusal.param());
        }
        warn(generation, thrown);
        return new GatewayException(
                ErrorCode.PROVIDER_FAILED,
                "provider " + generation.name() + " failed: "
                        + thrown.getClass().getSimpleName());
    }

    private static ErrorCode code(ProviderException refusal) {
        return switch (refusal.kind()) {
            case INVALID_REQUEST -> ErrorCode.INVALID_REQUEST;
            case UNAUTHENTICATED -> ErrorCode.MISSING_API_KEY;
            case UNSUPPORTED -> ErrorCode.UNKNOWN_URL;
            case UNAVAILABLE -> ErrorCode.PROVIDER_UNAVAILABLE;
            case BAD_ANSWER -> ErrorCode.UPSTREAM_PROTOCOL_ERROR;
        };
    }

    private static void warn(ProviderGeneration generation, Throwable thrown) {
        LoggingEventBuilder line = log.atWarn()
                .addKeyValue("provider", generation.name())
                .addKeyValue("version", generation.pluginVersion());
        try {
            StackTraceElement[] stack = thrown.getStackTrace();
            line = line.addKeyValue("at", PluginFrame.of(stack, generation));
            if (isRaisedByApi(stack)) {
                line = line.addKeyValue("reason", thrown.getMessage());
            }
        } catch (Throwable again) { // these methods are the plugin's code as well, if it overrides them
            line = line.addKeyValue("at", "unknown");
        }
        line.log("provider {} threw {}", generation.name(), thrown.getClass().getName());
    }

    /** Messages of the API's own checks quote neither values nor keys; those of others may. */
    private static boolean isRaisedByApi(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            if (!frame.getClassName().equals(Objects.class.getName())) {
                return frame.getClassName().startsWith(API);
            }
        }
        return false;
    }
}
