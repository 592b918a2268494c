package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.health.KeyPool;
import io.magicapi.gateway.health.KeyTurn;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one request. A caller's own key is used where there is one provider that it can be meant for; otherwise one
 * of those that the gateway holds, which have to rest when the provider says so.
 *
 * <p>A request that has no other provider to go to is sent even with a key that rests: what the provider says to it is
 * the truth.
 */
final class Credentials {

    /**
     * A key for one attempt.
     *
     * @param secret the key; empty: none, and it is the provider's affair whether that will do
     * @param permit to use it, if it is the gateway's and in order
     */
    record Chosen(Optional<Secret> secret, Optional<KeyPool.KeyPermit> permit) {

        /** No key. */
        static final Chosen NONE = new Chosen(Optional.empty(), Optional.empty());

        /** Notes what an answer says of the key. {@return whether it is to blame, and another one may do} */
        boolean noted(AttemptFailure failure) {
            if (permit.isEmpty() || !(failure instanceof AttemptFailure.Answered answered)) {
                return false;
            }
            KeyPool.KeyPermit used = permit.get();
            if (Unpaid.isSaid(answered)) {
                used.unpaid(RetryAfter.of(answered.headers(), Instant.now()).orElse(Duration.ZERO));
                return true;
            }
            switch (answered.status()) {
                case 401 -> used.refused();
                case 403 -> used.forbidden();
                case 429 -> RetryAfter.of(answered.headers(), Instant.now()).ifPresent(used::coolDown);
                default -> {
                    return false;
                }
            }
            return true;
        }

        /** The provider took the key. */
        void worked() {
            permit.ifPresent(KeyPool.KeyPermit::worked);
        }

        void release() {
            permit.ifPresent(KeyPool.KeyPermit::release);
        }
    }

    private final Optional<Secret> callers;
    private final boolean hasNoOther;
    private final Function<String, KeyPool> pools;
    private final Executor loop;
    private final Set<Secret> spent = new HashSet<>(0);
    private @Nullable KeyTurn turn;

    /**
     * The keys of a request.
     *
     * @param pools what is known of a provider's keys, by its name
     * @param loop the request's event loop
     */
    Credentials(Inquiry inquiry, Plan plan, Function<String, KeyPool> pools, Executor loop) {
        this.callers = plan.crossesProviders() ? Optional.empty() : inquiry.key();
        this.hasNoOther = plan.route().isEmpty();
        this.pools = pools;
        this.loop = loop;
    }

    /**
     * Chooses a key for an attempt. If the only keys that are left have too many requests under way, it waits for one of
     * them, until {@link #leave}.
     *
     * @return completes at once, or later on the event loop; fails with a {@link GatewayException} if the gateway holds
     *     keys, and none of them can be used now
     */
    Future<Chosen> choose(ProviderGeneration provider, Target target) {
        turn = null;
        if (callers.isPresent() || provider.keys().entries().isEmpty()) {
            return Future.succeededFuture(new Chosen(callers, Optional.empty()));
        }
        String model = target.model().orElse("");
        KeyPool pool = pools.apply(provider.name());
        Optional<KeyPool.KeyPermit> permit = pool.choose(provider.keys(), model, spent);
        if (permit.isPresent()) {
            return Future.succeededFuture(new Chosen(permit.map(KeyPool.KeyPermit::secret), permit));
        }
        if (pool.isBusy(provider.keys(), model, spent)) {
            return await(pool, provider, target);
        }
        if (hasNoOther) {
            return Future.succeededFuture(new Chosen(provider.keys().choose(), Optional.empty()));
        }
        Duration rest = pool.retryAfter(provider.keys(), model);
        return Future.failedFuture(overloaded(
                "no key of this gateway for provider " + provider.name()
                        + " may be used now: they have used up their share, or are refused",
                rest));
    }

    /** {@return whether a provider could be asked now, as far as its keys are concerned, or soon, when one has room} */
    boolean isFree(ProviderGeneration provider, Target target) {
        return callers.isPresent()
                || provider.keys().entries().isEmpty()
                || pools.apply(provider.name())
                        .isBusy(provider.keys(), target.model().orElse(""), Set.of());
    }

    private Future<Chosen> await(KeyPool pool, ProviderGeneration provider, Target target) {
        Promise<Chosen> chosen = Promise.promise();
        Optional<KeyTurn> mine = pool.await(
                provider.keys(),
                target.model().orElse(""),
                Set.copyOf(spent),
                () -> loop.execute(() -> {
                    if (turn != null) {
                        choose(provider, target).onComplete(chosen);
                    }
                }));
        turn = mine.orElse(null);
        return mine.isPresent()
                ? chosen.future()
                : Future.failedFuture(overloaded(
                        "the keys of this gateway for provider " + provider.name()
                                + " are sent all the requests they may be, and as many more wait as may (providers."
                                + provider.name() + ".limits)",
                        Duration.ZERO));
    }

    private static GatewayException overloaded(String message, Duration wait) {
        return new GatewayException(ErrorCode.OVERLOADED, message, Optional.empty(), wait);
    }

    /** Waits no longer. */
    void leave() {
        KeyTurn left = turn;
        turn = null;
        if (left != null) {
            left.leave();
        }
    }

    /** What comes next is not done at once, or is done by somebody else, so a key that was not taken may be: try again. */
    void forgetSpent() {
        spent.clear();
    }

    /**
     * Notes that the provider did not take a key, so that the same is not tried with it at once.
     *
     * @return whether there is another one to try
     */
    boolean spend(ProviderGeneration provider, Chosen key) {
        key.permit().ifPresent(used -> spent.add(used.secret()));
        return key.permit().isPresent()
                && provider.keys().entries().stream().anyMatch(entry -> !spent.contains(entry.secret()));
    }
}
