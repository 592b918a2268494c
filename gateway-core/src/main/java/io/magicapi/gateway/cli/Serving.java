package io.magicapi.gateway.cli;

import io.magicapi.gateway.Gateway;
import io.magicapi.gateway.admin.AdminStartException;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.LogFormat;
import io.magicapi.gateway.config.LoadedConfig;
import io.magicapi.gateway.observe.LogSetup;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.UnusableFolderException;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.BindException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gateway from its start to its end.
 *
 * <p>The end comes from outside: the JVM answers INT and TERM by running shutdown hooks, and exits with 130 or 143 when
 * they have returned. The hook here drains the gateway, for a bounded time.
 */
final class Serving {

    /** What closing may take beyond that. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    private final Surroundings surroundings;
    private final LoadedConfig loaded;
    private final GatewayConfig config;
    private final boolean json;
    private final AtomicBoolean stopping = new AtomicBoolean();

    Serving(Surroundings surroundings, LoadedConfig loaded) {
        this.surroundings = surroundings;
        this.loaded = loaded;
        this.config = loaded.config();
        this.json = config.log().format() == LogFormat.JSON
                || config.log().format() == LogFormat.AUTO && !surroundings.terminal();
    }

    /**
     * Serves until the process is told to stop, or this thread is interrupted.
     *
     * @param dry only check whether it could
     */
    int run(boolean dry) {
        if (dry) {
            return check();
        }
        LogSetup.applyQueued(config.log().level(), json, surroundings.colours(), surroundings.out());
        Logger log = LoggerFactory.getLogger(Serving.class);
        loaded.warnings()
                .forEach(warning -> log.atWarn()
                        .addKeyValue("code", warning.code())
                        .log("{} {}", warning.place(), warning.message()));
        Gateway gateway;
        try {
            gateway = start();
        } finally {
            LogSetup.flush();
        }
        gateway.reload().ifPresent(reload -> Hangup.calls(() -> reload.reload("HUP")));
        Thread hook = new Thread(() -> stop(gateway, log), "shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        StartScreen screen = StartScreen.of(gateway, loaded, surroundings);
        if (json) {
            screen.log(log);
        } else {
            screen.lines(surroundings.colours()).forEach(surroundings.out()::println);
            surroundings.out().flush();
        }
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            stop(gateway, log);
            Runtime.getRuntime().removeShutdownHook(hook);
        }
        return ExitCode.OK;
    }

    private int check() {
        // Also what is found while plugins are loaded, such as a key that is missing.
        LogSetup.apply("warn", false, surroundings.colours(), surroundings.err());
        loaded.warnings().forEach(warning -> surroundings.err().println("warning: " + warning));
        LoadedPlugins seen = LoadedPlugins.use(surroundings, config, Function.identity());
        seen.warnings().forEach(warning -> surroundings.err().println("warning: " + warning));
        List<PluginStatus> plugins = seen.status();
        surroundings.out().println("the configuration is valid; " + ConfigCommand.used(loaded, surroundings));
        surroundings
                .out()
                .println("would listen on "
                        + StartScreen.authority(
                                config.server().host(), config.server().port()));
        if (plugins.isEmpty()) {
            surroundings.out().println("no plugins in " + config.plugins().dir());
        } else {
            PluginsCommand.table(plugins).forEach(surroundings.out()::println);
        }
        boolean rejected = plugins.stream().anyMatch(plugin -> plugin.state() == PluginStatus.State.REJECTED);
        boolean missing = !seen.providers().outOfService().isEmpty();
        return rejected || missing ? ExitCode.PLUGIN : ExitCode.OK;
    }

    private Gateway start() {
        try {
            return Work.await(Gateway.start(loaded));
        } catch (UnusableFolderException | AdminStartException e) {
            throw e; // its cause may look like that of a port
        } catch (RuntimeException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                // The native transports throw an IOException of their own where NIO throws a BindException.
                if (cause instanceof BindException || cause instanceof IOException && isBind(cause)) {
                    throw new CommandFailure(ExitCode.BIND, bindMessage(String.valueOf(cause.getMessage())), e);
                }
            }
            throw e;
        }
    }

    private static boolean isBind(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains("bind(") || message.contains("Address already in use") || isPermission(message);
    }

    private static boolean isPermission(String message) {
        return message.contains("Permission denied");
    }

    private String bindMessage(String reason) {
        String host = config.server().host();
        int port = config.server().port();
        if (reason.contains("in use")) {
            int other = port < 65535 ? port + 1 : 3000;
            return "GW-S01 port " + port + " on " + host + " is in use. Try: --port " + other;
        }
        if (isPermission(reason)) {
            return "GW-S03 port " + port + " on " + host + " needs privileges that this process does not have. "
                    + "Try: --port 3000";
        }
        return "GW-S02 " + host + " is not an address of this machine (" + reason + "). Try: --host 127.0.0.1";
    }

    private void stop(Gateway gateway, Logger log) {
        if (!stopping.compareAndSet(false, true)) {
            return;
        }
        Duration drain = gateway.config().server().timeouts().drain();
        int inFlight = gateway.inFlight();
        String waiting = inFlight == 0
                ? "stopping"
                : (inFlight == 1 ? "1 request" : inFlight + " requests") + " in flight, waiting up to "
                        + drain.toSeconds() + " s…";
        log.atInfo().addKeyValue("in-flight", inFlight).log(waiting);
        try {
            Future<Void> shutdown = gateway.shutdown(drain);
            shutdown.toCompletionStage()
                    .toCompletableFuture()
                    .get(drain.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
            log.info("stopped");
        } catch (TimeoutException e) {
            log.atWarn().addKeyValue("in-flight", gateway.inFlight()).log("stopped before all requests had ended");
        } catch (ExecutionException e) {
            log.atWarn().setCause(e.getCause()).log("stopping failed");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            LogSetup.flush();
        }
    }
}
