package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What the upstreams of the loaded providers list as their models. Requests read the newest {@link #lists}, and wait for
 * nothing.
 *
 * <p>An upstream is asked when its provider is loaded or replaced, and then every so often, as long as the provider can
 * ask with what the gateway holds; a key that callers bring is used for what they ask for, and nothing else. One that
 * does not answer keeps the list it had. A list belongs to one version of a provider, and goes with it.
 */
public final class UpstreamModels extends VerticleBase {

    private static final Logger log = LoggerFactory.getLogger(UpstreamModels.class);

    /** What asking again would not change: keys, operations and code of a version stay what they are. */
    private static final Set<ErrorCode> FINAL = EnumSet.of(
            ErrorCode.MISSING_API_KEY, ErrorCode.UNKNOWN_URL, ErrorCode.INVALID_REQUEST, ErrorCode.PROVIDER_FAILED);

    private final ProviderCatalog catalog;
    private final PluginBoundary boundary;

    private volatile Map<ProviderGeneration, ModelEntries> lists = Map.of();

    // These belong to the context.
    private final Map<ProviderGeneration, ModelsCall> running = new HashMap<>();
    private final Set<ProviderGeneration> asked = new HashSet<>();
    private final Set<ProviderGeneration> silent = new HashSet<>();
    private final Set<ProviderGeneration> refusing = new HashSet<>();
    private Optional<Duration> interval = Optional.empty();
    private long timer = -1;
    private boolean closed;

    /** No lists, and nobody is asked before this is deployed. */
    public UpstreamModels(ProviderCatalog catalog, PluginBoundary boundary) {
        this.catalog = catalog;
        this.boundary = boundary.offLoops();
    }

    /** {@return the lists there are, another map whenever one has changed; from any thread} */
    public Map<ProviderGeneration, ModelEntries> lists() {
        return lists;
    }

    /** Begins to ask, if {@code catalogue.refresh} says so, and waits for no answer. */
    @Override
    public Future<?> start() {
        catalog.whenPublished(() -> context.runOnContext(published -> follow()));
        follow();
        return Future.succeededFuture();
    }

    /** Asks no more, and ends what is under way; from any thread. */
    public void close() {
        Context mine = context;
        if (mine == null) {
            return; // never deployed
        }
        mine.runOnContext(begun -> {
            closed = true;
            List.copyOf(running.values()).forEach(UpstreamModels::abandon);
        });
    }

    /** Gateways that were started together do not ask together for ever. */
    private void schedule() {
        interval.ifPresent(duration -> {
            long millis = duration.toMillis();
            long jittered = millis - millis / 10 + ThreadLocalRandom.current().nextLong(millis / 5 + 1);
            timer = vertx.setTimer(Math.max(1, jittered), due -> {
                if (!closed) {
                    catalog.snapshot().all().forEach(this::ask);
                    schedule();
                }
            });
        });
    }

    /** Goes by the configured interval from now on. */
    private void followInterval() {
        Optional<Duration> wanted = catalog.config().catalogue().refresh();
        if (!wanted.equals(interval)) {
            interval = wanted;
            vertx.cancelTimer(timer);
            schedule();
        }
    }

    /** Asks whom nobody has asked, and forgets those that are no longer loaded. */
    private void follow() {
        followInterval();
        Set<ProviderGeneration> loaded =
                interval.isPresent() ? new HashSet<>(catalog.snapshot().all()) : Set.of();
        Map.copyOf(running).forEach((generation, call) -> {
            if (!loaded.contains(generation)) {
                abandon(call);
            }
        });
        asked.retainAll(loaded);
        silent.retainAll(loaded);
        refusing.retainAll(loaded);
        if (!loaded.containsAll(lists.keySet())) {
            Map<ProviderGeneration, ModelEntries> kept = new HashMap<>(lists);
            kept.keySet().retainAll(loaded);
            lists = Map.copyOf(kept);
        }
        loaded.stream().filter(generation -> !asked.contains(generation)).forEach(this::ask);
    }

    private static void abandon(ModelsCall call) {
        call.end(new GatewayException(ErrorCode.SHUTTING_DOWN, "the provider is no longer there"));
    }

    private void ask(ProviderGeneration generation) {
        asked.add(generation);
        if (closed
                || !generation.serves(Operation.MODELS)
                || refusing.contains(generation)
                || running.containsKey(generation)) {
            return;
        }
        Lease lease = generation.lease();
        if (lease == null) {
            return;
        }
        ModelsCall call = new ModelsCall(vertx, boundary, lease);
        running.put(generation, call);
        call.run()
                // Long lists take milliseconds to read.
                .compose(list -> vertx.executeBlocking(() -> ModelEntries.of(generation, list), false))
                .onComplete(result -> {
                    running.remove(generation);
                    if (result.succeeded()) {
                        listed(generation, result.result());
                    } else {
                        failed(generation, result.cause());
                    }
                });
    }

    private void listed(ProviderGeneration generation, ModelEntries entries) {
        silent.remove(generation);
        if (!catalog.snapshot().all().contains(generation)) {
            return;
        }
        Map<ProviderGeneration, ModelEntries> changed = new HashMap<>(lists);
        changed.put(generation, entries);
        lists = Map.copyOf(changed);
        log.atDebug()
                .addKeyValue("provider", generation.name())
                .addKeyValue("models", entries.ids().size())
                .log("the provider's list of models was read");
    }

    /** A local server that nobody has set up is no news. */
    private boolean isExpected(ProviderGeneration generation) {
        return lists.containsKey(generation) || generation.keys().choose().isPresent();
    }

    /** Says so once, until it works again. */
    private void failed(ProviderGeneration generation, Throwable failure) {
        Optional<ErrorCode> code =
                failure instanceof GatewayException known ? Optional.of(known.code()) : Optional.empty();
        if (code.filter(FINAL::contains).isPresent()) {
            refusing.add(generation);
        } else if (code.filter(ErrorCode.SHUTTING_DOWN::equals).isEmpty() && silent.add(generation)) {
            log.atLevel(isExpected(generation) ? Level.INFO : Level.DEBUG)
                    .addKeyValue("provider", generation.name())
                    .addKeyValue(
                            "reason",
                            code.map(ErrorCode::code).orElse(failure.getClass().getName()))
                    .log("the provider's list of models could not be read; what is known without it is listed");
        }
    }
}
