package io.magicapi.gateway.plugins;

import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.observe.UsagePointers;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One loaded version of one provider, with all that requests need to know of it. What the plugin declares as constant
 * was read once, when it was loaded.
 *
 * <p>Leases are counted from 1: the registry's own, given back by {@link #retire}. When the count reaches 0 it stays
 * there: no lease is granted any more, {@link #drained} completes, and the plugin may be stopped. Safe for all threads.
 */
public final class ProviderGeneration {

    private final String name;
    private final String pluginVersion;
    private final Provider provider;
    private final String baseUrl;
    private final List<Operation> operations;
    private final List<Model> models;
    private final Map<String, Model> modelsById = new HashMap<>();
    private final UsagePointers usagePointers;
    private final Optional<String> keyVariable;
    private final List<String> credentialHeaders;
    private final Conduct conduct;
    private final KeyRing keys;
    private final Deadlines deadlines;
    private final AtomicInteger leases = new AtomicInteger(1);
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private final Instant since = Instant.now();
    private volatile boolean retired;

    /** Where requests are counted while versions are compared. */
    private volatile @Nullable Tally tally;

    /**
     * Captures a started provider.
     *
     * @param pluginVersion version of the plugin it came from; {@code built in} for the gateway's own
     * @param name the name it serves under: the provider's own, or that of a configured instance of it
     * @param baseUrl the base URL to use: the configured one, or else the provider's
     * @param keyVariable the environment variable that holds the key when nothing is configured, if there is one
     */
    public ProviderGeneration(
            String name,
            String pluginVersion,
            Provider provider,
            String baseUrl,
            Optional<String> keyVariable,
            KeyRing keys,
            Deadlines deadlines) {
        this.name = name;
        this.pluginVersion = pluginVersion;
        this.provider = provider;
        this.baseUrl = baseUrl;
        this.operations = List.copyOf(provider.operations());
        this.models = List.copyOf(provider.models());
        models.forEach(model -> modelsById.putIfAbsent(model.id(), model));
        this.usagePointers = UsagePointers.of(provider.usagePointers());
        this.keyVariable = keyVariable;
        this.credentialHeaders = List.copyOf(provider.credentialHeaders());
        this.conduct = new Conduct(provider.blocking());
        this.keys = keys;
        this.deadlines = deadlines;
    }

    /** The same provider with other keys and deadlines. Calls no code of the plugin. */
    private ProviderGeneration(ProviderGeneration before, KeyRing keys, Deadlines deadlines) {
        this.name = before.name;
        this.pluginVersion = before.pluginVersion;
        this.provider = before.provider;
        this.baseUrl = before.baseUrl;
        this.operations = before.operations;
        this.models = before.models;
        this.modelsById.putAll(before.modelsById);
        this.usagePointers = before.usagePointers;
        this.keyVariable = before.keyVariable;
        this.credentialHeaders = before.credentialHeaders;
        this.conduct = before.conduct;
        this.tally = before.tally;
        this.keys = keys;
        this.deadlines = deadlines;
    }

    /**
     * {@return this provider with these keys and deadlines: a generation of its own that shares the plugin's object with
     * this one, or this one if it has them}
     */
    ProviderGeneration with(KeyRing otherKeys, Deadlines otherDeadlines) {
        return keys.equals(otherKeys) && deadlines.equals(otherDeadlines)
                ? this
                : new ProviderGeneration(this, otherKeys, otherDeadlines);
    }

    /** {@return the provider's name, by which callers choose it} */
    public String name() {
        return name;
    }

    /** {@return the version of the plugin} */
    public String pluginVersion() {
        return pluginVersion;
    }

    /** {@return the plugin's code; call it only while holding a lease, and through the plugin boundary} */
    public Provider provider() {
        return provider;
    }

    /** {@return the base URL to use, without trailing slash} */
    public String baseUrl() {
        return baseUrl;
    }

    /** {@return whether this provider serves an operation} */
    public boolean serves(Operation operation) {
        return operations.isEmpty() || operations.contains(operation);
    }

    /** {@return the catalogue} */
    public List<Model> models() {
        return models;
    }

    /** {@return the catalogue's entry for a model id, if it has one} */
    public Optional<Model> model(String id) {
        return Optional.ofNullable(modelsById.get(id));
    }

    /** {@return whether the catalogue has this model id} */
    public boolean lists(String id) {
        return modelsById.containsKey(id);
    }

    /** {@return where its answers carry token usage} */
    public UsagePointers usagePointers() {
        return usagePointers;
    }

    /** {@return the environment variable that holds the key when nothing is configured, if the provider names one} */
    public Optional<String> keyVariable() {
        return keyVariable;
    }

    /** {@return the headers by which callers may bring credentials of this provider's own kind} */
    public List<String> credentialHeaders() {
        return credentialHeaders;
    }

    Instant since() {
        return since;
    }

    /** {@return the keys the gateway holds for this provider} */
    public KeyRing keys() {
        return keys;
    }

    /** {@return how its code behaves} */
    public Conduct conduct() {
        return conduct;
    }

    /** {@return how long the upstream may take} */
    public Deadlines deadlines() {
        return deadlines;
    }

    /** Counts requests from now on, or no more. */
    void countIn(@Nullable Tally counter) {
        tally = counter;
    }

    /**
     * Says how a request ended for which neither the client nor the gateway is to blame.
     *
     * @param failed whether the provider or its plugin failed
     * @param firstByteNanos how long it took to the first byte for the client; negative if there was none
     */
    public void served(boolean failed, long firstByteNanos) {
        Tally counter = tally;
        if (counter != null) {
            counter.add(failed, firstByteNanos);
        }
    }

    /** {@return how many requests hold a lease now} */
    public int inFlight() {
        return leases.get() - (retired ? 0 : 1);
    }

    /** {@return a lease, or null if this generation is retired and the caller must look at the newest snapshot} */
    public @Nullable Lease lease() {
        int count = leases.get();
        while (count > 0 && !retired) {
            if (leases.compareAndSet(count, count + 1)) {
                return new Lease(this);
            }
            count = leases.get();
        }
        return null;
    }

    /** Grants no further lease, and lets {@link #drained} complete when the last one is given back. Idempotent. */
    public synchronized void retire() {
        if (!retired) {
            retired = true;
            release();
        }
    }

    void release() {
        if (leases.decrementAndGet() == 0) {
            drained.complete(null);
        }
    }

    /** {@return completes, on whichever thread gave back the last lease, when nothing uses this generation any more} */
    public CompletionStage<Void> drained() {
        return drained.minimalCompletionStage();
    }

    @Override
    public String toString() {
        return name + " " + pluginVersion;
    }
}
