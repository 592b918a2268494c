package io.magicapi.gateway.health;

import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * All that is remembered, by provider, model and key. One for the whole gateway; safe for all threads, and without locks
 * of its own.
 *
 * <p>Clients choose the names of models. So there are never many more than {@link #MOST_TARGETS} targets: those that were
 * asked for longest ago are forgotten. Forgetting one costs no more than finding out again what ails it.
 */
public final class Health {

    /** How many targets are remembered. */
    static final int MOST_TARGETS = 4096;

    /** How many are forgotten at once, so that it need not be done for each new one. */
    private static final int FORGOTTEN = MOST_TARGETS / 8;

    private record Name(String provider, String model) {}

    private record Age(Name name, long nanos) {}

    private final Function<String, ProviderSettings> settings;
    private final LongSupplier nanoTime;
    private final Map<Name, TargetHealth> targets = new ConcurrentHashMap<>();
    private final Map<String, KeyPool> keys = new ConcurrentHashMap<>();
    private final Map<String, RetryBudget> budgets = new ConcurrentHashMap<>();
    private final AtomicBoolean forgetting = new AtomicBoolean();

    /**
     * Nothing is known yet.
     *
     * @param settings a provider's settings by its name; read when the provider or one of its targets is first asked for
     * @param nanoTime the time, as {@link System#nanoTime} tells it
     */
    public Health(Function<String, ProviderSettings> settings, LongSupplier nanoTime) {
        this.settings = settings;
        this.nanoTime = nanoTime;
    }

    /**
     * {@return what is known of a provider's model}
     *
     * @param provider the name of one that exists
     * @param model as the provider is asked for it; empty for requests that name none
     */
    public TargetHealth target(String provider, String model) {
        Name name = new Name(provider, model);
        TargetHealth target = targets.get(name);
        if (target == null) {
            target = targets.computeIfAbsent(
                    name,
                    each -> new TargetHealth(
                            provider + "/" + model, settings.apply(provider).breaker(), nanoTime));
            forgetOldest();
        }
        target.touch();
        return target;
    }

    /**
     * {@return what is known of the keys that the gateway holds for a provider}
     *
     * @param provider the name of one that exists
     */
    public KeyPool keys(String provider) {
        return keys.computeIfAbsent(
                provider,
                name -> new KeyPool(name, () -> settings.apply(name).limits().waiting(), nanoTime));
    }

    /**
     * {@return how many retries a provider may be sent}
     *
     * @param provider the name of one that exists
     */
    public RetryBudget budget(String provider) {
        return budgets.computeIfAbsent(
                provider, name -> new RetryBudget(settings.apply(name).retries().budget()));
    }

    /**
     * Forgets how a provider and its targets have behaved, but not its keys: its settings have changed, and are read anew.
     * Attempts under way tell what they know to nobody.
     */
    public void forget(String provider) {
        budgets.remove(provider);
        targets.keySet().removeIf(name -> name.provider().equals(provider));
    }

    /**
     * How a target stands.
     *
     * @param model as the provider is asked for it; empty for requests that name none
     */
    public record Standing(String provider, String model, TargetHealth.State state) {}

    /** {@return how the targets stand that were asked for, in no order} */
    public List<Standing> standings() {
        return targets.entrySet().stream()
                .map(entry -> new Standing(
                        entry.getKey().provider(),
                        entry.getKey().model(),
                        entry.getValue().state()))
                .toList();
    }

    /** {@return how many targets are remembered} */
    int targets() {
        return targets.size();
    }

    private void forgetOldest() {
        if (targets.size() <= MOST_TARGETS || !forgetting.compareAndSet(false, true)) {
            return;
        }
        try {
            long now = nanoTime.getAsLong();
            List<Age> oldest = targets.entrySet().stream()
                    .map(entry -> new Age(entry.getKey(), now - entry.getValue().touched()))
                    .sorted(Comparator.comparingLong(Age::nanos).reversed())
                    .limit(FORGOTTEN)
                    .toList();
            oldest.forEach(age -> targets.remove(age.name()));
        } finally {
            forgetting.set(false);
        }
    }
}
