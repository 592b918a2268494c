package io.magicapi.gateway.upstream;

import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.StreamRecovery;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.health.RetryBudget;
import io.magicapi.gateway.health.TargetHealth;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client request on its way through its {@link Plan}: one {@link Attempt} after the other, until one is answered or
 * there is nobody left to ask. Lives on one event loop, from the plan to the last byte.
 *
 * <p>What the client is told is decided here, and once: as soon as something of an attempt's answer is delivered, no
 * other is made, unless the route wants a stream that breaks off to be gone on with by the next target.
 */
final class Relay {

    private final Relays relays;
    private final Inquiry inquiry;
    private final Leases leases;
    private final Plan plan;
    private final RequestRecord record;
    private final @Nullable Upload upload;
    private final ClientResponse client;
    private final Tries tries;
    private final Credentials credentials;
    private final NotAsked notAsked;

    /** Null if nobody would go on with it. */
    private final @Nullable DeliveredText delivered;

    private int attempts;
    private @Nullable Attempt current;
    private @Nullable Trial trial;
    private @Nullable Runnable callOff;
    private @Nullable Deadline total;
    private @Nullable RetryBudget retrying;
    private @Nullable Told told;
    private boolean noMore;

    /** The stream that could not be gone on with yet, after its first word. */
    private @Nullable Broken broken;

    /** Who does not go on with an answer of which it is given the beginning. */
    private @Nullable Target refusesPrefill;

    /**
     * What the client would be told if nothing better came of the rest of the plan.
     *
     * @param attempt whose failure it is; empty if nobody was asked
     */
    private record Told(Optional<Attempt> attempt, AttemptFailure failure) {}

    /** A relay that has not begun; the parameters are those of {@link Relays#serve}. */
    Relay(
            Relays relays,
            HttpServerRequest request,
            Inquiry inquiry,
            Plan plan,
            Leases leases,
            RequestRecord record,
            @Nullable Upload upload,
            Consumer<Throwable> unanswered) {
        this.relays = relays;
        this.inquiry = inquiry;
        this.plan = plan;
        this.leases = leases;
        this.record = record;
        this.upload = upload;
        this.client = new ClientResponse(
                request, inquiry.requestId(), relays.clock(), relays.slowReader(), this::clientLeft, unanswered);
        this.tries = new Tries(plan, relays.retries(), this::isFree, ThreadLocalRandom.current());
        this.notAsked = new NotAsked(plan.route());
        this.credentials = new Credentials(
                inquiry, plan, relays.health()::keys, relays.upstreams().loop());
        this.delivered =
                plan.recovery() == StreamRecovery.CONTINUE && inquiry.isChatStream() ? new DeliveredText() : null;
    }

    /** Serves the request, see {@link Relays#serve}. */
    void run() {
        client.watch(upload != null);
        if (!client.isOver()) {
            attempt();
        }
    }

    private void attempt() {
        callOff = null;
        Target target = tries.target();
        Lease lease;
        try {
            lease = leases.lease(target);
        } catch (GatewayException absent) {
            giveRetryBack();
            decide(Optional.empty(), false, new AttemptFailure.OnTheWay(absent));
            return;
        }
        ProviderGeneration provider = lease.generation();
        Optional<Trial> allowed =
                Trial.of(relays.health(), provider.name(), target, plan.route().isPresent());
        if (allowed.isEmpty()) {
            lease.close();
            giveRetryBack();
            decide(Optional.empty(), false, new AttemptFailure.OnTheWay(leftAlone(target)));
            return;
        }
        trial = allowed.get();
        startTotal(provider);
        Attempt next = new Attempt(
                this,
                relays,
                client,
                record.attempt(provider.name(), target.model()),
                inquiry,
                target,
                credentials,
                lease,
                tries.hasNext() ? Optional.of(plan.firstToken()) : Optional.empty(),
                delivery(target),
                upload);
        current = next;
        next.run();
    }

    private Delivery delivery(Target target) {
        Holding holding = Holding.of(plan.recovery(), tries.hasNext());
        return delivered != null && broken != null
                ? Delivery.continues(holding, delivered, !target.equals(refusesPrefill))
                : Delivery.begins(holding, delivered);
    }

    private GatewayException leftAlone(Target target) {
        return new GatewayException(
                ErrorCode.PROVIDER_UNAVAILABLE,
                "provider " + target.provider() + " has failed too often of late, and is left alone for a while",
                Optional.empty(),
                health(target).retryAfter());
    }

    private TargetHealth health(Target target) {
        return relays.health().target(target.provider(), target.model().orElse(""));
    }

    private void startTotal(ProviderGeneration provider) {
        if (total != null) {
            return;
        }
        Deadlines deadlines = provider.deadlines();
        Optional<Duration> limit = inquiry.stream() ? deadlines.totalStream() : Optional.of(deadlines.total());
        limit.ifPresent(duration -> total =
                relays.clock().start(duration, () -> stop(new UpstreamFaults(provider.name()).notFinished(duration))));
    }

    /**
     * {@return whether an attempt that comes to nothing need not be the last} What no model is asked for, such as a batch,
     * may have been done although its answer broke off, and is not to be done twice.
     */
    boolean asksAgain() {
        return tries.several() && (plan.route().isPresent() || GatewayCall.isMetered(inquiry.operation()));
    }

    // --- what an attempt tells

    /** An attempt is going to be sent. */
    void asked() {
        attempts++;
    }

    /** Says where an answer is from, to the client and in the record. */
    void signed(Attempt attempt, int status) {
        sign(attempt);
        client.warn(ModelNotice.of(attempt.generation(), attempt.target().model()));
        record.answered(status);
    }

    private void sign(Attempt attempt) {
        record.answeredBy(attempt.generation().name(), attempt.target().model());
        client.header("x-gateway-provider", attempt.generation().name());
        attempt.target().model().ifPresent(model -> client.header("x-gateway-model", HeaderPolicy.printable(model)));
        count();
    }

    private void count() {
        client.header("x-gateway-attempts", Integer.toString(attempts));
        client.header("x-gateway-overhead-ms", record.overheadSoFar());
    }

    /** An answer was delivered whole. */
    void completed(Attempt attempt) {
        settle(attempt, Verdict.WORKED);
        over();
        record.close(Outcome.COMPLETED);
        readRestOfUpload();
    }

    /** So that the client gets to read the answer. */
    private void readRestOfUpload() {
        if (upload != null && !upload.isReceived()) {
            client.discardUpload();
        }
    }

    /** An answer broke off after a part of it was delivered. */
    void brokenOff(Attempt attempt, GatewayException cause, Buffer words) {
        current = null;
        settle(attempt, Verdict.of(new AttemptFailure.OnTheWay(cause)));
        Broken last = new Broken(cause, words);
        broken = last;
        boolean goesOn = !noMore && delivered != null && delivered.isUnfinishedText();
        if (goesOn && tries.next() instanceof Tries.Next) {
            client.keepAlive();
            attempt();
        } else {
            giveUp(last);
        }
    }

    /** An answer does not go on where the one before broke off. */
    void unusable(Attempt attempt) {
        current = null;
        settle(attempt, Verdict.NONE);
        if (attempt.isPrefilled()) {
            refusesPrefill = attempt.target();
            attempt();
        } else if (tries.next() instanceof Tries.Next) {
            attempt();
        } else if (broken != null) {
            giveUp(broken);
        }
    }

    private void giveUp(Broken last) {
        record.failed(last.cause().code());
        over();
        record.close(Outcome.FAILED);
        client.breakOff(last.words());
    }

    /** An attempt came to nothing. */
    void failed(Attempt attempt, AttemptFailure failure) {
        current = null;
        settle(attempt, Verdict.of(failure));
        if (broken == null && attempt.firstByte() != 0) {
            broken = Broken.of(failure).orElse(null);
        }
        boolean anotherKey =
                attempt.credential().noted(failure) && credentials.spend(attempt.generation(), attempt.credential());
        decide(Optional.of(attempt), anotherKey, failure);
    }

    private void settle(Attempt attempt, Verdict verdict) {
        if (verdict == Verdict.WORKED) {
            attempt.credential().worked();
        }
        Trial ended = trial;
        trial = null;
        if (ended != null) {
            long firstByte = attempt.firstByte();
            long until = verdict == Verdict.WORKED && firstByte != 0 ? firstByte : System.nanoTime();
            ended.end(verdict, until - attempt.begin());
        }
        giveRetryBack();
    }

    private void giveRetryBack() {
        if (retrying != null) {
            retrying.retryOver();
            retrying = null;
        }
    }

    // --- what is next

    private void decide(Optional<Attempt> attempt, boolean anotherKey, AttemptFailure failure) {
        if (client.isOver()) {
            return;
        }
        if (noMore || (upload != null && !upload.isSendable())) {
            tell(attempt, failure);
            return;
        }
        if (attempt.map(Attempt::isPrefilled).orElse(false) && isRefusal(failure)) {
            refusesPrefill = tries.target();
            attempt();
            return;
        }
        Tries.Step step = tries.after(failure, anotherKey, remaining(), this::takeRetry);
        boolean atOnce = step instanceof Tries.Again again && again.pause().isZero();
        if (!anotherKey || !atOnce) {
            credentials.forgetSpent();
        }
        Told last = worthTelling(attempt, failure);
        told = last;
        if (step instanceof Tries.Again again) {
            callOff = relays.clock().after(again.pause(), this::attempt);
        } else if (step instanceof Tries.Next) {
            attempt();
        } else {
            tell(last.attempt(), last.failure());
        }
    }

    private static boolean isRefusal(AttemptFailure failure) {
        return failure instanceof AttemptFailure.Answered answered
                && (answered.status() == 400 || answered.status() == 422);
    }

    /** That a target was not even asked explains less than what another one said. */
    private Told worthTelling(Optional<Attempt> attempt, AttemptFailure failure) {
        Told before = told;
        boolean asked = attempt.isPresent() && Verdict.of(failure) != Verdict.UNUSED;
        if (asked
                || !(failure instanceof AttemptFailure.OnTheWay onTheWay)
                || !(onTheWay.cause() instanceof GatewayException reason)) {
            return new Told(attempt, failure);
        }
        return before != null && before.attempt().isPresent()
                ? before
                : new Told(Optional.empty(), new AttemptFailure.OnTheWay(notAsked.with(reason)));
    }

    /** {@return whether it is likely that a target would take the request now} */
    private boolean isFree(Target target) {
        if (!health(target).available()) {
            return false;
        }
        try (Lease lease = leases.lease(target)) {
            return credentials.isFree(lease.generation(), target);
        } catch (GatewayException absent) {
            return false;
        }
    }

    private boolean takeRetry(String provider) {
        RetryBudget budget = relays.health().budget(provider);
        boolean taken = budget.tryRetry();
        if (taken) {
            retrying = budget;
        }
        return taken;
    }

    private Optional<Duration> remaining() {
        return Optional.ofNullable(total).map(Deadline::remaining);
    }

    private void tell(Optional<Attempt> attempt, AttemptFailure failure) {
        Optional<Broken> told = client.hasBegun() ? Broken.of(failure) : Optional.empty();
        if (told.isPresent()) {
            giveUp(noMore || broken == null ? told.get() : broken);
            return;
        }
        over();
        if (failure instanceof AttemptFailure.Answered answered) {
            client.head(answered.status(), answered.headers(), false);
            attempt.ifPresent(known -> signed(known, answered.status()));
            if (answered.retryable()) {
                client.header("x-should-retry", "true");
            }
            record.wrote(answered.body().length());
            record.close(Outcome.COMPLETED);
            readRestOfUpload();
            client.endWithError(answered.body());
        } else if (failure instanceof AttemptFailure.OnTheWay onTheWay) {
            attempt.ifPresentOrElse(this::sign, this::count);
            client.fail(onTheWay.cause());
        }
    }

    // --- from outside

    /** Ends the request before its time, as visibly as it can still be done. */
    void stop(GatewayException cause) {
        noMore = true;
        Attempt attempt = current;
        if (attempt != null) {
            attempt.breakOff(cause);
        } else if (!client.isOver()) {
            tell(Optional.empty(), new AttemptFailure.OnTheWay(cause));
        }
    }

    /** Ends the attempt under way if it uses one of these. */
    void breakOff(Set<ProviderGeneration> generations, GatewayException cause) {
        Attempt attempt = current;
        if (attempt != null && generations.contains(attempt.generation())) {
            attempt.breakOff(cause);
        }
    }

    private void clientLeft() {
        Attempt attempt = current;
        if (attempt != null) {
            attempt.abandon();
            settle(attempt, Verdict.NONE);
        }
        over();
        record.close(Outcome.ABORTED);
    }

    private void over() {
        current = null;
        giveRetryBack();
        if (callOff != null) {
            callOff.run();
        }
        if (total != null) {
            total.cancel();
        }
        if (upload != null) {
            upload.close();
        }
        relays.ended(this);
    }
}
