package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.BodyTransform;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.FrameTransform;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Connections;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.observe.AttemptRecord;
import io.magicapi.gateway.observe.UsagePointers;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One try to have a request answered by one target. Lives on one event loop, and holds the provider's lease from its
 * begin to its end. It ends in one of three ways: its answer is delivered, its answer breaks off under the client's eyes,
 * or it {@linkplain Relay#failed comes to nothing}, and its {@link Relay} decides what is next.
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
final class Attempt implements ClientSide {

    /** An event that is longer than this is no event. */
    private static final int MAX_EVENT = 16 * 1024 * 1024;

    /** What is longer is not translated, since it must be held whole. */
    private static final int MAX_DOCUMENT = 32 * 1024 * 1024;

    /** How long an upstream may take to end its response after its last word, before its connection is given up. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(Attempt.class);

    private final Relay relay;
    private final Relays relays;
    private final UpstreamClient upstreams;
    private final ClientResponse client;
    private final AttemptRecord record;
    private final Inquiry inquiry;
    private final Target target;
    private final Credentials credentials;
    private final Lease lease;
    private final Optional<Duration> firstToken;
    private final Delivery delivery;
    private final @Nullable Upload upload;
    private final UpstreamFaults faults;
    private final long begin = System.nanoTime();

    private long firstByte;
    private Credentials.Chosen chosen = Credentials.Chosen.NONE;
    private @Nullable Exchange exchange;
    private Slots.@Nullable Slot slot;
    private @Nullable HttpClientRequest upstream;
    private @Nullable HttpClientResponse incoming;
    private ResponseHandler handling = ResponseHandler.passThrough();
    private @Nullable Answer answer;
    private @Nullable Deadline deadline;
    private @Nullable Deadline word;
    private @Nullable Deadline linger;
    private boolean connecting;
    private boolean requestSent = true;
    private boolean upstreamEnded;
    private boolean replayed;
    private int holds;
    private boolean hidesUsage;
    private boolean over;

    /**
     * An attempt that has not begun.
     *
     * @param credentials where its key comes from
     * @param lease on the provider; given back when the attempt is over
     * @param firstToken how long it may take to the first word of a stream; empty: as long as it takes, since there is
     *     nobody else to ask
     * @param delivery how its answer is delivered if it is a chat stream
     * @param upload the client's body, if it is not held in memory
     */
    Attempt(
            Relay relay,
            Relays relays,
            ClientResponse client,
            AttemptRecord record,
            Inquiry inquiry,
            Target target,
            Credentials credentials,
            Lease lease,
            Optional<Duration> firstToken,
            Delivery delivery,
            @Nullable Upload upload) {
        this.relay = relay;
        this.relays = relays;
        this.upstreams = relays.upstreams();
        this.client = client;
        this.record = record;
        this.inquiry = inquiry;
        this.target = target;
        this.credentials = credentials;
        this.lease = lease;
        this.firstToken = firstToken;
        this.delivery = delivery;
        this.upload = upload;
        this.faults = new UpstreamFaults(lease.generation().name());
    }

    /** Begins. */
    void run() {
        guarded(this::takeSlot);
    }

    ProviderGeneration generation() {
        return lease.generation();
    }

    Target target() {
        return target;
    }

    /** {@return the key it was made with} */
    Credentials.Chosen credential() {
        return chosen;
    }

    /** {@return whether its target was given the beginning of the answer} */
    boolean isPrefilled() {
        return delivery.isPrefilled();
    }

    long begin() {
        return begin;
    }

    /** {@return when the first byte of its answer was there for the client, by {@link System#nanoTime}; 0 if none was} */
    long firstByte() {
        return firstByte;
    }

    private void wrote() {
        if (firstByte == 0) {
            firstByte = System.nanoTime();
        }
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

    /** Waits for its turn, if the provider or its keys are sent as many requests as they may be. */
    private void takeSlot() {
        record.waits();
        Slots.Slot mine = upstreams.slot(generation());
        slot = mine;
        Future<Credentials.Chosen> key = mine.take().compose(held -> credentials.choose(generation(), target));
        if (!key.isComplete()) {
            deadline = relays.clock().start(generation().deadlines().connect(), () -> fail(faults.noTurn()));
        }
        key.onComplete(
                mineToo -> {
                    stopWaiting();
                    guarded(() -> open(mineToo));
                },
                this::fail);
    }

    private void open(Credentials.Chosen key) {
        if (over) {
            key.release();
            return;
        }
        record.takes();
        chosen = key;
        GatewayCall asked = inquiry.call(generation(), target, chosen.secret());
        hidesUsage = asked.hidesUsage();
        delivery.asked(asked, this::continuesAnswers).onComplete(call -> guarded(() -> open(call)), this::fail);
    }

    private Future<Boolean> continuesAnswers() {
        return relays.boundary().continuesAnswers(generation(), target.model().orElse(""));
    }

    private void open(GatewayCall call) {
        if (over) {
            return;
        }
        relays.boundary()
                .open(generation(), call)
                .onComplete(
                        opened -> guarded(() -> {
                            exchange = opened.exchange();
                            ask(opened.request());
                        }),
                        this::fail);
    }

    /** The provider has no more to do with this request. */
    private void giveSlotBack() {
        if (slot != null) {
            slot.giveBack();
        }
    }

    private void ask(UpstreamRequest wanted) {
        if (!over) {
            relay.asked();
            connect(wanted, false);
        }
    }

    private void connect(UpstreamRequest wanted, boolean onFreshConnection) {
        if (over) {
            return;
        }
        record.sent();
        Future<HttpClientRequest> connection =
                upstreams.connect(generation(), chosen.secret(), wanted, onFreshConnection);
        connecting = true;
        connection.onComplete(
                connected -> {
                    connecting = false;
                    connected.exceptionHandler(failure -> {}); // the response future fails too
                    if (over) {
                        connected.reset();
                        giveSlotBack();
                    } else {
                        guarded(() -> send(connected, wanted));
                    }
                },
                cause -> {
                    connecting = false;
                    giveSlotBack();
                    fail(faults.unreachable(cause));
                });
    }

    private void send(HttpClientRequest outgoing, UpstreamRequest wanted) {
        upstream = outgoing;
        UpstreamClient.setHeaders(outgoing, wanted.headers(), record.trace());
        boolean reused = upstreams.isReused(outgoing);
        Body body = wanted.body();
        Future<HttpClientResponse> head;
        if (body.isStreamed()) {
            head = outgoing.response();
            if (upload == null) {
                fail(faults.misuse("sent a body that does not exist"));
                return;
            }
            requestSent = false;
            upload.sendTo(outgoing, generation(), target)
                    .onSuccess(sent -> requestSent())
                    .onFailure(failure -> {
                        if (failure instanceof GatewayException refusal) {
                            fail(refusal);
                        }
                    });
        } else {
            Buffer bytes = ((ClientBody) body).buffer();
            boolean bodiless = bytes.length() == 0 && !wanted.method().startsWith("P");
            if (bytes.length() > BodyParts.LENGTH) {
                head = outgoing.response();
                requestSent = false;
                BodyParts.send(outgoing, bytes, () -> !over && upstream == outgoing)
                        .onSuccess(sent -> requestSent = true);
            } else {
                head = bodiless ? outgoing.send() : outgoing.send(bytes);
            }
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
                    && UpstreamFaults.isConnectionLoss(arrived.cause())
                    && !upstreams.hasBegunToAnswer(outgoing)) {
                // The server closed an idle connection just as this request was sent on it. Nothing of an answer has
                // come, so the request is sent once more, on a connection that cannot be stale.
                replayed = true;
                upstream = null;
                log.atInfo()
                        .addKeyValue("id", inquiry.requestId())
                        .addKeyValue("provider", generation().name())
                        .log("sent again, since the kept connection had gone stale");
                guarded(() -> connect(wanted, true));
            } else {
                fail(faults.brokenBeforeAnswer(arrived.cause()));
            }
        });
    }

    private void requestSent() {
        requestSent = true;
        awaitHead();
    }

    private void awaitHead() {
        if (over || incoming != null) {
            return;
        }
        Duration limit = generation().deadlines().firstByte();
        deadline = relays.clock().start(limit, () -> fail(faults.noHead(limit)));
        if (inquiry.isChatStream() && word == null) {
            firstToken.ifPresent(patience ->
                    word = relays.clock().start(patience, () -> fail(faults.noFirstToken(patience))));
        }
    }

    private void stopWaiting() {
        if (deadline != null) {
            deadline.cancel();
            deadline = null;
        }
    }

    private void stopAwaitingWord() {
        if (word != null) {
            word.cancel();
            word = null;
        }
    }

    // --- back to the client

    private void receive(HttpClientResponse head) {
        incoming = head;
        record.answered(head.statusCode());
        head.exceptionHandler(failure -> {
            upstreamEnded();
            breakOff(faults.brokenWithinAnswer());
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
        handler.onComplete(known -> guarded(() -> receive(head, known)), this::fail);
    }

    /** Whatever is not the answer to an API request is none of the plugin's business. */
    private void requireAnswer(HttpClientResponse head) {
        int status = head.statusCode();
        if (status < 200 || status > 599 || (status >= 300 && status < 400)) {
            throw faults.protocol("answered with status " + status + ", which is no answer to an API request");
        }
    }

    private void receive(HttpClientResponse head, ResponseHandler handler) {
        if (over) {
            return;
        }
        handling = handler;
        Answer begun = answer(head, handler);
        answer = begun;
        Duration limit = generation().deadlines().idle();
        deadline = relays.clock().start(limit, () -> breakOff(faults.silentWithinAnswer(limit)));
        head.handler(bytes -> {
            if (!over && deadline != null) {
                deadline.touch();
                record.takes();
                guarded(() -> begun.chunk(bytes));
                record.waits();
            }
        });
        record.waits();
        head.endHandler(end -> {
            record.received();
            upstreamEnded();
            abandonUpload();
            if (!over) {
                guarded(begun::end);
            }
        });
    }

    private void upstreamEnded() {
        upstreamEnded = true;
        if (holds > 0 && incoming != null) {
            Connections.read(incoming.request().connection()); // it may be the next request's now
        }
        giveSlotBack();
        stopLingering();
    }

    /** Ends the attempt before its time, as visibly as it can still be done. */
    void breakOff(GatewayException cause) {
        Answer begun = answer;
        if (begun == null) {
            fail(cause);
        } else if (!over) {
            guarded(() -> begun.cut(cause));
        }
    }

    /** The upstream has answered before it was sent the whole of an upload: its connection is of no further use. */
    private void abandonUpload() {
        if (!requestSent && upstream != null) {
            requestSent = true;
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
        if (coded && (inquiry.isChatStream() || !handler.isPassThrough() || !client.accepts(coding))) {
            throw faults.protocol("coded its answer although it was asked not to");
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
        if (frames.isPresent() && !inquiry.isChatStream()) {
            throw faults.misuse("made a stream of an answer that is none");
        }
        if (frames.isPresent()) {
            FrameDecoder decoder = handler.frameDecoder().orElseGet(() -> new EventDecoder(MAX_EVENT));
            return new TranslatedStream(
                    relays.boundary(),
                    generation(),
                    new FrameTranslator(decoder, frames.get()),
                    this,
                    chatStream(!inquiry.includeUsage()));
        }
        return inquiry.isChatStream() ? chatStream(hidesUsage) : raw(head, status);
    }

    private ChatStreamAnswer chatStream(boolean hidesUsage) {
        return new ChatStreamAnswer(
                delivery.through(this, this::unusable),
                new ChatStreamScanner(generation().usagePointers(), MAX_EVENT, hidesUsage),
                inquiry.includeUsage(),
                delivery.holding(),
                MAX_EVENT);
    }

    private Answer raw(HttpClientResponse head, int status) {
        String contentType =
                Optional.ofNullable(head.getHeader("content-type")).orElse("").toLowerCase(Locale.ROOT);
        boolean eventStream = contentType.startsWith("text/event-stream");
        long length = contentLength(head);
        writeHead(head, status, eventStream);
        boolean bodiless = client.isHead() || status == 204;
        if (status != 204 && (length >= 0 || !bodiless)) {
            client.length(length);
        }
        boolean json = contentType.contains("json");
        boolean metered = GatewayCall.isMetered(inquiry.operation())
                && (eventStream || json)
                && head.getHeader("content-encoding") == null;
        boolean held = (json || contentType.startsWith("text/html"))
                && !bodiless
                && length <= HeldDocument.LIMIT
                && relay.asksAgain();
        return new RawAnswer(
                held ? new HeldDocument(this) : this,
                bodiless || held || length == 0 ? -1 : length,
                eventStream,
                metered ? usageReader(eventStream) : null);
    }

    private UsageReader usageReader(boolean eventStream) {
        UsagePointers pointers = generation().usagePointers();
        return eventStream ? UsageReader.ofEvents(pointers) : new UsageReader(pointers);
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
        client.head(status, answerHeaders(head), eventStream);
        relay.signed(this, status);
        client.warn(handling.warning());
    }

    /** {@return the upstream's headers, or those that the provider gives instead} */
    private Iterable<Map.Entry<String, String>> answerHeaders(HttpClientResponse head) {
        return handling.headers()
                .<Iterable<Map.Entry<String, String>>>map(Headers::entries)
                .orElse(head.headers());
    }

    /** Sends what a provider has made of a whole answer: as a stream, if one was asked for. */
    private void sendTranslated(HttpClientResponse head, Buffer made) {
        if (over) {
            return;
        }
        if (inquiry.isChatStream()) {
            ChatStreamAnswer stream = chatStream(false);
            answer = stream;
            stream.chunk(made);
            stream.end();
            return;
        }
        UsageReader usage = new UsageReader(generation().usagePointers());
        usage.read(made);
        record.used(usage.usage());
        writeHead(head, head.statusCode(), false);
        client.header("content-type", "application/json");
        client.length(made.length());
        end(made);
    }

    /** The status says more than a provider that cannot read its upstream's error. */
    private void translateError(HttpClientResponse head, ResponseHandler handler, Buffer received) {
        int status = head.statusCode();
        Optional<BodyTransform> transform = handler.bodyTransform().filter(known -> received.length() > 0);
        if (transform.isEmpty()) {
            judgeError(head, ErrorNormaliser.normalise(status, received));
            return;
        }
        stopWaiting(); // for the upstream: the plugin has a deadline of its own
        relays.boundary()
                .translate(generation(), transform.get(), received)
                .otherwise(received)
                .onSuccess(made -> guarded(() -> judgeError(head, ErrorNormaliser.normalise(status, made))));
    }

    private void judgeError(HttpClientResponse head, Buffer body) {
        if (over) {
            return;
        }
        int status = head.statusCode();
        if (knownRetryable(status) || head.getHeader("x-should-retry") != null) {
            answered(status, answerHeaders(head), body, false);
            return;
        }
        stopWaiting(); // for the upstream: the plugin has a deadline of its own
        relays.boundary()
                .retryable(generation(), head(head))
                .onSuccess(retryable -> guarded(() -> answered(status, answerHeaders(head), body, retryable)));
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
        stopAwaitingWord();
        wrote();
        HttpClientResponse head = incoming;
        if (head != null) {
            writeHead(head, 200, true);
        }
        client.header("content-type", "text/event-stream");
        client.length(-1);
        client.warn(remark);
    }

    @Override
    public void keepAlive() {
        client.keepAlive();
    }

    @Override
    public void refuse(GatewayException failure) {
        fail(failure);
    }

    @Override
    public void refuse(int status, Buffer body) {
        HttpClientResponse head = incoming;
        if (head != null) {
            answered(status, answerHeaders(head), body, false);
        }
    }

    @Override
    public void write(Buffer bytes) {
        if (over) {
            return;
        }
        wrote();
        record.wrote(bytes.length());
        client.write(bytes, this);
    }

    @Override
    public void hold() {
        if (holds++ == 0 && incoming != null && deadline != null) {
            deadline.pause();
            if (!upstreamEnded) {
                Connections.stopReading(incoming.request().connection());
            }
        }
    }

    @Override
    public void release() {
        if (--holds == 0 && !over && incoming != null && deadline != null) {
            deadline.resume();
            if (!upstreamEnded) {
                Connections.read(incoming.request().connection());
            }
        }
    }

    @Override
    public void end(Buffer bytes) {
        if (over) {
            return;
        }
        wrote();
        record.wrote(bytes.length());
        served(incoming != null && incoming.statusCode() >= 500);
        finish();
        tellCost();
        if (!client.isChunked()) {
            giveSlotBack(); // all of the answer is here; and its client may ask again at once
        }
        relay.completed(this);
        client.end(bytes);
        lingerOnUpstream();
    }

    /** Only where that is known before the head: nothing is held back to get to know it. */
    private void tellCost() {
        if (!client.hasBegun()) {
            record.cost().ifPresent(dollars -> client.header("x-gateway-cost-usd", dollars));
        }
    }

    /**
     * The answer is whole for the client; the upstream may still have to say that it is whole for it, too. (With a length
     * it says so with its last byte.)
     */
    private void lingerOnUpstream() {
        if (!upstreamEnded && client.isChunked()) {
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
        blame(cause);
        finish();
        record.failed(cause.code());
        resetUpstream();
        relay.brokenOff(this, cause, Redaction.without(chosen.secret(), words));
    }

    // --- the end

    /** @param failure a {@link GatewayException}, or a bug of ours */
    private void fail(Throwable failure) {
        if (over) {
            return;
        }
        blame(failure);
        finish();
        record.failed(failure instanceof GatewayException known ? known.code() : ErrorCode.INTERNAL_ERROR);
        resetUpstream();
        relay.failed(this, new AttemptFailure.OnTheWay(failure));
    }

    private void answered(int status, Iterable<Map.Entry<String, String>> headers, Buffer body, boolean retryable) {
        if (over) {
            return;
        }
        served(status >= 500);
        finish();
        record.passedOver();
        resetUpstream();
        relay.failed(
                this,
                new AttemptFailure.Answered(status, headers, Redaction.without(chosen.secret(), body), retryable));
    }

    /** Its answer does not go on where another one broke off. */
    private void unusable() {
        if (!over) {
            finish();
            record.passedOver();
            resetUpstream();
            relay.unusable(this);
        }
    }

    /** The client has left, or the request is over for another reason. */
    void abandon() {
        if (!over) {
            finish();
            resetUpstream();
        }
    }

    /** Tells the provider's version how it did, unless that says nothing of it. */
    private void blame(Throwable failure) {
        if (Verdict.of(new AttemptFailure.OnTheWay(failure)) == Verdict.FAILED) {
            served(true);
        }
    }

    private void served(boolean badly) {
        generation().served(badly, firstByte == 0 ? -1 : firstByte - begin);
    }

    private void finish() {
        over = true;
        if (answer != null) {
            answer.settle(record);
        }
        stopWaiting();
        stopAwaitingWord();
        if (upload != null) {
            upload.stopSending();
        }
        if (upstream == null && !connecting) {
            giveSlotBack();
        }
        credentials.leave();
        chosen.release();
        lease.close();
    }

    private void resetUpstream() {
        if (upstream != null && !upstreamEnded) {
            UpstreamClient.reset(upstream);
            upstreamEnded();
        }
    }
}
