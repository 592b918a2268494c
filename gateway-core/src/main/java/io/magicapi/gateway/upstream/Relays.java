package io.magicapi.gateway.upstream;

import io.magicapi.gateway.config.GatewayConfig.Retries;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.health.Health;
import io.magicapi.gateway.loop.LoopClock;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The relays of one event loop, and what they share. */
public final class Relays {

    private final Vertx vertx;
    private final LoopClock clock;
    private final UpstreamClient upstreams;
    private final PluginBoundary boundary;
    private final Function<String, Retries> retries;
    private final Health health;
    private final Supplier<Duration> slowReader;
    private final Set<Relay> running = new HashSet<>();

    /**
     * No relays yet.
     *
     * @param retries how often a provider is asked again, by its name
     * @param health what is known of providers, their models and their keys
     * @param slowReader how long a client may take nothing of an answer that waits for it
     */
    public Relays(
            Vertx vertx,
            LoopClock clock,
            UpstreamClient upstreams,
            PluginBoundary boundary,
            Function<String, Retries> retries,
            Health health,
            Supplier<Duration> slowReader) {
        this.vertx = vertx;
        this.clock = clock;
        this.upstreams = upstreams;
        this.boundary = boundary;
        this.retries = retries;
        this.health = health;
        this.slowReader = slowReader;
    }

    /**
     * Serves a request.
     *
     * @param plan what is tried
     * @param leases finds the version of a provider that serves, at each attempt
     * @param upload the client's body, if it is not held in memory; it can be sent once
     * @param unanswered called, at most once, if nothing was written and the client must be told: with a {@link
     *     GatewayException}, or with a bug of ours
     */
    public void serve(
            HttpServerRequest request,
            Inquiry inquiry,
            Plan plan,
            Leases leases,
            RequestRecord record,
            @Nullable Upload upload,
            Consumer<Throwable> unanswered) {
        Relay relay = new Relay(this, request, inquiry, plan, leases, record, upload, unanswered);
        running.add(relay);
        relay.run();
    }

    /**
     * {@return a body that passes through while it is received}
     *
     * @param request the client's, paused
     * @param patience with the client
     * @param beginning what was read of it
     * @param limit how long it may be, in bytes
     * @param inMemory if it is to be sent more than once: how many bytes are kept in memory; the rest is in a file
     */
    public Upload upload(
            HttpServerRequest request,
            BodyPatience patience,
            Upload.Beginning beginning,
            long limit,
            OptionalLong inMemory) {
        Spool spool = inMemory.isPresent() ? new Spool(vertx, inMemory.getAsLong()) : null;
        return new Upload(clock, request, patience, beginning, limit, spool);
    }

    /** Ends all requests under way, each as visibly as it can still be done. */
    public void breakOffAll(GatewayException cause) {
        List.copyOf(running).forEach(relay -> relay.stop(cause));
    }

    /** Ends the requests under way that use one of these generations, each as visibly as it can still be done. */
    public void breakOff(Set<ProviderGeneration> generations, GatewayException cause) {
        List.copyOf(running).forEach(relay -> relay.breakOff(generations, cause));
    }

    void ended(Relay relay) {
        running.remove(relay);
    }

    LoopClock clock() {
        return clock;
    }

    UpstreamClient upstreams() {
        return upstreams;
    }

    PluginBoundary boundary() {
        return boundary;
    }

    Function<String, Retries> retries() {
        return retries;
    }

    Health health() {
        return health;
    }

    Duration slowReader() {
        return slowReader.get();
    }
}
