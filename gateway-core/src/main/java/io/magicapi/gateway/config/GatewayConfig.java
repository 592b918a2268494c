package io.magicapi.gateway.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The whole configuration, valid and immutable. The records mirror the YAML: {@code server.http2-cleartext} is {@link
 * Server#http2Cleartext()}. {@code docs/configuration.md} explains each key; a test compares the two.
 *
 * @param server the listener that clients reach
 * @param admin the listener that operators reach
 * @param plugins where provider plugins come from
 * @param providers settings per provider, by the provider's name; a loaded provider without an entry runs on defaults
 * @param models models of the operator's own naming, by name
 * @param catalogue what is known of models
 * @param routing how a request finds its provider
 * @param auth whose keys are used
 * @param log what is logged
 * @param pricing what tokens cost
 * @param observability who is told of requests besides the log
 */
public record GatewayConfig(
        Server server,
        Admin admin,
        Plugins plugins,
        Map<String, ProviderSettings> providers,
        Map<String, ModelRoute> models,
        Catalogue catalogue,
        Routing routing,
        Auth auth,
        Log log,
        Pricing pricing,
        Observability observability) {

    public GatewayConfig {
        providers = Map.copyOf(providers);
        models = Map.copyOf(models);
    }

    /** {@return the configuration of an operator who configured nothing} */
    public static GatewayConfig defaults() {
        return new GatewayConfig(
                new Server(
                        "127.0.0.1", 3000, false, NetworkTransport.AUTO, Cors.NONE, Limits.DEFAULT, Timeouts.DEFAULT),
                Admin.DEFAULT,
                new Plugins(Path.of("plugins"), Path.of("data"), true),
                Map.of(),
                Map.of(),
                new Catalogue(Optional.of(Duration.ofMinutes(10))),
                new Routing(Optional.empty()),
                new Auth(true, false),
                new Log("info", LogFormat.AUTO),
                new Pricing(Optional.empty()),
                Observability.DEFAULT);
    }

    /** {@return the same with another listener} */
    public GatewayConfig withServer(Server other) {
        return new GatewayConfig(
                other, admin, plugins, providers, models, catalogue, routing, auth, log, pricing, observability);
    }

    /** {@return the same with another admin API} */
    public GatewayConfig withAdmin(Admin other) {
        return new GatewayConfig(
                server, other, plugins, providers, models, catalogue, routing, auth, log, pricing, observability);
    }

    /** {@return the same with other plugins} */
    public GatewayConfig withPlugins(Plugins other) {
        return new GatewayConfig(
                server, admin, other, providers, models, catalogue, routing, auth, log, pricing, observability);
    }

    /** {@return the same with other settings of providers} */
    public GatewayConfig withProviders(Map<String, ProviderSettings> other) {
        return new GatewayConfig(
                server, admin, plugins, other, models, catalogue, routing, auth, log, pricing, observability);
    }

    /** {@return where requests for a model of the operator's naming go; empty if there is none of this name} */
    public Optional<ModelRoute> route(String name) {
        return Optional.ofNullable(models.get(name));
    }

    /** {@return the same with other models of the operator's naming} */
    public GatewayConfig withModels(Map<String, ModelRoute> other) {
        return new GatewayConfig(
                server, admin, plugins, providers, other, catalogue, routing, auth, log, pricing, observability);
    }

    /** {@return the same with another catalogue} */
    public GatewayConfig withCatalogue(Catalogue other) {
        return new GatewayConfig(
                server, admin, plugins, providers, models, other, routing, auth, log, pricing, observability);
    }

    /** {@return the same with another choice of provider} */
    public GatewayConfig withRouting(Routing other) {
        return new GatewayConfig(
                server, admin, plugins, providers, models, catalogue, other, auth, log, pricing, observability);
    }

    /** {@return the same with other access} */
    public GatewayConfig withAuth(Auth other) {
        return new GatewayConfig(
                server, admin, plugins, providers, models, catalogue, routing, other, log, pricing, observability);
    }

    /** {@return the same with other observers} */
    public GatewayConfig withObservability(Observability other) {
        return new GatewayConfig(
                server, admin, plugins, providers, models, catalogue, routing, auth, log, pricing, other);
    }

    /** {@return the settings of a provider: its entry, or the defaults} */
    public ProviderSettings provider(String name) {
        return providers.getOrDefault(name, ProviderSettings.DEFAULT);
    }

    /**
     * The listener.
     *
     * @param host the address to bind
     * @param port the port to bind; 0 for any free one
     * @param http2Cleartext whether HTTP/2 is offered without TLS (h2c)
     * @param transport how the operating system is talked to
     * @param cors which browsers' pages may call
     * @param limits what is refused for its size or number
     * @param timeouts how patient the gateway is with clients
     */
    public record Server(
            String host,
            int port,
            boolean http2Cleartext,
            NetworkTransport transport,
            Cors cors,
            Limits limits,
            Timeouts timeouts) {

        /** {@return the same on another port, with other limits and timeouts} */
        public Server with(int otherPort, Limits otherLimits, Timeouts otherTimeouts) {
            return new Server(host, otherPort, http2Cleartext, transport, cors, otherLimits, otherTimeouts);
        }

        /** {@return the same with or without HTTP/2 in clear text} */
        public Server withHttp2Cleartext(boolean allowed) {
            return new Server(host, port, allowed, transport, cors, limits, timeouts);
        }

        /** {@return the same with another transport} */
        public Server withTransport(NetworkTransport other) {
            return new Server(host, port, http2Cleartext, other, cors, limits, timeouts);
        }

        /** {@return the same with other rules for web pages} */
        public Server withCors(Cors other) {
            return new Server(host, port, http2Cleartext, transport, other, limits, timeouts);
        }
    }

    /** How the operating system is talked to. What this machine does not have is replaced by what {@link #AUTO} takes. */
    public enum NetworkTransport {
        /** The first that works of epoll, kqueue and NIO. */
        AUTO,
        /** Linux's io_uring. */
        IO_URING,
        /** Linux's epoll. */
        EPOLL,
        /** That of macOS. */
        KQUEUE,
        /** The JDK's own. */
        NIO
    }

    /**
     * Cross-origin access for browsers.
     *
     * @param origins origins that may call, or {@code *}; empty: none
     * @param headers request headers they may send besides the usual ones, or {@code *}
     */
    public record Cors(List<String> origins, List<String> headers) {

        /** No cross-origin access. */
        public static final Cors NONE = new Cors(List.of(), List.of());

        public Cors {
            origins = List.copyOf(origins);
            headers = List.copyOf(headers);
        }
    }

    /**
     * What is refused for its size or number.
     *
     * @param body a body that is read into memory (JSON)
     * @param upload a body that is streamed through (multipart)
     * @param headerBlock all request headers together
     * @param requestLine the request line
     * @param connections connections of clients that are served at once; on more, requests are answered 503
     * @param inFlight requests that are served at once; more are answered 503
     */
    public record Limits(
            DataSize body, DataSize upload, DataSize headerBlock, DataSize requestLine, int connections, int inFlight) {

        /** 32 MiB, 256 MiB, 16 KiB, 8 KiB, 20,000 connections, 20,000 requests. */
        public static final Limits DEFAULT = new Limits(
                DataSize.mebibytes(32),
                DataSize.mebibytes(256),
                DataSize.kibibytes(16),
                DataSize.kibibytes(8),
                20_000,
                20_000);
    }

    /**
     * How patient the gateway is with clients. How long a provider may take is another matter: {@link Deadlines}.
     *
     * @param requestHead from the connection to the end of its first request's headers
     * @param requestBody for a body to arrive, and a second more for each KiB of it
     * @param keepAlive from one request to the end of the next one's headers
     * @param slowReader how long a client may take nothing of an answer that waits for it
     * @param drain how long requests may go on when the gateway is told to stop
     */
    public record Timeouts(
            Duration requestHead, Duration requestBody, Duration keepAlive, Duration slowReader, Duration drain) {

        /** 10 s, 30 s, 75 s, 60 s, 30 s. */
        public static final Timeouts DEFAULT = new Timeouts(
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofSeconds(75),
                Duration.ofSeconds(60),
                Duration.ofSeconds(30));
    }

    /**
     * The admin API.
     *
     * @param enabled whether there is one
     * @param host the address to bind, a loopback one
     * @param port the port to bind; 0 for any free one
     * @param key where the key is that it asks for
     * @param pluginUpload whether it takes jars
     */
    public record Admin(boolean enabled, String host, int port, AdminKeySource key, boolean pluginUpload) {

        /** On any free port of 127.0.0.1, with the usual key, and no uploads. */
        public static final Admin DEFAULT =
                new Admin(true, "127.0.0.1", 0, new AdminKeySource(Optional.empty(), Optional.empty()), false);
    }

    /**
     * Where the admin API's key is to be found. If neither is given, in the variable {@code GATEWAY_ADMIN_KEY}; if that
     * is not set, a key is made at each start.
     *
     * @param env the environment variable that holds it
     * @param file the file that holds it, surrounding white space ignored
     */
    public record AdminKeySource(Optional<String> env, Optional<Path> file) {}

    /**
     * Plugins.
     *
     * @param dir the drop folder
     * @param data the gateway's private folder, for the copies that are loaded
     * @param watch whether changes in the drop folder take effect while the gateway runs
     * @param verify what a jar must show before it is loaded
     * @param lock the file that says which jars are known: {@code plugins.lock}; need not exist
     * @param trustedKeys whose signatures count
     * @param drain how long requests may go on with a version that is replaced or removed; then they are ended visibly
     * @param dev whether this gateway serves those who develop plugins: the folder may be one that a build writes to, and
     *     requests may choose a version by header
     * @param each settings of single plugins, by the plugin's id; one without an entry runs on defaults
     */
    public record Plugins(
            Path dir,
            Path data,
            boolean watch,
            Verify verify,
            Path lock,
            List<TrustedKey> trustedKeys,
            Duration drain,
            boolean dev,
            Map<String, PluginSettings> each) {

        public Plugins {
            each = Map.copyOf(each);
            trustedKeys = List.copyOf(trustedKeys);
        }

        /** Plugins with the defaults for all else: ten minutes to drain, no development, no settings. */
        public Plugins(Path dir, Path data, boolean watch) {
            this(
                    dir,
                    data,
                    watch,
                    Verify.WARN,
                    Path.of("plugins.lock"),
                    List.of(),
                    Duration.ofMinutes(10),
                    false,
                    Map.of());
        }

        /** {@return the same with another time to drain} */
        public Plugins withDrain(Duration other) {
            return new Plugins(dir, data, watch, verify, lock, trustedKeys, other, dev, each);
        }

        /** {@return the same with settings of single plugins} */
        public Plugins withEach(Map<String, PluginSettings> other) {
            return new Plugins(dir, data, watch, verify, lock, trustedKeys, drain, dev, other);
        }

        /** {@return the same for those who develop plugins} */
        public Plugins inDevelopment() {
            return new Plugins(dir, data, watch, verify, lock, trustedKeys, drain, true, each);
        }

        /** {@return the same, held to other rules} */
        public Plugins with(Verify otherVerify, Path otherLock, List<TrustedKey> otherKeys) {
            return new Plugins(dir, data, watch, otherVerify, otherLock, otherKeys, drain, dev, each);
        }

        /** {@return the settings of a plugin: its entry, or the defaults} */
        public PluginSettings of(String id) {
            return each.getOrDefault(id, PluginSettings.DEFAULT);
        }
    }

    /**
     * One plugin.
     *
     * @param pin the only version of it that is taken from the drop folder
     * @param canary how a new version is tried
     */
    public record PluginSettings(Optional<String> pin, Canary canary) {

        /** Any version, and new ones take over at once. */
        public static final PluginSettings DEFAULT = new PluginSettings(Optional.empty(), Canary.NONE);
    }

    /**
     * How a new version of a plugin is tried beside the old one.
     *
     * @param share what part of the requests it gets; empty: none are tried, new versions take over at once
     * @param requests how many must have ended before it can take over
     * @param failures how many of these may not fail
     * @param errorMargin how much larger its part of failed requests may be than the old one's
     * @param latencyMargin how much longer its median time to the first byte may be than the old one's
     */
    public record Canary(
            Optional<Percent> share, int requests, int failures, Percent errorMargin, Percent latencyMargin) {

        /** No trials; if a share were given: 50 requests, 3 failures, 2%, 50%. */
        public static final Canary NONE = new Canary(Optional.empty(), 50, 3, Percent.of(2), Percent.of(50));
    }

    /** What a plugin jar must show before it is loaded. */
    public enum Verify {
        /** Nothing, and nothing is looked at. */
        OFF,
        /** Nothing, but what speaks against it is said. */
        WARN,
        /** That {@code plugins.lock} has its hash. */
        REQUIRE_HASH,
        /** The signature of a trusted key. */
        REQUIRE_SIGNATURE;

        /** {@return how it is written in the configuration} */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * One provider.
     *
     * @param plugin the provider that this is an instance of, by the name its plugin gives it; empty: of its own name
     * @param baseUrl replaces the plugin's base URL
     * @param keys keys the gateway holds, one chosen by weight per request; empty: the variable the plugin names, if set
     * @param deadlines how long the upstream may take
     * @param limits how much it is sent at once
     * @param retries how often it is asked again
     * @param breaker when one of its models is left alone because it fails
     * @param askUsage whether streams are asked for their token usage also when the client does not want to know it
     * @param options the plugin's own settings, an object
     */
    public record ProviderSettings(
            Optional<String> plugin,
            Optional<String> baseUrl,
            List<Key> keys,
            Deadlines deadlines,
            ProviderLimits limits,
            Retries retries,
            Breaker breaker,
            boolean askUsage,
            JsonNode options) {

        /** Nothing configured. */
        public static final ProviderSettings DEFAULT = new ProviderSettings(
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Deadlines.DEFAULT,
                ProviderLimits.DEFAULT,
                Retries.DEFAULT,
                Breaker.DEFAULT,
                false,
                JsonNodeFactory.instance.objectNode());

        public ProviderSettings {
            keys = List.copyOf(keys);
        }

        /** {@return the same as an instance of the provider that its plugin gives this name} */
        public ProviderSettings withPlugin(String other) {
            return new ProviderSettings(
                    Optional.of(other), baseUrl, keys, deadlines, limits, retries, breaker, askUsage, options);
        }

        /** {@return the same at another base URL} */
        public ProviderSettings withBaseUrl(String other) {
            return new ProviderSettings(
                    plugin, Optional.of(other), keys, deadlines, limits, retries, breaker, askUsage, options);
        }

        /** {@return the same with other keys} */
        public ProviderSettings withKeys(List<Key> other) {
            return new ProviderSettings(plugin, baseUrl, other, deadlines, limits, retries, breaker, askUsage, options);
        }

        /** {@return the same with other deadlines} */
        public ProviderSettings withDeadlines(Deadlines other) {
            return new ProviderSettings(plugin, baseUrl, keys, other, limits, retries, breaker, askUsage, options);
        }

        /** {@return the same with other limits} */
        public ProviderSettings withLimits(ProviderLimits other) {
            return new ProviderSettings(plugin, baseUrl, keys, deadlines, other, retries, breaker, askUsage, options);
        }

        /** {@return the same, asked again in another way} */
        public ProviderSettings withRetries(Retries other) {
            return new ProviderSettings(plugin, baseUrl, keys, deadlines, limits, other, breaker, askUsage, options);
        }

        /** {@return the same with another breaker} */
        public ProviderSettings withBreaker(Breaker other) {
            return new ProviderSettings(plugin, baseUrl, keys, deadlines, limits, retries, other, askUsage, options);
        }

        /** {@return the same, whose streams are always asked for their usage} */
        public ProviderSettings askingUsage() {
            return new ProviderSettings(plugin, baseUrl, keys, deadlines, limits, retries, breaker, true, options);
        }

        /** {@return the same with other settings of the plugin} */
        public ProviderSettings withOptions(JsonNode other) {
            return new ProviderSettings(plugin, baseUrl, keys, deadlines, limits, retries, breaker, askUsage, other);
        }
    }

    /**
     * How much a provider is sent at once.
     *
     * @param inFlight requests it is sent at once, each on a connection of its own
     * @param waiting requests that wait for one of these to end; more are answered 503
     */
    public record ProviderLimits(int inFlight, int waiting) {

        /** 20,000 requests, which is what the gateway takes by default; 1,000 wait. */
        public static final ProviderLimits DEFAULT = new ProviderLimits(20_000, 1000);
    }

    /**
     * When a target, which is a provider's model, is left alone because it fails, and how it is found to work again.
     *
     * @param enabled whether it ever is
     * @param window how many of its last attempts count, once there are half as many
     * @param failures what part of these must have failed
     * @param slow an attempt whose first token took longer than this is slow
     * @param slowShare what part of them must have been slow
     * @param open how long nothing is sent to it then, and how often it is tried after that
     * @param probes how many requests it is tried with at once
     */
    public record Breaker(
            boolean enabled,
            int window,
            Percent failures,
            Duration slow,
            Percent slowShare,
            Duration open,
            int probes) {

        /** If half of 20 attempts failed, or all were slower than 60 s; then one request every 10 s. */
        public static final Breaker DEFAULT = new Breaker(
                true, 20, Percent.of(50), Duration.ofSeconds(60), Percent.of(100), Duration.ofSeconds(10), 1);
    }

    /** What decides which of a route's targets is tried first, and which next. */
    public enum Balance {
        /** Their order in the configuration. */
        ORDERED,
        /** Chance, by their weights. */
        WEIGHTED,
        /** How long they take to the first token, and how many requests they have under way. */
        FASTEST;

        /** {@return how it is written in the configuration} */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Where a key is to be found; exactly one of the two sources is given. Keys themselves are never in the
     * configuration.
     *
     * @param name what logs and the start screen call it
     * @param env the environment variable that holds it
     * @param file the file that holds it, surrounding white space ignored
     * @param weight its share among the provider's keys; at least 1
     * @param inFlight how many requests are sent with it at once; at least 1
     */
    public record Key(String name, Optional<String> env, Optional<Path> file, int weight, int inFlight) {

        /** As many requests as a provider may be sent at most, so that a key with this limit has none of its own. */
        public static final int UNLIMITED = 100_000;

        /** A key without a limit of its own. */
        public Key(String name, Optional<String> env, Optional<Path> file, int weight) {
            this(name, env, file, weight, UNLIMITED);
        }
    }

    /**
     * How long an attempt may take.
     *
     * @param connect to wait for its turn, if more are sent than the provider's limits allow, and then to open a
     *     connection
     * @param firstByte from the request's last byte to the head of the answer
     * @param idle from the head of the answer to its first chunk, and between two chunks
     * @param total for all of it, from when the provider is chosen; of requests that ask for no stream
     * @param totalStream the same for those that ask for one; empty: as long as it takes
     */
    public record Deadlines(
            Duration connect, Duration firstByte, Duration idle, Duration total, Optional<Duration> totalStream) {

        /** 3 s, 5 min, 60 s, 10 min, no end: slow models answer whole requests only after minutes. */
        public static final Deadlines DEFAULT = new Deadlines(
                Duration.ofSeconds(3),
                Duration.ofMinutes(5),
                Duration.ofSeconds(60),
                Duration.ofMinutes(10),
                Optional.empty());

        /** Deadlines with the usual totals. */
        public Deadlines(Duration connect, Duration firstByte, Duration idle) {
            this(connect, firstByte, idle, DEFAULT.total(), DEFAULT.totalStream());
        }
    }

    /**
     * What is known of models.
     *
     * @param refresh how often upstreams are asked for their lists of models; empty: never
     */
    public record Catalogue(Optional<Duration> refresh) {}

    /**
     * Choice of provider.
     *
     * @param defaultProvider the provider of requests that name none
     */
    public record Routing(Optional<String> defaultProvider) {}

    /**
     * A model of the operator's own naming, and where requests for it go.
     *
     * @param route what it stands for: at least one
     * @param balance in which order they are tried
     * @param sticky what keeps requests that belong together on one target, if they say it
     * @param firstToken how long a target may take to its first word of a stream, while there is another one to ask
     * @param streamRecovery what is done for a stream that breaks off after its first word
     */
    public record ModelRoute(
            List<RouteTarget> route,
            Balance balance,
            Sticky sticky,
            Duration firstToken,
            StreamRecovery streamRecovery) {

        /** What a route has unless it says otherwise. */
        public static final ModelRoute DEFAULT = new ModelRoute(
                List.of(),
                Balance.ORDERED,
                new Sticky(Optional.empty(), Optional.empty()),
                Duration.ofSeconds(60),
                StreamRecovery.NONE);

        public ModelRoute {
            route = List.copyOf(route);
        }

        /** {@return a route to these, {@code provider/model} or another route each, the first one first} */
        public static ModelRoute to(String... targets) {
            return DEFAULT.withTargets(
                    Stream.of(targets).map(name -> new RouteTarget(name, 1)).toList());
        }

        /** {@return the same to other targets} */
        public ModelRoute withTargets(List<RouteTarget> other) {
            return new ModelRoute(other, balance, sticky, firstToken, streamRecovery);
        }

        /** {@return the same in another order of trying} */
        public ModelRoute withBalance(Balance other) {
            return new ModelRoute(route, other, sticky, firstToken, streamRecovery);
        }

        /** {@return the same, kept together by something else} */
        public ModelRoute withSticky(Sticky other) {
            return new ModelRoute(route, balance, other, firstToken, streamRecovery);
        }

        /** {@return the same with another patience} */
        public ModelRoute withFirstToken(Duration other) {
            return new ModelRoute(route, balance, sticky, other, streamRecovery);
        }

        /** {@return the same with other means against streams that break off} */
        public ModelRoute withRecovery(StreamRecovery other) {
            return new ModelRoute(route, balance, sticky, firstToken, other);
        }
    }

    /**
     * One of the targets of a route.
     *
     * @param name {@code provider/model}, or the name of another route
     * @param weight its share of the requests, where shares count; at least 1
     */
    public record RouteTarget(String name, int weight) {}

    /**
     * What requests that belong together have in common. At most one of the two is given.
     *
     * @param header the name of a request header
     * @param field the name of a field of the request's body
     */
    public record Sticky(Optional<String> header, Optional<String> field) {}

    /** What is done for a stream that breaks off after its first word. */
    public enum StreamRecovery {
        /** The client is told. */
        NONE,
        /** Nothing of an answer is delivered before all of it is there, so that another target can be asked. */
        HOLD,
        /** Another target is asked to go on, if that is possible without a change to what was delivered. */
        CONTINUE;

        /** {@return how it is written in the configuration} */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * How often a target is asked again.
     *
     * @param attempts how often it is asked for one request, the first time included; empty: twice where a route was
     *     asked for, once where the request names the provider, whose client then knows best
     * @param on the statuses after which it is
     * @param backoff the longest that the first pause may be; further ones may be twice as long each
     * @param maxBackoff the longest that any pause may be, also one that the provider asks for
     * @param budget what part of the provider's requests may be repetitions
     */
    public record Retries(
            Optional<Integer> attempts, List<StatusRange> on, Duration backoff, Duration maxBackoff, Percent budget) {

        /** 408, 409, 429, 498 and all from 500; 250 ms, 10 s, 20%. */
        public static final Retries DEFAULT = new Retries(
                Optional.empty(),
                List.of(
                        StatusRange.of(408),
                        StatusRange.of(409),
                        StatusRange.of(429),
                        StatusRange.of(498),
                        new StatusRange(500, 599)),
                Duration.ofMillis(250),
                Duration.ofSeconds(10),
                Percent.of(20));

        public Retries {
            on = List.copyOf(on);
        }

        /** {@return the same, asking so often} */
        public Retries withAttempts(int other) {
            return new Retries(Optional.of(other), on, backoff, maxBackoff, budget);
        }

        /** {@return the same with other pauses} */
        public Retries withBackoff(Duration first, Duration longest) {
            return new Retries(attempts, on, first, longest, budget);
        }

        /** {@return whether a target that answers with this status is asked again} */
        public boolean isOn(int status) {
            return on.stream().anyMatch(range -> range.contains(status));
        }
    }

    /**
     * Access.
     *
     * @param passthrough whether the caller's own bearer token goes to the provider; configured keys are then used only
     *     for callers that send none
     * @param open states that something in front of the gateway checks callers, so that it may listen on an address
     *     other than loopback
     */
    public record Auth(boolean passthrough, boolean open) {}

    /**
     * Logging.
     *
     * @param level of the gateway's own loggers: {@code error}, {@code warn}, {@code info}, {@code debug}
     * @param format how lines look
     */
    public record Log(String level, LogFormat format) {}

    /** How log lines look. */
    public enum LogFormat {
        /** Text on a terminal, JSON otherwise. */
        AUTO,
        TEXT,
        JSON
    }

    /**
     * Prices.
     *
     * @param file prices that go before those that come with the gateway
     */
    public record Pricing(Optional<PriceFile> file) {}

    /**
     * Who is told of requests besides the log.
     *
     * @param metrics figures
     * @param tracing spans
     * @param genAiNames which version of OpenTelemetry's names for generative AI is used in what is exported by OTLP
     * @param otlpHeaders where the headers are that go with each export, such as a key
     */
    public record Observability(
            MetricsSettings metrics, TracingSettings tracing, GenAiNames genAiNames, AdminKeySource otlpHeaders) {

        /** Metrics for Prometheus, and nothing is exported. */
        public static final Observability DEFAULT = new Observability(
                new MetricsSettings(true, false, Optional.empty(), Duration.ofMinutes(1)),
                new TracingSettings(Optional.empty(), Percent.of(100)),
                GenAiNames.V1_37,
                new AdminKeySource(Optional.empty(), Optional.empty()));

        /** {@return the same with other metrics} */
        public Observability withMetrics(MetricsSettings other) {
            return new Observability(other, tracing, genAiNames, otlpHeaders);
        }
    }

    /**
     * Metrics.
     *
     * @param prometheus whether the admin listener serves them at {@code /metrics}
     * @param open whether it does so without asking for its key
     * @param otlp where they are sent by OTLP over HTTP, as a base URL; empty: nowhere
     * @param interval how often
     */
    public record MetricsSettings(boolean prometheus, boolean open, Optional<String> otlp, Duration interval) {}

    /**
     * Traces.
     *
     * @param otlp where spans are sent by OTLP over HTTP, as a base URL; empty: nowhere, and there are none
     * @param sample how many of the traces that begin here are recorded; those that callers began are if they say so
     */
    public record TracingSettings(Optional<String> otlp, Percent sample) {}

    /** Versions of OpenTelemetry's semantic conventions for generative AI. */
    public enum GenAiNames {
        /** Those that most of what is in use knows. */
        V1_36,
        /** Those since. */
        V1_37;

        /** {@return how it is written in the configuration} */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '.');
        }
    }
}
