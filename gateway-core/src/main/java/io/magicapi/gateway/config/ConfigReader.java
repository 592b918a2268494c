package io.magicapi.gateway.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.magicapi.gateway.config.GatewayConfig.Admin;
import io.magicapi.gateway.config.GatewayConfig.AdminKeySource;
import io.magicapi.gateway.config.GatewayConfig.Auth;
import io.magicapi.gateway.config.GatewayConfig.Balance;
import io.magicapi.gateway.config.GatewayConfig.Breaker;
import io.magicapi.gateway.config.GatewayConfig.Canary;
import io.magicapi.gateway.config.GatewayConfig.Catalogue;
import io.magicapi.gateway.config.GatewayConfig.Cors;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.GenAiNames;
import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.Limits;
import io.magicapi.gateway.config.GatewayConfig.Log;
import io.magicapi.gateway.config.GatewayConfig.LogFormat;
import io.magicapi.gateway.config.GatewayConfig.MetricsSettings;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.NetworkTransport;
import io.magicapi.gateway.config.GatewayConfig.Observability;
import io.magicapi.gateway.config.GatewayConfig.PluginSettings;
import io.magicapi.gateway.config.GatewayConfig.Plugins;
import io.magicapi.gateway.config.GatewayConfig.Pricing;
import io.magicapi.gateway.config.GatewayConfig.ProviderLimits;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.Retries;
import io.magicapi.gateway.config.GatewayConfig.RouteTarget;
import io.magicapi.gateway.config.GatewayConfig.Routing;
import io.magicapi.gateway.config.GatewayConfig.Server;
import io.magicapi.gateway.config.GatewayConfig.Sticky;
import io.magicapi.gateway.config.GatewayConfig.StreamRecovery;
import io.magicapi.gateway.config.GatewayConfig.Timeouts;
import io.magicapi.gateway.config.GatewayConfig.TracingSettings;
import io.magicapi.gateway.config.GatewayConfig.Verify;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads the merged tree into records. This class is the only list of keys: what it asks for exists, with the type and
 * the default it names; environment names, {@code config show} and the documentation's test follow from it.
 */
final class ConfigReader {

    static final Pattern PROVIDER_NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    private static final Pattern PLUGIN_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._:%\\[\\]-]{1,255}");
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern ORIGIN = Pattern.compile("\\*|https?://[^/\\s?#@,]+");
    private static final Pattern HEADER = Pattern.compile("\\*|[A-Za-z0-9!#$%&'*+.^_`|~-]+");

    /** Real names are in capitals by custom, and real keys are not: so a key put here by mistake is noticed. */
    private static final Pattern VARIABLE = Pattern.compile("[A-Z_][A-Z0-9_]{0,127}");

    private static final int MAX_COUNT = 1_000_000;

    /** Of requests to one provider; the HTTP client sets up a place for each. */
    private static final int MAX_SENT = Key.UNLIMITED;

    /** Each target remembers so many attempts. */
    private static final int MAX_WINDOW = 200;

    private static final int MAX_PROBES = 20;

    /** Who has not answered by then will not. */
    private static final int MAX_ATTEMPTS = 10;

    private static final DataSize LEAST = DataSize.kibibytes(1);

    private static final String OFF = "off";

    /** Providers count such requests, too. */
    private static final Duration LEAST_REFRESH = Duration.ofSeconds(10);

    private final Section.Reading reading;

    private ConfigReader(Section.Reading reading) {
        this.reading = reading;
    }

    /**
     * {@return the configuration that a tree stands for; if {@code reading} has problems afterwards, it must not be
     * used}
     */
    static GatewayConfig read(Map<String, Located> tree, Section.Reading reading) {
        return new ConfigReader(reading).root(new Section("", Place.file("configuration"), tree, reading));
    }

    /** {@return all keys, with {@code <name>} where the operator chooses a name, and their defaults} */
    static List<Setting> describe() {
        Section.Reading reading = new Section.Reading(true);
        read(Map.of(), reading);
        return reading.settings();
    }

    private GatewayConfig root(Section root) {
        GatewayConfig defaults = GatewayConfig.defaults();
        root.value(
                "version",
                "1",
                "1",
                text -> {
                    if (!text.equals("1")) {
                        throw new Section.Refusal(
                                Problem.VERSION, "must be 1, the only version of this format that this gateway reads");
                    }
                    return text;
                },
                text -> JsonNodeFactory.instance.numberNode(1));
        Server server = root.section("server", section -> server(section, defaults.server()));
        Admin admin = root.section("admin", section -> admin(section, defaults.admin()));
        Plugins plugins = root.section("plugins", section -> plugins(section, defaults.plugins()));
        Map<String, ProviderSettings> providers = root.entries("providers", this::provider);
        Map<String, ModelRoute> models = root.entries("models", this::route);
        checkRoutes(models);
        Catalogue catalogue = root.section("catalogue", section -> catalogue(section, defaults.catalogue()));
        Routing routing = root.section(
                "routing",
                section -> new Routing(
                        section.optional("default-provider", "text", ConfigReader::providerName, TextNode::valueOf)));
        Auth auth = root.section(
                "auth",
                section -> new Auth(
                        section.flag("passthrough", defaults.auth().passthrough()),
                        section.flag("open", defaults.auth().open())));
        Log log = root.section("log", section -> log(section, defaults.log()));
        Pricing pricing = root.section("pricing", ConfigReader::pricing);
        Observability observability =
                root.section("observability", section -> observability(section, defaults.observability()));
        root.end();
        if (!auth.open() && !loopback(server.host())) {
            reading.problem(
                    Problem.OPEN_LISTENER,
                    placeOf("server.host"),
                    "server.host is " + server.host() + " but auth.open is false: anyone who reaches this port could "
                            + "spend your provider keys. Set auth.open: true if something in front does the checking, "
                            + "or let server.host be 127.0.0.1");
        }
        if (!loopback(admin.host())) {
            reading.problem(
                    Problem.OPEN_ADMIN,
                    placeOf("admin.host"),
                    "admin.host is " + admin.host()
                            + ": who reaches the admin API can change what code runs here, so it"
                            + " listens on loopback only. Let it be 127.0.0.1, and reach it from elsewhere through"
                            + " ssh -L");
        }
        if (admin.enabled() && admin.port() != 0 && admin.port() == server.port()) {
            reading.problem(
                    Problem.VALUE,
                    placeOf("admin.port"),
                    "admin.port must be another one than server.port, " + server.port() + "; 0 takes a free one");
        }
        providers.forEach((name, provider) -> provider.baseUrl()
                .filter(url -> isThisGateway(URI.create(url), server))
                .ifPresent(url -> reading.problem(
                        Problem.VALUE,
                        placeOf("providers." + name + ".base-url"),
                        "providers." + name + ".base-url is this gateway's own address, " + url
                                + ": requests would go round in circles. Name the provider's")));
        return new GatewayConfig(
                server, admin, plugins, providers, models, catalogue, routing, auth, log, pricing, observability);
    }

    private static boolean isThisGateway(URI url, Server server) {
        String host = url.getHost().replaceAll("[\\[\\]]", "");
        return url.getPort() == server.port() && (loopback(host) || host.equalsIgnoreCase(server.host()));
    }

    private Place placeOf(String key) {
        return reading.settings().stream()
                .filter(setting -> setting.key().equals(key))
                .flatMap(setting -> setting.origin().stream())
                .findFirst()
                .orElse(Place.file(key));
    }

    private Admin admin(Section section, Admin defaults) {
        return new Admin(
                section.flag("enabled", defaults.enabled()),
                section.value("host", "address", defaults.host(), ConfigReader::host, TextNode::valueOf),
                section.number("port", 0, 65535, defaults.port()),
                section.section("key", this::secret),
                section.flag("plugin-upload", defaults.pluginUpload()));
    }

    private AdminKeySource secret(Section section) {
        AdminKeySource key = new AdminKeySource(
                section.optional("env", "variable name", ConfigReader::variable, TextNode::valueOf),
                section.optional("file", "path", ConfigReader::path, path -> TextNode.valueOf(path.toString())));
        if (key.env().isPresent() && key.file().isPresent()) {
            reading.problem(
                    Problem.KEY_SOURCE,
                    section.place(),
                    section.path() + " must have either env: NAME or file: PATH, not both");
        }
        return key;
    }

    private static Pricing pricing(Section section) {
        return new Pricing(section.optional(
                "file",
                "path",
                text -> PriceFile.read(path(text)),
                prices -> TextNode.valueOf(prices.file().toString())));
    }

    private Observability observability(Section section, Observability defaults) {
        return new Observability(
                section.section(
                        "metrics",
                        metrics -> new MetricsSettings(
                                metrics.flag("prometheus", defaults.metrics().prometheus()),
                                metrics.flag("open", defaults.metrics().open()),
                                metrics.optional("otlp", "URL", ConfigReader::baseUrl, TextNode::valueOf),
                                duration(metrics, "interval", defaults.metrics().interval()))),
                section.section(
                        "tracing",
                        tracing -> new TracingSettings(
                                tracing.optional("otlp", "URL", ConfigReader::baseUrl, TextNode::valueOf),
                                percent(
                                        tracing,
                                        "sample",
                                        0,
                                        100,
                                        defaults.tracing().sample()))),
                names(section, defaults.genAiNames()),
                section.section("otlp-headers", this::secret));
    }

    private static GenAiNames names(Section section, GenAiNames fallback) {
        Map<String, GenAiNames> words = new LinkedHashMap<>();
        for (GenAiNames names : GenAiNames.values()) {
            words.put(names.text(), names);
        }
        return words.getOrDefault(
                section.choice("gen-ai-names", List.copyOf(words.keySet()), fallback.text()), fallback);
    }

    private static NetworkTransport transport(Section section, NetworkTransport defaults) {
        String name = section.choice(
                "transport",
                List.of("auto", "io_uring", "epoll", "kqueue", "nio"),
                defaults.name().toLowerCase(Locale.ROOT));
        return NetworkTransport.valueOf(name.toUpperCase(Locale.ROOT));
    }

    private Server server(Section section, Server defaults) {
        return new Server(
                section.value("host", "address", defaults.host(), ConfigReader::host, TextNode::valueOf),
                section.number("port", 0, 65535, defaults.port()),
                section.flag("http2-cleartext", defaults.http2Cleartext()),
                transport(section, defaults.transport()),
                section.section(
                        "cors",
                        cors -> new Cors(
                                cors.texts("origins", defaults.cors().origins(), ConfigReader::origin),
                                cors.texts("headers", defaults.cors().headers(), ConfigReader::header))),
                section.section(
                        "limits",
                        limits -> new Limits(
                                size(
                                        limits,
                                        "body",
                                        DataSize.mebibytes(1024),
                                        defaults.limits().body()),
                                size(
                                        limits,
                                        "upload",
                                        DataSize.mebibytes(65536),
                                        defaults.limits().upload()),
                                size(
                                        limits,
                                        "header-block",
                                        DataSize.mebibytes(1),
                                        defaults.limits().headerBlock()),
                                size(
                                        limits,
                                        "request-line",
                                        DataSize.mebibytes(1),
                                        defaults.limits().requestLine()),
                                limits.number(
                                        "connections",
                                        1,
                                        MAX_COUNT,
                                        defaults.limits().connections()),
                                limits.number(
                                        "in-flight",
                                        1,
                                        MAX_COUNT,
                                        defaults.limits().inFlight()))),
                section.section("timeouts", timeouts -> timeouts(timeouts, defaults.timeouts())));
    }

    private static Timeouts timeouts(Section section, Timeouts defaults) {
        return new Timeouts(
                duration(section, "request-head", defaults.requestHead()),
                duration(section, "request-body", defaults.requestBody()),
                duration(section, "keep-alive", defaults.keepAlive()),
                duration(section, "slow-reader", defaults.slowReader()),
                duration(section, "drain", defaults.drain()));
    }

    private Plugins plugins(Section section, Plugins defaults) {
        Plugins plugins = new Plugins(
                path(section, "dir", defaults.dir()),
                path(section, "data", defaults.data()),
                section.flag("watch", defaults.watch()),
                verify(section, defaults.verify()),
                path(section, "lock", defaults.lock()),
                section.texts(
                        "trusted-keys",
                        defaults.trustedKeys(),
                        text -> TrustedKey.read(path(text)),
                        key -> key.file().toString()),
                duration(section, "drain", defaults.drain()),
                section.flag("dev", defaults.dev()),
                section.others(this::plugin)); // last: whatever was not asked for before is a plugin's id
        requireKeys(plugins);
        return plugins;
    }

    private void requireKeys(Plugins plugins) {
        if (plugins.verify() == Verify.REQUIRE_SIGNATURE
                && plugins.trustedKeys().isEmpty()) {
            reading.problem(
                    Problem.TRUSTED_KEY,
                    placeOf("plugins.verify"),
                    "plugins.verify is require-signature but plugins.trusted-keys names no usable certificate: every "
                            + "plugin would be refused. Name the certificates of those whose plugins you trust");
        }
    }

    private static Verify verify(Section section, Verify fallback) {
        Map<String, Verify> words = new LinkedHashMap<>();
        for (Verify verify : Verify.values()) {
            words.put(verify.text(), verify);
        }
        return words.getOrDefault(section.choice("verify", List.copyOf(words.keySet()), fallback.text()), fallback);
    }

    private PluginSettings plugin(String id, Section section) {
        if (!PLUGIN_ID.matcher(id).matches() && !id.equals(Section.ANY_NAME)) {
            reading.problem(
                    Problem.VALUE,
                    section.place(),
                    "the plugin id \"" + id + "\" must be letters, digits, dots, dashes and underscores, 64 at most");
        }
        Canary defaults = Canary.NONE;
        return new PluginSettings(
                section.optional("pin", "version", ConfigReader::pluginVersion, TextNode::valueOf),
                section.section(
                        "canary",
                        "share",
                        canary -> new Canary(
                                canary.optional(
                                        "share",
                                        "percentage",
                                        text -> percent(text, 1, 100),
                                        percent -> TextNode.valueOf(percent.toString())),
                                canary.number("requests", 1, MAX_COUNT, defaults.requests()),
                                canary.number("failures", 1, MAX_COUNT, defaults.failures()),
                                percent(canary, "error-margin", 0, 100, defaults.errorMargin()),
                                percent(canary, "latency-margin", 0, 10_000, defaults.latencyMargin()))));
    }

    private static String pluginVersion(String text) {
        if (!text.matches("\\d+\\.\\d+\\.\\d+[A-Za-z0-9.+-]{0,64}")) {
            throw new IllegalArgumentException("must be a version such as 1.2.3");
        }
        return text;
    }

    private static Percent percent(Section section, String name, int least, int most, Percent fallback) {
        return section.value(
                name,
                "percentage",
                fallback,
                text -> percent(text, least, most),
                percent -> TextNode.valueOf(percent.toString()));
    }

    private static Percent percent(String text, int least, int most) {
        Percent percent;
        try {
            percent = Percent.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("must be a percentage such as 5%", e);
        }
        if (percent.hundredths() < least || percent.hundredths() > most * 100) {
            throw new IllegalArgumentException("must be from " + new Percent(least) + " to " + most + "%");
        }
        return percent;
    }

    private ProviderSettings provider(String name, Section section) {
        if (!PROVIDER_NAME.matcher(name).matches() && !name.equals(Section.ANY_NAME)) {
            reading.problem(
                    Problem.VALUE,
                    section.place(),
                    "the provider name \"" + name
                            + "\" must be lower-case letters, digits and dashes, beginning with a "
                            + "letter, 32 at most");
        }
        ProviderSettings defaults = ProviderSettings.DEFAULT;
        return new ProviderSettings(
                section.optional("plugin", "text", ConfigReader::providerName, TextNode::valueOf),
                section.optional("base-url", "URL", ConfigReader::baseUrl, TextNode::valueOf),
                keys(section),
                section.section(
                        "deadlines",
                        deadlines -> new Deadlines(
                                duration(
                                        deadlines,
                                        "connect",
                                        defaults.deadlines().connect()),
                                duration(
                                        deadlines,
                                        "first-byte",
                                        defaults.deadlines().firstByte()),
                                duration(deadlines, "idle", defaults.deadlines().idle()),
                                duration(
                                        deadlines, "total", defaults.deadlines().total()),
                                deadlines.optional(
                                        "total-stream", "duration", ConfigReader::duration, ConfigReader::show))),
                section.section(
                        "limits",
                        limits -> new ProviderLimits(
                                limits.number(
                                        "in-flight",
                                        1,
                                        MAX_SENT,
                                        defaults.limits().inFlight()),
                                limits.number(
                                        "waiting",
                                        0,
                                        MAX_SENT,
                                        defaults.limits().waiting()))),
                section.section("retries", this::retries),
                section.section("breaker", breaker -> breaker(breaker, defaults.breaker())),
                section.flag("ask-usage", defaults.askUsage()),
                section.object("options"));
    }

    private static Breaker breaker(Section section, Breaker defaults) {
        return new Breaker(
                section.flag("enabled", defaults.enabled()),
                section.number("window", 1, MAX_WINDOW, defaults.window()),
                percent(section, "failures", 1, 100, defaults.failures()),
                duration(section, "slow", defaults.slow()),
                percent(section, "slow-share", 1, 100, defaults.slowShare()),
                duration(section, "open", defaults.open()),
                section.number("probes", 1, MAX_PROBES, defaults.probes()));
    }

    private List<Key> keys(Section provider) {
        Set<String> names = new HashSet<>();
        return provider.list(
                "keys",
                "list of keys",
                section -> {
                    Optional<String> name = section.optional("name", "text", ConfigReader::keyName, TextNode::valueOf);
                    Optional<String> env =
                            section.optional("env", "variable name", ConfigReader::variable, TextNode::valueOf);
                    Optional<Path> file = section.optional(
                            "file", "path", ConfigReader::path, path -> TextNode.valueOf(path.toString()));
                    int weight = section.number("weight", 1, 1000, 1);
                    int inFlight = section.number("in-flight", 1, MAX_SENT, MAX_SENT);
                    section.end();
                    if (!section.reading().problems().isEmpty()) {
                        return Optional.empty();
                    }
                    Place place = section.place();
                    if (env.isPresent() == file.isPresent()) {
                        section.reading()
                                .problem(
                                        Problem.KEY_SOURCE,
                                        place,
                                        section.path() + " must have either env: NAME or file: PATH, "
                                                + (env.isPresent() ? "not both" : "and has neither"));
                        return Optional.empty();
                    }
                    String called = name.or(() -> env)
                            .or(() -> file.map(Path::toString))
                            .orElse("");
                    if (!names.add(called)) {
                        section.reading()
                                .problem(
                                        Problem.VALUE,
                                        place,
                                        section.path() + " is the second key called \"" + called
                                                + "\". Give it another name");
                    }
                    return Optional.of(new Key(called, env, file, weight, inFlight));
                },
                ConfigReader::show);
    }

    private static JsonNode show(Key key) {
        ObjectNode shown = JsonNodeFactory.instance.objectNode();
        shown.put("name", key.name());
        key.env().ifPresent(env -> shown.put("env", env));
        key.file().ifPresent(file -> shown.put("file", file.toString()));
        return shown.put("weight", key.weight()).put("in-flight", key.inFlight());
    }

    private static Catalogue catalogue(Section section, Catalogue defaults) {
        return new Catalogue(section.value(
                "refresh",
                "duration or off",
                defaults.refresh(),
                ConfigReader::refresh,
                refresh -> refresh.map(ConfigReader::show).orElse(TextNode.valueOf(OFF))));
    }

    private static Optional<Duration> refresh(String text) {
        if (text.equals(OFF)) {
            return Optional.empty();
        }
        Duration refresh = duration(text);
        if (refresh.compareTo(LEAST_REFRESH) < 0) {
            throw new IllegalArgumentException("must be off, or from 10s to 24h");
        }
        return Optional.of(refresh);
    }

    private static Log log(Section section, Log defaults) {
        String level = section.choice("level", List.of("error", "warn", "info", "debug"), defaults.level());
        String format = section.choice(
                "format",
                List.of("auto", "text", "json"),
                defaults.format().name().toLowerCase(Locale.ROOT));
        return new Log(level, LogFormat.valueOf(format.toUpperCase(Locale.ROOT)));
    }

    private static DataSize size(Section section, String name, DataSize most, DataSize fallback) {
        return section.value(
                name,
                "size",
                fallback,
                text -> {
                    DataSize size;
                    try {
                        size = DataSize.parse(text);
                    } catch (IllegalArgumentException | ArithmeticException e) {
                        throw new IllegalArgumentException("must be a size such as 32MiB, 16KiB or 4096", e);
                    }
                    if (size.bytes() < LEAST.bytes() || size.bytes() > most.bytes()) {
                        throw new IllegalArgumentException("must be from " + LEAST + " to " + most);
                    }
                    return size;
                },
                size -> TextNode.valueOf(size.toString()));
    }

    private static Duration duration(String text) {
        Duration duration = Durations.parse(text);
        if (duration.isZero() || duration.compareTo(Duration.ofHours(24)) > 0) {
            throw new IllegalArgumentException("must be from 1ms to 24h");
        }
        return duration;
    }

    private static JsonNode show(Duration duration) {
        return TextNode.valueOf(Durations.format(duration));
    }

    private static Duration duration(Section section, String name, Duration fallback) {
        return section.value(name, "duration", fallback, ConfigReader::duration, ConfigReader::show);
    }

    private static Path path(Section section, String name, Path fallback) {
        return section.value(name, "path", fallback, ConfigReader::path, path -> TextNode.valueOf(path.toString()));
    }

    private static Path path(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("must be a path");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("must be a path", e);
        }
    }

    private ModelRoute route(String name, Section section) {
        ModelRoute defaults = ModelRoute.DEFAULT;
        boolean shares = section.isMapping("route");
        int problems = reading.problems().size();
        List<RouteTarget> targets = section.weights(
                "route",
                "list of targets, or targets with shares",
                (target, weight) -> new RouteTarget(target(target), weight));
        if (section.isMapping()
                && targets.isEmpty()
                && problems == reading.problems().size()
                && !name.equals(Section.ANY_NAME)) {
            reading.problem(
                    Problem.VALUE,
                    section.place(),
                    "models." + name + ".route must name a target, such as [groq/openai/gpt-oss-120b]");
        }
        String balance = section.choice(
                "balance",
                Stream.of(Balance.values()).map(Balance::text).toList(),
                (shares ? Balance.WEIGHTED : Balance.ORDERED).text());
        Sticky sticky = section.section(
                "sticky",
                by -> new Sticky(
                        by.optional("header", "header name", ConfigReader::stickyHeader, TextNode::valueOf),
                        by.optional("field", "text", Function.identity(), TextNode::valueOf)));
        if (sticky.header().isPresent() && sticky.field().isPresent()) {
            reading.problem(
                    Problem.VALUE, section.place(), "models." + name + ".sticky must be a header or a field, not both");
        }
        Duration firstToken = duration(section, "first-token", defaults.firstToken());
        String recovery = section.choice(
                "stream-recovery",
                Stream.of(StreamRecovery.values()).map(StreamRecovery::text).toList(),
                defaults.streamRecovery().text());
        return new ModelRoute(
                targets,
                Balance.valueOf(balance.toUpperCase(Locale.ROOT)),
                sticky,
                firstToken,
                StreamRecovery.valueOf(recovery.toUpperCase(Locale.ROOT)));
    }

    private static String target(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("must be a provider and a model, such as groq/openai/gpt-oss-120b");
        }
        return text;
    }

    /** A target is a provider and a model, or another route; no route leads back to itself. */
    private void checkRoutes(Map<String, ModelRoute> models) {
        models.forEach((name, route) -> route.route().stream()
                .map(RouteTarget::name)
                .filter(target -> target.equals(name) || !models.containsKey(target))
                .filter(target -> target.indexOf('/') <= 0 || target.endsWith("/"))
                .forEach(target -> reading.problem(
                        Problem.VALUE,
                        placeOf("models." + name + ".route"),
                        "models." + name + ".route: \"" + target + "\" must be a provider and a model, such as "
                                + "groq/openai/gpt-oss-120b, or another name of models")));
        models.forEach((name, route) -> {
            if (leadsTo(name, name, route, models, new HashSet<>())) {
                reading.problem(
                        Problem.VALUE,
                        placeOf("models." + name + ".route"),
                        "models." + name + ".route leads back to \"" + name + "\"");
            }
        });
    }

    private static boolean leadsTo(
            String goal, String from, ModelRoute route, Map<String, ModelRoute> models, Set<String> seen) {
        for (RouteTarget entry : route.route()) {
            String target = entry.name();
            ModelRoute next = target.equals(from) ? null : models.get(target);
            if (next != null
                    && (target.equals(goal) || (seen.add(target) && leadsTo(goal, target, next, models, seen)))) {
                return true;
            }
        }
        return false;
    }

    private Retries retries(Section section) {
        Retries defaults = Retries.DEFAULT;
        return new Retries(
                section.optional(
                        "attempts",
                        "number, 1 to " + MAX_ATTEMPTS,
                        text -> {
                            if (!text.matches("[1-9]\\d?") || Integer.parseInt(text) > MAX_ATTEMPTS) {
                                throw new IllegalArgumentException("must be a whole number from 1 to " + MAX_ATTEMPTS);
                            }
                            return Integer.parseInt(text);
                        },
                        JsonNodeFactory.instance::numberNode),
                section.texts("on", defaults.on(), StatusRange::parse, StatusRange::toString),
                duration(section, "backoff", defaults.backoff()),
                duration(section, "max-backoff", defaults.maxBackoff()),
                percent(section, "budget", 0, 100, defaults.budget()));
    }

    private static String providerName(String text) {
        if (!PROVIDER_NAME.matcher(text).matches()) {
            throw new IllegalArgumentException("must be a provider's name, such as groq");
        }
        return text;
    }

    private static String keyName(String text) {
        if (!text.matches("[A-Za-z0-9._-]{1,40}")) {
            throw new Section.Refusal(
                    Problem.VALUE, "must be a short name of letters, digits, dots, dashes and underscores");
        }
        return text;
    }

    private static String variable(String text) {
        if (!VARIABLE.matcher(text).matches()) {
            throw new Section.Refusal(
                    Problem.KEY_SOURCE,
                    "must be the name of a variable, in capitals, such as GROQ_API_KEY; the variable holds the key. "
                            + "(The value is not shown here, lest it is the key itself.)");
        }
        return text;
    }

    private static String host(String text) {
        if (!HOST.matcher(text).matches()) {
            throw new IllegalArgumentException("must be an address or host name without port, such as 127.0.0.1");
        }
        return text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    }

    private static String origin(String text) {
        if (!ORIGIN.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "must hold origins without path, such as https://app.example.com, or \"*\"");
        }
        return text;
    }

    private static String stickyHeader(String text) {
        if (!HEADER.matcher(text).matches() || text.equals("*")) {
            throw new IllegalArgumentException("must be the name of a header, such as x-session-id");
        }
        return text.toLowerCase(Locale.ROOT);
    }

    private static String header(String text) {
        if (!HEADER.matcher(text).matches()) {
            throw new IllegalArgumentException("must hold header names, or \"*\"");
        }
        return text;
    }

    private static String baseUrl(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("must be a URL such as https://api.example.com", e);
        }
        if (uri.getRawUserInfo() != null) {
            throw new Section.Refusal(
                    Problem.KEY_SOURCE, "must not hold a user name or password. Write keys: [{ env: NAME }]");
        }
        boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new Section.Refusal(
                    Problem.VALUE,
                    "must be a URL without query, such as https://api.example.com. (What is there is not shown here, lest"
                            + " a key is in it.)");
        }
        if (!http || uri.getHost() == null) {
            throw new IllegalArgumentException(
                    "must be an http or https URL without query, such as https://api.example.com");
        }
        return text.replaceAll("/+$", "");
    }

    /** Whether only this machine reaches a listener. Names are not resolved, except the one that needs no resolving. */
    static boolean loopback(String host) {
        if (host.equalsIgnoreCase("localhost")) {
            return true;
        }
        if (!IPV4.matcher(host).matches() && host.indexOf(':') < 0) {
            return false;
        }
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
