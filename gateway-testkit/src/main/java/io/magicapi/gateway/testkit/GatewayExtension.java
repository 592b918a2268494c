package io.magicapi.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.Gateway;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.config.ConfigLoader;
import io.magicapi.gateway.config.ConfigSources;
import io.magicapi.gateway.config.ConfigSources.Flag;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Catalogue;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.config.GatewayConfig.Plugins;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.config.GatewayConfig.Server;
import io.magicapi.gateway.config.LoadedConfig;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A gateway for the tests of one class, on a free loopback port, with plugin jars in a drop folder of its own and a
 * {@link FakeUpstream} behind them. Register it as a static field:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final GatewayExtension gateway = new GatewayExtension().plugin(jar).provider("acme", "");
 * }</pre>
 *
 * <p>The upstream is reset before each test. After each test all requests must have ended and all leases must have been
 * given back, or the test fails: whatever a test does, nothing may be left behind. The gateway asks upstreams for
 * nothing of its own accord (their lists of models), unless {@link #config} says so.
 */
public final class GatewayExtension
        implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final List<Path> jars = new ArrayList<>();
    private final List<PluginJar> built = new ArrayList<>();
    private final List<Provider> builtIn = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, String> upstreamPaths = new HashMap<>();
    private final Map<String, ObjectNode> options = new HashMap<>();
    private final Map<String, Deadlines> deadlinesOf = new HashMap<>();
    private Deadlines deadlines = Deadlines.DEFAULT;
    private UnaryOperator<GatewayConfig> adjustment = UnaryOperator.identity();

    private @Nullable String configFile;
    private @Nullable Path home;
    private @Nullable FakeUpstream upstream;
    private @Nullable Gateway gateway;

    /** Puts a copy of this jar into the drop folder. */
    public GatewayExtension plugin(Path jar) {
        jars.add(jar);
        return this;
    }

    /** Builds this jar into the drop folder. */
    public GatewayExtension plugin(PluginJar jar) {
        built.add(jar);
        return this;
    }

    /**
     * Has the gateway serve this object as it would serve one of a plugin, with its requests going to the fake upstream.
     *
     * @param path added to the upstream's base URL: empty, or {@code /openai}
     */
    public GatewayExtension provider(Provider provider, String path) {
        builtIn.add(provider);
        return provider(provider.name(), path);
    }

    /**
     * Sends a provider's requests to the fake upstream.
     *
     * @param path added to the upstream's base URL: empty, or {@code /openai}
     */
    public GatewayExtension provider(String name, String path) {
        upstreamPaths.put(name, path);
        return this;
    }

    /** Gives a provider one more option, as the configuration would. */
    public GatewayExtension options(String name, String option, String value) {
        options.computeIfAbsent(name, first -> JsonNodeFactory.instance.objectNode())
                .put(option, value);
        return this;
    }

    /** Sets an environment variable that the gateway sees. It sees no others. */
    public GatewayExtension environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** Gives all providers these deadlines. */
    public GatewayExtension deadlines(Deadlines all) {
        deadlines = all;
        return this;
    }

    /** Gives one provider these deadlines. */
    public GatewayExtension deadlines(String name, Deadlines its) {
        deadlinesOf.put(name, its);
        return this;
    }

    /** Changes the configuration just before the gateway starts. */
    public GatewayExtension config(UnaryOperator<GatewayConfig> change) {
        UnaryOperator<GatewayConfig> before = adjustment;
        adjustment = config -> change.apply(before.apply(config));
        return this;
    }

    /**
     * Has the gateway read its configuration from a file, and follow that: see {@link #writeConfig}. What this extension is
     * told of providers, deadlines and the configuration has no effect then; port and folders are set all the same.
     *
     * @param yaml what is in it; {@code ${upstream}} stands for the fake upstream's base URL, {@code ${home}} for the folder
     *     that the file is in
     */
    public GatewayExtension configFile(String yaml) {
        configFile = yaml;
        return this;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        start();
    }

    /** Starts gateway and upstream; for a test that needs them for itself, and does not register them. */
    public void start() throws Exception {
        Path directory = Files.createTempDirectory("gateway-test");
        home = directory;
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        for (Path jar : jars) {
            Files.copy(jar, plugins.resolve(jar.getFileName().toString()));
        }
        built.forEach(jar -> jar.writeTo(plugins));
        FakeUpstream fake = FakeUpstream.start();
        upstream = fake;
        Future<Gateway> starting = configFile == null
                ? Gateway.start(adjustment.apply(config(directory, fake)), Map.copyOf(environment), builtIn)
                : Gateway.start(load(configFile));
        gateway = starting.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private LoadedConfig load(String yaml) throws Exception {
        writeConfig(yaml);
        List<Flag> flags = List.of(
                new Flag("--port", "server.port", "0"),
                new Flag("--plugins", "plugins.dir", home().resolve("plugins").toString()),
                new Flag("--data", "plugins.data", home().resolve("data").toString()));
        Vertx vertx = Vertx.vertx();
        try {
            return ConfigLoader.load(
                            vertx, new ConfigSources(List.of(configFile()), environment, flags, home(), home()))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }

    /** Writes the configuration file anew, in one step. {@code yaml} is as in {@link #configFile(String)}. */
    public void writeConfig(String yaml) throws IOException {
        Path part = home().resolve("gateway.yaml.part");
        Files.writeString(
                part, yaml.replace("${upstream}", upstream().baseUrl()).replace("${home}", home().toString()));
        Files.move(part, configFile(), StandardCopyOption.ATOMIC_MOVE);
    }

    /** {@return the configuration file, if the gateway was told to read one} */
    public Path configFile() {
        return home().resolve("gateway.yaml");
    }

    /** {@return the folder of this gateway} */
    public Path home() {
        return Objects.requireNonNull(home, "the extension has not started");
    }

    private GatewayConfig config(Path directory, FakeUpstream fake) {
        GatewayConfig defaults = GatewayConfig.defaults();
        Server server = defaults.server();
        Map<String, ProviderSettings> providers = new HashMap<>();
        upstreamPaths.forEach((name, path) -> providers.put(
                name,
                ProviderSettings.DEFAULT
                        .withBaseUrl(fake.baseUrl() + path)
                        .withDeadlines(deadlinesOf.getOrDefault(name, deadlines))
                        .withOptions(options.getOrDefault(name, JsonNodeFactory.instance.objectNode()))));
        return defaults.withServer(server.with(0, server.limits(), server.timeouts()))
                .withPlugins(new Plugins(directory.resolve("plugins"), directory.resolve("data"), true))
                .withProviders(providers)
                .withCatalogue(new Catalogue(Optional.empty()));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        upstream().reset();
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        awaitIdle();
    }

    /** @throws AssertionError if a request is not over, or a lease not given back, within some seconds */
    void awaitIdle() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!isIdle() && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(gateway().inFlight())
                .as("requests still in flight after the test")
                .isZero();
        assertThat(gateway().providers().stream()
                        .mapToInt(ProviderGeneration::inFlight)
                        .sum())
                .as("leases not given back after the test")
                .isZero();
    }

    private boolean isIdle() {
        return gateway().inFlight() == 0
                && gateway().providers().stream().allMatch(provider -> provider.inFlight() == 0);
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        stop();
    }

    /** Stops what {@link #start} has started. */
    public void stop() throws Exception {
        if (gateway != null) {
            gateway.shutdown(Duration.ofSeconds(1))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
        }
        if (upstream != null) {
            upstream.close();
        }
        if (home != null) {
            Directories.delete(home);
        }
    }

    /** {@return the upstream behind the providers} */
    public FakeUpstream upstream() {
        return Objects.requireNonNull(upstream, "the extension has not started");
    }

    /** {@return the gateway itself} */
    public Gateway gateway() {
        return Objects.requireNonNull(gateway, "the extension has not started");
    }

    /** {@return the drop folder} */
    public Path plugins() {
        return home().resolve("plugins");
    }

    /** {@return the port clients connect to} */
    public int port() {
        return gateway().port();
    }

    /** {@return the URL of a path: {@code /v1/models}} */
    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }
}
