package io.magicapi.gateway.upstream;

import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.health.RetryBudget;
import io.magicapi.gateway.health.TargetHealth;
import java.util.Optional;

/**
 * What {@link Health} is told of one attempt. Only attempts for routes can be refused, and are judged: a request that has
 * nobody else to go to is always sent.
 */
final class Trial {

    private final RetryBudget budget;
    private final Optional<TargetHealth.Permit> permit;

    private Trial(RetryBudget budget, Optional<TargetHealth.Permit> permit) {
        this.budget = budget;
        this.permit = permit;
        budget.begin();
    }

    /** {@return leave for an attempt; empty if the target is left alone for now} */
    static Optional<Trial> of(Health health, String provider, Target target, boolean forRoute) {
        RetryBudget budget = health.budget(provider);
        if (!forRoute) {
            return Optional.of(new Trial(budget, Optional.empty()));
        }
        return health.target(provider, target.model().orElse(""))
                .tryAcquire()
                .map(permit -> new Trial(budget, Optional.of(permit)));
    }

    /**
     * The attempt is over. To be called once.
     *
     * @param nanos how long it took: to the first byte, or to the failure
     */
    void end(Verdict verdict, long nanos) {
        budget.end();
        permit.ifPresent(known -> {
            switch (verdict) {
                case WORKED -> known.succeeded(nanos);
                case FAILED -> known.failed(nanos);
                case NONE -> known.ignored();
                case UNUSED -> known.unused();
            }
        });
    }
}
