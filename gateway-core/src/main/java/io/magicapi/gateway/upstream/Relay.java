package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.BodyTransform;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.FrameTransform;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.magicapi.gateway.observe.Usage;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client request on its way to a provider and back. Lives on one event loop, from the choice of provider to the last
 * byte, and holds the provider's lease all the while.
 *
 * <p>The rules it keeps, each learnt from a proxy that did not:
 *
 * <ol>
 *   <li>When the client leaves, at whatever moment, the upstream request is reset at once.
 *   <li>{@code over} is set before the response is ended, and a request whose answer has come whole is never reset: the
 *       reset would hit the next user of its pooled connection.
 *   <li>An upstream that breaks off never becomes a clean end.
 *   <li>When the client does not keep up, the upstream is paused, and is not blamed for being silent.
 *   <li>Silence has deadlines of our own; the HTTP client's end with the response's head.
 *   <li>Redirects are not followed.
 *   <li>The framing of each side is that side's own business.
 * </ol>
 */
final class Relay implements ClientSide {

    /** Answers whose token usage is worth looking for. */
    private static final Set<Operation> METERED =
            Set.of(Operation.CHAT_COMPLETIONS, Operation.COMPLETIONS, Operation.EMBEDDINGS, Operation.RESPONSES);

    /** An event that is longer than this is no event. */
    private static final int MAX_EVENT = 16 * 1024 * 1024;

    /** What is longer is not translated, since it must be held whole. */
    private static final int MAX_DOCUMENT = 32 * 1024 * 1024;

    /** How long an upstream may take to end its response after its last word, before its connection is given up. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    /** What counts against the version of the provider that served. */
    private static final Set<ErrorCode> PROVIDERS_FAULT = EnumSet.of(
            ErrorCode.PROVIDER_FAILED,
            ErrorCode.PROVIDER_UNAVAILABLE,
            ErrorCode.UPSTREAM_UNREACHABLE,
            ErrorCode.UPSTREAM_PROTOCOL_ERROR,
            ErrorCode.UPSTREAM_CUT,
            ErrorCode.UPSTREAM_TIMEOUT);

    private static final Logger log = LoggerFactory.getLogger(Relay.class);

    private final Relays relays;
    private final UpstreamClient upstreams;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final GatewayCall call;
    private final Lease lease;
    private final RequestRecord record;
    private final Optional<String> warning;
    private final @Nullable Upload upload;
    private final Promise<Void> answered = Promise.promise();
    private final long begin = System.nanoTime();

    private @Nullable Exchange exchange;
    private Slots.@Nullable Slot slot;
    private @Nullable HttpClientRequest upstream;
    private @Nullable HttpClientResponse incoming;
    private ResponseHandler handling = ResponseHandler.passThrough();
    private @Nullable Answer answer;
    private @Nullable Deadline deadline;
    private @Nullable Deadline total;
    private @Nullable Deadline slowReader;
    private @Nullable Deadline linger;
    private boolean connecting;
    private boolean requestSent = true;
    private boolean upstreamEnded;
    private boolean replayed;
    private int holds;
    private boolean over;

    /** A relay that has not begun; the parameters are those of {@link Relays#serve}. */
    Relay(
            Relays relays,
            HttpServerRequest request,
            GatewayCall call,
            Lease lease,
            RequestRecord record,
            Optional<String> warning,
            @Nullable Upload upload) {
        this.relays = relays;
        this.upstreams = relays.upstreams();
        this.request = request;
        this.response = request.response();
        this.call = call;
        this.lease = lease;
        this.record = record;
        this.warning = warning;
        this.upload = upload;
    }

    /** Serves the request, see {@link Relays#serve}. */
    Future<Void> run() {
        response.closeHandler(closed -> clientLeft());
        response.exceptionHandler(failure -> {
            if (upload == null || Connections.isLoss(failure)) {
                clientLeft(); // otherwise the upload is malformed, and will say so
            }
        });
        if (response.closed()) {
            clientLeft();
            return answered.future();
        }
        startTotal();
        relays.boundary()
                .open(generation(), call)
                .onSuccess(opened -> guarded(() -> {
                    exchange = opened.exchange();
                    takeSlot(opened.request());
                }))
                .onFailure(this::fail);
        return answered.future();
    }

    private void startTotal() {
        Deadlines deadlines = generation().deadlines();
        Optional<Duration> limit = call.stream() ? deadlines.totalStream() : Optional.of(deadlines.total());
        limit.ifPresent(duration -> total = relays.clock()
                .start(
                        duration,
                        () -> breakOff(new GatewayException(
                                ErrorCode.UPSTREAM_TIMEOUT,
                                "provider " + generation().name() + " did not finish within " + duration.toSeconds()
                                        + " s"))));
    }

    ProviderGeneration generation() {
        return lease.generation();
    }

    /** Runs a step of ours. Nobody waits for these steps, so one that threw would leave the client waiting for ever. */
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | StackOverflowError failure) {
            fail(failure);
        }
    }

    // --- towards the provider

    /** Waits for its turn, if the provider is sent as many requests as it may be. */
    private void takeSlot(UpstreamRequest wanted) {
        if (over) {
            return;
        }
        Slots.Slot mine = upstreams.slot(generation());
        slot = mine;
        Future<Void> taken = mine.take();
        if (!taken.isComplete()) {
            deadline = relays.clock()
                    .start(
                            generation().deadlines().connect(),
                            () -> fail(new GatewayException(
                                    ErrorCode.OVERLOADED,
                                    "provider " + generation().name()
                                            + " is sent all the requests it may be, and none of them ended in time"
                                            + " (providers." + generation().name() + ".limits)")));
        }
        taken.onSuccess(held -> {
                    stopWaiting();
                    guarded(() -> connect(wanted, false));
                })
                .onFailure(this::fail);
    }

    /** The provider has no more to do with this request. */
    private void giveSlotBack() {
        if (slot != null) {
            slot.giveBack();
        }
    }

    private void connect(UpstreamRequest wanted, boolean onFreshConnection) {
        if (over) {
            return;
        }
        record.attempt(generation().name(), call.model());
        Future<HttpClientRequest> connection =
                upstreams.connect(generation(), call.credential(), wanted, onFreshConnection);
        connecting = true;
        connection
                .onSuccess(connected -> {
                    connecting = false;
                    connected.exceptionHandler(failure -> {}); // the response future fails too
                    if (over) {
                        connected.reset();
                        giveSlotBack();
                    } else {
                        guarded(() -> send(connected, wanted));
                    }
                })
                .onFailure(cause -> {
                    connecting = false;
                    giveSlotBack();
                    fail(unreachable(cause));
                });
    }

    private void send(HttpClientRequest outgoing, UpstreamRequest wanted) {
        upstream = outgoing;
        boolean reused = upstreams.isReused(outgoing);
        Body body = wanted.body();
        Future<HttpClientResponse> head;
        if (body.isStreamed()) {
            head = outgoing.response();
            if (upload == null) {
                fail(new GatewayException(ErrorCode.PROVIDER_FAILED, "the provider sent a body that does not exist"));
                return;
            }
            requestSent = false;
            upload.sendTo(outgoing).onSuccess(sent -> requestSent()).onFailure(failure -> {
                if (failure instanceof GatewayException refusal) {
                    fail(refusal);
                }
            });
        } else {
            Buffer bytes = ((ClientBody) body).buffer();
            boolean bodiless = bytes.length() == 0 && !wanted.method().startsWith("P");
            head = bodiless ? outgoing.send() : outgoing.send(bytes);
            awaitHead();
        }
        head.onComplete(arrived -> {
            if (over) {
                return;
            }
            stopWaiting();
            if (arrived.succeeded()) {
                guarded(() -> receive(arrived.result()));
            } else if (reused
                    && !replayed
                    && !body.isStreamed()
                    && isConnectionLoss(arrived.cause())
                    && !upstreams.hasBegunToAnswer(outgoing)) {
                // The server closed an idle connection just as this request was sent on it. Nothing of an answer has
                // come, so the request is sent once more, on a connection that cannot be stale.
                replayed = true;
                upstream = null;
                log.atInfo()
                        .addKeyValue("id", call.requestId())
                        .addKeyValue("provider", generation().name())
                        .log("sent again, since the kept connection had gone stale");
                guarded(() -> connect(wanted, true));
            } else {
                fail(broken(arrived.cause()));
            }
        });
    }

    private void requestSent() {
        requestSent = true;
        awaitHead();
    }

    private void awaitHead() {
        if (!over && incoming == null) {
            deadline = relays.clock()
                    .start(
                            generation().deadlines().firstByte(),
                            () -> fail(new GatewayException(
                                    ErrorCode.UPSTREAM_TIMEOUT,
                                    "provider " + generation().name() + " did not begin to answer within "
                                            + generation()
                                                    .deadlines()
                                                    .firstByte()
                                                    .toSeconds() + " s")));
        }
    }

    private void stopWaiting() {
        if (deadline != null) {
            deadline.cancel();
            deadline = null;
        }
    }

    // --- back to the client

    private void receive(HttpClientResponse head) {
        incoming = head;
        head.exceptionHandler(failure -> {
            upstreamEnded();
            breakOff(new GatewayException(
                    ErrorCode.UPSTREAM_CUT,
                    "provider " + generation().name() + " broke off in the middle of its answer"));
        });
        Exchange asked = exchange;
        if (asked == null) {
            throw new IllegalStateException("an answer without an exchange");
        }
        requireAnswer(head);
        Future<ResponseHandler> handler = relays.boundary().response(generation(), asked, head(head));
        if (!handler.isComplete()) {
            head.pause();
            handler.onComplete(known -> head.resume());
        }
        handler.onSuccess(known -> guarded(() -> receive(head, known))).onFailure(this::fail);
    }

    /** Whatever is not the answer to an API request is none of the plugin's business. */
    private void requireAnswer(HttpClientResponse head) {
        int status = head.statusCode();
        if (status < 200 || status > 599 || (status >= 300 && status < 400)) {
            throw new GatewayException(
                    ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                    "provider " + generation().name() + " answered with status " + status
                            + ", which is no answer to an API request");
        }
    }

    private void receive(HttpClientResponse head, ResponseHandler handler) {
        if (over) {
            return;
        }
        handling = handler;
        Answer chosen = answer(head, handler);
        answer = chosen;
        deadline = relays.clock()
                .start(
                        generation().deadlines().idle(),
                        () -> breakOff(new GatewayException(
                                ErrorCode.UPSTREAM_TIMEOUT,
                                "provider " + generation().name() + " fell silent for "
                                        + generation().deadlines().idle().toSeconds()
                                        + " s in the middle of its answer")));
        head.handler(bytes -> {
            if (!over && deadline != null) {
                deadline.touch();
                guarded(() -> chosen.chunk(bytes));
            }
        });
        head.endHandler(end -> {
            upstreamEnded();
            abandonUpload();
            if (!over) {
                guarded(chosen::end);
            }
        });
    }

    private void upstreamEnded() {
        upstreamEnded = true;
        giveSlotBack();
        stopLingering();
    }

    /** Ends the request before its time, as visibly as it can still be done. */
    void breakOff(GatewayException cause) {
        Answer begun = answer;
        if (begun == null) {
            fail(cause);
        } else if (!over) {
            guarded(() -> begun.cut(cause));
        }
    }

    /**
     * The upstream has answered before it was sent the whole of an upload. Its connection is of no further use, and the
     * client may send the rest, so that it gets to read the answer.
     */
    private void abandonUpload() {
        if (!requestSent && upstream != null) {
            requestSent = true;
            request.handler(rest -> {}).endHandler(end -> {}).resume();
            upstream.connection().close();
        }
    }

    private Answer answer(HttpClientResponse head, ResponseHandler handler) {
        int status = head.statusCode();
        String coding = head.getHeader("content-encoding");
        boolean coded = coding != null && !coding.equalsIgnoreCase("identity");
        if (status >= 400) {
            return new ErrorAnswer(!coded, body -> translateError(head, handler, body));
        }
        if (coded && (call.isChatStream() || !handler.isPassThrough() || !clientAccepts(coding))) {
            throw new GatewayException(
                    ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                    "provider " + generation().name() + " coded its answer although it was asked not to");
        }
        Optional<BodyTransform> wholeBody = handler.bodyTransform();
        if (wholeBody.isPresent()) {
            return new TranslatedBody(
                    this,
                    body -> relays.boundary().translate(generation(), wholeBody.get(), body),
                    made -> guarded(() -> sendTranslated(head, made)),
                    MAX_DOCUMENT);
        }
        Optional<FrameTransform> frames = handler.frameTransform();
        if (frames.isPresent() && !call.isChatStream()) {
            throw new GatewayException(
                    ErrorCode.PROVIDER_FAILED,
                    "provider " + generation().name() + " made a stream of an answer that is none");
        }
        if (frames.isPresent()) {
            FrameDecoder decoder = handler.frameDecoder().orElseGet(() -> new EventDecoder(MAX_EVENT));
            return new TranslatedStream(
                    relays.boundary(),
                    generation(),
                    new FrameTranslator(decoder, frames.get()),
                    this,
                    chatStream(!call.includeUsage()));
        }
        return call.isChatStream() ? chatStream(false) : raw(head, status);
    }

    private ChatStreamAnswer chatStream(boolean hidesUsage) {
        return new ChatStreamAnswer(
                this,
                new ChatStreamScanner(generation().usagePointers(), MAX_EVENT, hidesUsage),
                call.includeUsage(),
                MAX_EVENT);
    }

    /** Identity was asked for: what is coded all the same, only some clients can read. */
    private boolean clientAccepts(String coding) {
        for (String line : request.headers().getAll("accept-encoding")) {
            for (String accepted : line.toLowerCase(Locale.ROOT).split(",", -1)) {
                String[] nameAndWeight = accepted.split(";", 2);
                boolean refused =
                        nameAndWeight.length == 2 && nameAndWeight[1].strip().matches("q\\s*=\\s*0(\\.0*)?");
                if (nameAndWeight[0].strip().equals(coding.strip().toLowerCase(Locale.ROOT))) {
                    return !refused;
                }
            }
        }
        return false;
    }

    private Answer raw(HttpClientResponse head, int status) {
        String contentType =
                Optional.ofNullable(head.getHeader("content-type")).orElse("").toLowerCase(Locale.ROOT);
        boolean eventStream = contentType.startsWith("text/event-stream");
        long length = contentLength(head);
        writeHead(head, status, eventStream);
        boolean bodiless = request.method().equals(HttpMethod.HEAD) || status == 204;
        if (length >= 0 && status != 204) {
            response.putHeader("content-length", Long.toString(length));
        } else if (!bodiless) {
            response.setChunked(true);
        }
        boolean metered = METERED.contains(call.operation())
                && contentType.contains("json")
                && head.getHeader("content-encoding") == null;
        return new RawAnswer(
                this,
                bodiless || length == 0 ? -1 : length,
                eventStream,
                metered ? new UsageReader(generation().usagePointers()) : null);
    }

    private static long contentLength(HttpClientResponse head) {
        String length = head.getHeader("content-length");
        try {
            return length == null ? -1 : Long.parseLong(length.strip());
        } catch (NumberFormatException malformed) {
            return -1;
        }
    }

    private void writeHead(HttpClientResponse head, int status, boolean eventStream) {
        response.setStatusCode(status);
        HeaderPolicy.toClient(answerHeaders(head), response.headers());
        if (eventStream) {
            response.putHeader("cache-control", "no-cache").putHeader("x-accel-buffering", "no");
        }
        own(status);
    }

    /** {@return the upstream's headers, or those that the provider gives instead} */
    private Iterable<Map.Entry<String, String>> answerHeaders(HttpClientResponse head) {
        return handling.headers()
                .<Iterable<Map.Entry<String, String>>>map(Headers::entries)
                .orElse(head.headers());
    }

    private void own(int status) {
        if (!response.headers().contains("x-request-id")) {
            response.putHeader("x-request-id", call.requestId());
        }
        response.putHeader("x-gateway-provider", generation().name());
        warn(warning);
        warn(handling.warning());
        record.answered(status);
    }

    private void warn(Optional<String> text) {
        text.ifPresent(known -> response.headers().add("x-gateway-warning", known));
    }

    /** Sends what a provider has made of a whole answer: as a stream, if one was asked for. */
    private void sendTranslated(HttpClientResponse head, Buffer made) {
        if (over) {
            return;
        }
        if (call.isChatStream()) {
            ChatStreamAnswer stream = chatStream(false);
            stream.chunk(made);
            stream.end();
            return;
        }
        UsageReader usage = new UsageReader(generation().usagePointers());
        usage.read(made);
        used(usage.usage());
        writeHead(head, head.statusCode(), false);
        response.putHeader("content-type", "application/json")
                .putHeader("content-length", Integer.toString(made.length()));
        end(made);
    }

    /** The status says more than a provider that cannot read its upstream's error. */
    private void translateError(HttpClientResponse head, ResponseHandler handler, Buffer received) {
        int status = head.statusCode();
        Optional<BodyTransform> transform = handler.bodyTransform().filter(known -> received.length() > 0);
        if (transform.isEmpty()) {
            sendError(head, ErrorNormaliser.normalise(status, received));
            return;
        }
        stopWaiting(); // for the upstream: the plugin has a deadline of its own
        relays.boundary()
                .translate(generation(), transform.get(), received)
                .otherwise(received)
                .onSuccess(made -> guarded(() -> sendError(head, ErrorNormaliser.normalise(status, made))));
    }

    private void sendError(HttpClientResponse head, Buffer received) {
        if (over) {
            return;
        }
        Buffer body = Redaction.without(call.credential(), received);
        int status = head.statusCode();
        writeHead(head, status, false);
        response.putHeader("content-type", "application/json");
        response.headers().remove("content-encoding");
        if (knownRetryable(status) || response.headers().contains("x-should-retry")) {
            endError(body);
            return;
        }
        stopWaiting(); // for the upstream: the plugin has a deadline of its own
        relays.boundary()
                .retryable(generation(), head(head))
                .onSuccess(retryable -> guarded(() -> {
                    if (retryable && !over) {
                        response.putHeader("x-should-retry", "true");
                    }
                    endError(body);
                }));
    }

    private void endError(Buffer body) {
        if (over) {
            return;
        }
        response.putHeader("content-length", Integer.toString(body.length()));
        if (request.method().equals(HttpMethod.HEAD)) {
            end(Buffer.buffer());
        } else {
            end(body);
        }
    }

    /** {@return whether SDKs retry this status without being told} */
    private static boolean knownRetryable(int status) {
        return status == 408 || status == 409 || status == 429 || status >= 500;
    }

    private static ResponseHead head(HttpClientResponse head) {
        return ResponseHead.of(head.statusCode(), () -> HeaderPolicy.fromUpstream(head.headers()));
    }

    @Override
    public void beginStream(Optional<String> remark) {
        HttpClientResponse head = incoming;
        if (head != null) {
            writeHead(head, 200, true);
        }
        response.putHeader("content-type", "text/event-stream").setChunked(true);
        warn(remark);
    }

    @Override
    public void refuse(GatewayException failure) {
        fail(failure);
    }

    @Override
    public void refuse(int status, Buffer received) {
        Buffer body = Redaction.without(call.credential(), received);
        HttpClientResponse head = incoming;
        if (head != null) {
            writeHead(head, status, false);
        }
        response.putHeader("content-type", "application/json")
                .putHeader("content-length", Integer.toString(body.length()));
        end(body);
    }

    @Override
    public void write(Buffer bytes) {
        record.wrote(bytes.length());
        response.write(bytes);
        HttpClientResponse source = incoming;
        if (!over && slowReader == null && response.writeQueueFull()) {
            hold();
            awaitReader();
            response.drainHandler(drained -> {
                if (stopAwaitingReader()) {
                    release();
                }
            });
        }
    }

    @Override
    public void hold() {
        if (holds++ == 0 && incoming != null && deadline != null) {
            incoming.pause();
            deadline.pause();
        }
    }

    @Override
    public void release() {
        if (--holds == 0 && !over && incoming != null && deadline != null) {
            deadline.resume();
            incoming.resume();
        }
    }

    private void awaitReader() {
        slowReader = relays.clock().start(relays.slowReader(), () -> {
            clientLeft();
            if (request.version() == HttpVersion.HTTP_2) {
                response.reset();
            } else {
                Connections.closeNow(request.connection());
            }
        });
    }

    /** {@return whether a reader was being awaited} */
    private boolean stopAwaitingReader() {
        Deadline awaited = slowReader;
        slowReader = null;
        if (awaited != null) {
            awaited.cancel();
        }
        return awaited != null;
    }

    @Override
    public void end(Buffer bytes) {
        if (over) {
            return;
        }
        record.wrote(bytes.length());
        served(incoming != null && incoming.statusCode() >= 500);
        close(Outcome.COMPLETED);
        response.end(bytes).onComplete(written -> answered.tryComplete());
        lingerOnUpstream();
    }

    /**
     * The answer is whole for the client; the upstream may still have to say that it is whole for it, too. (With a length
     * it says so with its last byte.)
     */
    private void lingerOnUpstream() {
        if (!upstreamEnded && response.isChunked()) {
            linger = relays.clock().start(LINGER, this::resetUpstream);
        }
    }

    /** Or each stream would be held for as long as that after its end. */
    private void stopLingering() {
        if (linger != null) {
            linger.cancel();
            linger = null;
        }
    }

    @Override
    public void breakOff(GatewayException cause, Buffer words) {
        if (over) {
            return;
        }
        record.failed(cause.code());
        failed(cause);
        close(Outcome.FAILED);
        resetUpstream();
        Future<Void> flushed = words.length() == 0
                ? Future.succeededFuture()
                : response.write(Redaction.without(call.credential(), words));
        flushed.onComplete(written -> {
            response.reset();
            answered.tryComplete();
        });
    }

    @Override
    public void used(Optional<Usage> usage) {
        record.used(usage);
    }

    // --- the end

    /**
     * The caller tells the client, if nothing has been written; otherwise it breaks the response off.
     *
     * @param failure a {@link GatewayException}, or a bug of ours
     */
    private void fail(Throwable failure) {
        if (over) {
            return;
        }
        failed(failure);
        finish();
        resetUpstream();
        answered.tryFail(failure);
    }

    /** Tells the provider's version how it did, unless that says nothing of it. */
    private void failed(Throwable failure) {
        if (failure instanceof GatewayException known && PROVIDERS_FAULT.contains(known.code())) {
            served(true);
        }
    }

    private void served(boolean badly) {
        long firstByte = record.firstByte();
        generation().served(badly, firstByte == 0 ? -1 : firstByte - begin);
    }

    private void clientLeft() {
        if (over) {
            return;
        }
        close(Outcome.ABORTED);
        resetUpstream();
        answered.tryComplete();
    }

    private void close(Outcome outcome) {
        finish();
        record.close(outcome);
    }

    private void finish() {
        over = true;
        stopWaiting();
        stopAwaitingReader();
        if (total != null) {
            total.cancel();
        }
        if (upload != null) {
            upload.stop();
        }
        if (upstream == null && !connecting) {
            giveSlotBack();
        }
        lease.close();
        relays.ended(this);
    }

    private void resetUpstream() {
        if (upstream != null && !upstreamEnded) {
            UpstreamClient.reset(upstream);
            upstreamEnded();
        }
    }

    // --- what went wrong

    private GatewayException unreachable(Throwable cause) {
        return new GatewayException(
                ErrorCode.UPSTREAM_UNREACHABLE,
                "provider " + generation().name() + " cannot be reached (" + reason(cause) + ")");
    }

    private static String reason(Throwable cause) {
        if (cause instanceof UnknownHostException) {
            return "unknown host";
        }
        if (cause instanceof SSLException) {
            return "TLS failed";
        }
        if (cause instanceof ConnectException) {
            return "connection refused";
        }
        return cause instanceof TimeoutException ? "timed out" : "no connection";
    }

    private GatewayException broken(Throwable cause) {
        if (isConnectionLoss(cause)) {
            return new GatewayException(
                    ErrorCode.UPSTREAM_CUT,
                    "provider " + generation().name() + " closed the connection before it answered");
        }
        return new GatewayException(
                ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                "provider " + generation().name() + " did not answer in valid HTTP ("
                        + cause.getClass().getSimpleName() + ")");
    }

    private static boolean isConnectionLoss(Throwable cause) {
        return cause instanceof HttpClosedException || cause instanceof IOException;
    }
}
