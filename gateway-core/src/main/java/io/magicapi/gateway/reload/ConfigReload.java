package io.magicapi.gateway.reload;

import io.magicapi.gateway.config.ConfigDiff;
import io.magicapi.gateway.config.ConfigDiff.Change;
import io.magicapi.gateway.config.ConfigException;
import io.magicapi.gateway.config.ConfigLoader;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.LoadedConfig;
import io.magicapi.gateway.config.Problem;
import io.magicapi.gateway.config.SeenFiles;
import io.magicapi.gateway.observe.LogSetup;
import io.magicapi.gateway.plugins.Refusal;
import io.magicapi.gateway.reload.ReloadStatus.Failure;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again and has the gateway follow it. It is checked whole: either all of it is taken over, or
 * nothing is, and what was in use stays in use. One reload follows the other. Safe for all threads.
 *
 * <p>Files are looked at every second, rather than waited for: events do not exist on all file systems, and miss links
 * that are swapped. A change is acted on when two looks in a row agree on it, so that half-written files wait.
 */
public final class ConfigReload {

    private static final Logger LOG = LoggerFactory.getLogger(ConfigReload.class);

    /** Who asks for a reload when a file has changed. */
    private static final String FILES = "a changed file";

    private static final Duration LOOK = Duration.ofSeconds(1);

    /** So many changes are told in the log; a file that a program writes can have thousands. */
    private static final int MOST_TOLD = 50;

    private final Vertx vertx;
    private final Function<GatewayConfig, Future<List<String>>> follow;
    private final RestartKeys restart;
    private final LoadedConfig started;

    private volatile ReloadStatus status;

    // These belong to the lock.
    private Future<?> last = Future.succeededFuture();

    // These belong to the looks, of which there is one at a time.
    private volatile SeenFiles handled;
    private volatile SeenFiles seen;

    /**
     * Reloads nothing of its own accord before {@link #watch}.
     *
     * @param started what the gateway runs with
     * @param follow has the gateway follow a configuration, whole or not at all, and says which providers have changed
     * @param builtIn the providers that are no plugin's
     */
    public ConfigReload(
            Vertx vertx,
            LoadedConfig started,
            Function<GatewayConfig, Future<List<String>>> follow,
            Set<String> builtIn) {
        this.vertx = vertx;
        this.follow = follow;
        this.restart = new RestartKeys(builtIn);
        this.started = started;
        this.handled = started.seen();
        this.seen = started.seen();
        this.status = ReloadStatus.first(started);
    }

    /** Looks at the files from now on, until the Vert.x instance is closed. */
    public void watch() {
        vertx.setTimer(
                LOOK.toMillis(),
                due -> vertx.executeBlocking(this::look)
                        .onFailure(failure ->
                                LOG.atError().setCause(failure).log("the configuration files could not be looked at"))
                        .compose(changed -> changed ? reload(FILES) : Future.succeededFuture())
                        .onComplete(done -> watch()));
    }

    /** {@return whether something has changed, and has not changed further since the last look} */
    private boolean look() {
        SeenFiles now = status.inUse().look();
        boolean changed = !now.equals(handled) && now.equals(seen);
        seen = now;
        if (changed) {
            handled = now;
        }
        return changed;
    }

    /** {@return how the configuration stands} */
    public ReloadStatus status() {
        return status;
    }

    /**
     * Reloads.
     *
     * @param by who asks for it, for the log
     * @return what has changed, when it is in effect; fails with a {@link ReloadException} if nothing has
     */
    public synchronized Future<Reloaded> reload(String by) {
        Future<Reloaded> next = last.transform(before -> read(by));
        last = next;
        return next;
    }

    private Future<Reloaded> read(String by) {
        LoadedConfig before = status.inUse();
        return ConfigLoader.load(vertx, before.sources())
                .compose(loaded -> follow.apply(loaded.config()).map(providers -> taken(before, loaded, providers, by)))
                .recover(failure -> Future.failedFuture(refused(failure, by)));
    }

    private Reloaded taken(LoadedConfig before, LoadedConfig loaded, List<String> providers, String by) {
        handled = loaded.seen();
        String level = loaded.config().log().level();
        if (!level.equals(before.config().log().level())) {
            LogSetup.level(level);
        }
        List<Change> waiting = ConfigDiff.of(started, loaded, restart).changes().stream()
                .filter(Change::needsRestart)
                .toList();
        // What goes back to what the gateway was started with needs no restart.
        Set<String> keys = waiting.stream().map(Change::key).collect(Collectors.toSet());
        ConfigDiff diff = ConfigDiff.of(before, loaded, keys::contains);
        ReloadStatus old = status;
        boolean same = diff.changes().isEmpty() && providers.isEmpty();
        Instant now = Instant.now();
        Reloaded reloaded = new Reloaded(same ? old.version() : old.version() + 1, diff, providers);
        status = new ReloadStatus(reloaded.version(), same ? old.since() : now, now, loaded, waiting, Optional.empty());
        tell(before, loaded, reloaded, by);
        return reloaded;
    }

    private static void tell(LoadedConfig before, LoadedConfig loaded, Reloaded reloaded, String by) {
        loaded.warnings().stream()
                .filter(warning -> !before.warnings().contains(warning))
                .forEach(warning -> LOG.atWarn()
                        .addKeyValue("code", warning.code())
                        .log("{} {}", warning.place(), warning.message()));
        if (reloaded.isEmpty()) {
            LOG.atInfo().addKeyValue("by", by).log("the configuration was read again: nothing has changed");
            return;
        }
        LOG.atInfo()
                .addKeyValue("by", by)
                .addKeyValue("config-version", reloaded.version())
                .addKeyValue("providers", reloaded.providers())
                .log("the configuration was reloaded: {}", brief(reloaded.diff().changes()));
        List<String> waiting = reloaded.diff().changes().stream()
                .filter(Change::needsRestart)
                .map(Change::key)
                .toList();
        if (!waiting.isEmpty()) {
            LOG.atWarn()
                    .addKeyValue("keys", waiting)
                    .log("these take effect at the next start: {}", String.join(", ", waiting));
        }
    }

    private static String brief(List<Change> changes) {
        if (changes.isEmpty()) {
            return "a file holds another key";
        }
        String told = changes.stream().limit(MOST_TOLD).map(Change::toString).collect(Collectors.joining("; "));
        int more = changes.size() - MOST_TOLD;
        return more > 0 ? told + "; and " + more + " more" : told;
    }

    private ReloadException refused(Throwable failure, String by) {
        List<String> problems = problems(failure);
        status = status.failed(new Failure(Instant.now(), by, problems));
        ReloadException refused = new ReloadException(problems, failure);
        LOG.atError()
                .addKeyValue("by", by)
                .addKeyValue("problems", problems.size())
                .log("{}", refused.getMessage());
        return refused;
    }

    private static List<String> problems(Throwable failure) {
        if (failure instanceof ConfigException invalid) {
            return invalid.problems().stream().map(Problem::toString).toList();
        }
        if (failure instanceof Refusal refusal) {
            return List.of(refusal.rejection().toString());
        }
        LOG.atDebug().setCause(failure).log("a reload failed for a reason not foreseen");
        return List.of("it could not be done: " + failure);
    }
}
