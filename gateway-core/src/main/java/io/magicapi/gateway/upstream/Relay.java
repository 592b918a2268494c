package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.Deadline;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * One client request on its way through its {@link Plan}: one {@link Attempt} after the other, until one is answered or
 * there is nobody left to ask. Lives on one event loop, from the plan to the last byte.
 *
 * <p>What the client is told is decided here, and once: as soon as something of an attempt's answer is delivered, no
 * other is made.
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

    private int attempts;
    private @Nullable Attempt current;
    private @Nullable Runnable callOff;
    private @Nullable Deadline total;
    private boolean noMore;

    /** A relay that has not begun; the parameters are those of {@link Relays#serve}. */
    Relay(
            Relays relays,
            HttpServerRequest request,
            Inquiry inquiry,
            Plan plan,
            Leases leases,
            RequestRecord record,
            @Nullable Upload upload) {
        this.relays = relays;
        this.inquiry = inquiry;
        this.plan = plan;
        this.leases = leases;
        this.record = record;
        this.upload = upload;
        this.client =
                new ClientResponse(request, inquiry.requestId(), relays.clock(), relays.slowReader(), this::clientLeft);
        this.tries = new Tries(plan, relays.retries(), ThreadLocalRandom.current());
    }

    /** Serves the request, see {@link Relays#serve}. */
    Future<Void> run() {
        client.watch(upload != null);
        if (!client.isOver()) {
            attempt();
        }
        return client.done();
    }

    private void attempt() {
        callOff = null;
        Target target = tries.target();
        Lease lease;
        try {
            lease = leases.lease(target);
        } catch (GatewayException absent) {
            decide(Optional.empty(), new AttemptFailure.OnTheWay(absent));
            return;
        }
        ProviderGeneration provider = lease.generation();
        startTotal(provider);
        attempts++;
        record.routed(provider.name(), target.model(), inquiry.stream());
        record.attempted();
        Attempt next = new Attempt(
                this,
                relays,
                client,
                record,
                inquiry.call(provider, target, credential(provider)),
                lease,
                tries.hasNext() ? Optional.of(plan.firstToken()) : Optional.empty(),
                upload);
        current = next;
        next.run();
    }

    /** A caller's key is meant for one provider; a route over several would show it to all of them. */
    private Optional<Secret> credential(ProviderGeneration provider) {
        Optional<Secret> own = plan.crossesProviders() ? Optional.empty() : inquiry.key();
        return own.or(() -> provider.keys().choose());
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

    // --- what an attempt tells

    /** Sets the headers by which an answer says where it is from. */
    void signed(Attempt attempt, int status) {
        sign(attempt);
        client.warn(ModelNotice.of(attempt.generation(), attempt.call().model()));
        record.answered(status);
    }

    private void sign(Attempt attempt) {
        client.header("x-gateway-provider", attempt.generation().name());
        attempt.call().model().ifPresent(model -> client.header("x-gateway-model", HeaderPolicy.printable(model)));
        client.header("x-gateway-attempts", Integer.toString(attempts));
    }

    /** An answer was delivered whole. */
    void completed() {
        over();
        record.close(Outcome.COMPLETED);
    }

    /** An answer broke off after a part of it was delivered. */
    void brokenOff(GatewayException cause, Buffer words) {
        record.failed(cause.code());
        over();
        record.close(Outcome.FAILED);
        client.breakOff(words);
    }

    /** An attempt came to nothing. */
    void failed(Attempt attempt, AttemptFailure failure) {
        current = null;
        decide(Optional.of(attempt), failure);
    }

    // --- what is next

    private void decide(Optional<Attempt> attempt, AttemptFailure failure) {
        if (client.isOver()) {
            return;
        }
        if (noMore || attempt.map(Attempt::hasBegunUpload).orElse(false)) {
            tell(attempt, failure);
            return;
        }
        Tries.Step step = tries.after(failure, remaining());
        if (step instanceof Tries.Again again) {
            callOff = relays.clock().after(again.pause(), this::attempt);
        } else if (step instanceof Tries.Next) {
            attempt();
        } else {
            tell(attempt, failure);
        }
    }

    private Optional<Duration> remaining() {
        return Optional.ofNullable(total).map(Deadline::remaining);
    }

    private void tell(Optional<Attempt> attempt, AttemptFailure failure) {
        over();
        if (failure instanceof AttemptFailure.Answered answered) {
            client.head(answered.status(), answered.headers(), false);
            attempt.ifPresent(known -> signed(known, answered.status()));
            if (answered.retryable()) {
                client.header("x-should-retry", "true");
            }
            record.wrote();
            record.close(Outcome.COMPLETED);
            client.endWithError(answered.body());
        } else if (failure instanceof AttemptFailure.OnTheWay onTheWay) {
            attempt.ifPresent(this::sign);
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
        }
        over();
        record.close(Outcome.ABORTED);
    }

    private void over() {
        current = null;
        if (callOff != null) {
            callOff.run();
        }
        if (total != null) {
            total.cancel();
        }
        if (upload != null) {
            upload.stop();
        }
        relays.ended(this);
    }
}
