package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.UpstreamRequest;
import io.magicapi.gateway.config.GatewayConfig.Deadlines;
import io.magicapi.gateway.testkit.ContractClient.Reply;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * The provider under test, with a gateway that serves it and a scripted upstream behind that. What the rules of a {@link
 * ProviderContract} have in common.
 */
final class ContractSubject implements AutoCloseable {

    /** Added to the upstream's base URL, so that a provider that drops a part of it is found out. */
    static final String BASE_PATH = "/contract";

    private static final Deadlines DEADLINES =
            new Deadlines(Duration.ofSeconds(3), Duration.ofSeconds(10), Duration.ofSeconds(5));

    private final Supplier<Provider> providers;
    final Abilities abilities;
    final String model;
    final String key;
    final ContractClient client = new ContractClient();

    private final AtomicInteger calls = new AtomicInteger();
    private @Nullable GatewayExtension gateway;
    private @Nullable Throwable refusal;

    ContractSubject(Supplier<Provider> providers, Abilities abilities, String model, String key) {
        this.providers = providers;
        this.abilities = abilities;
        this.model = model;
        this.key = key;
    }

    /** Starts the gateway. If it does not take the provider, {@link #refusal} says why. */
    void start() {
        try {
            gateway = startGateway(DEADLINES);
        } catch (Throwable thrown) { // any of the plugin's own, too
            refusal = thrown;
        }
    }

    /** {@return a gateway of its own with these deadlines; to be stopped by the caller} */
    GatewayExtension startGateway(Deadlines deadlines) throws Exception {
        Provider provider = counting(providers.get());
        GatewayExtension started =
                new GatewayExtension().provider(provider, BASE_PATH).deadlines(deadlines);
        abilities.options().forEach((name, value) -> started.options(provider.name(), name, value));
        try {
            started.start();
            return started;
        } catch (Exception | LinkageError e) {
            started.stop();
            throw e;
        }
    }

    /** {@return why the gateway did not take the provider; empty if it did} */
    Optional<Throwable> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** {@return the gateway}; a rule that needs it says nothing of a provider that it does not take. */
    GatewayExtension gateway() {
        if (gateway == null) {
            return Assumptions.abort("the gateway does not take this provider; see the rules that failed");
        }
        return gateway;
    }

    FakeUpstream upstream() {
        return gateway().upstream();
    }

    /** Counts the calls of requests: all methods that are given one. */
    private Provider counting(Provider provider) {
        return (Provider) Proxy.newProxyInstance(
                Provider.class.getClassLoader(), new Class<?>[] {Provider.class}, (proxy, method, arguments) -> {
                    if (Arrays.asList(method.getParameterTypes()).contains(Call.class)) {
                        calls.incrementAndGet();
                    }
                    try {
                        return method.invoke(provider, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getTargetException();
                    }
                });
    }

    /** {@return how often the gateway has called the provider for a request} */
    int calls() {
        return calls.get();
    }

    /** {@return a new instance, not started} */
    Provider instance() {
        return providers.get();
    }

    String name() {
        return instance().name();
    }

    // Without a gateway

    /** A new instance that has started; closing it stops it, whatever that throws. */
    record Started(Provider provider) implements AutoCloseable {

        @Override
        public void close() {
            try {
                provider.stop();
            } catch (RuntimeException | LinkageError e) {
                // A rule of its own is about stopping.
                return;
            }
        }
    }

    Started started() throws Exception {
        Provider provider = instance();
        provider.start(context(provider));
        return new Started(provider);
    }

    TestContext context(Provider provider) {
        ObjectNode options = JsonNodeFactory.instance.objectNode();
        abilities.options().forEach(options::put);
        return new TestContext(provider.name(), usedBaseUrl(provider), options, Map.of());
    }

    private static String usedBaseUrl(Provider provider) {
        return provider.baseUrl().isEmpty() ? "https://configured.test" : provider.baseUrl();
    }

    /** {@return what the provider would send} */
    static UpstreamRequest open(Provider provider, Call call) throws Exception {
        try {
            return provider.openAsync(call)
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS)
                    .request();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        } catch (TimeoutException e) {
            throw new AssertionError("the stage that openAsync returned did not complete within 10 s", e);
        }
    }

    /** {@return a call of the operation that is used where any would do} */
    TestCall call() {
        return call(key);
    }

    TestCall call(String otherKey) {
        ContractSamples.Sample sample = probe();
        return withKey(TestCall.post(sample.path(), sample.body()), otherKey);
    }

    /** {@return the call as the gateway hands it on when its caller brings this key} */
    TestCall withKey(TestCall call, String otherKey) {
        if (!abilities.hasOwnCredentials()) {
            return call.withCredential(otherKey);
        }
        TestCall with = call;
        for (Map.Entry<String, String> header : abilities.credentials(otherKey).entrySet()) {
            with = with.withHeader(header.getKey(), header.getValue());
        }
        return with;
    }

    // By way of the gateway

    /** {@return the operations it serves: those it is said to, or else those it names; empty: all} */
    List<Operation> operations() {
        return abilities.served().orElseGet(() -> instance().operations());
    }

    boolean serves(Operation operation) {
        return operations().isEmpty() || operations().contains(operation);
    }

    /** {@return a plain request of the operation that is used where any would do: a chat if that is served} */
    ContractSamples.Sample probe() {
        return ContractSamples.plain(model).stream()
                .filter(sample -> serves(sample.operation()))
                .findFirst()
                .orElseGet(() -> Assumptions.abort("no operation is served whose request is JSON"));
    }

    void assumeChat() {
        gateway();
        Assumptions.assumeTrue(serves(Operation.CHAT_COMPLETIONS), "chat is not served");
    }

    void assumeStreams() {
        assumeChat();
        Assumptions.assumeTrue(abilities.streams(), "streaming is not declared");
    }

    void assumePassThrough() {
        gateway();
        Assumptions.assumeTrue(abilities.isPassThrough(), "bodies are translated");
    }

    /** {@return a request to the provider under test, with a key} */
    HttpRequest.Builder to(String path) {
        return withKey(keyless(path));
    }

    HttpRequest.Builder withKey(HttpRequest.Builder request) {
        abilities.credentials(key).forEach(request::header);
        return request;
    }

    /** {@return a request to the provider under test} */
    HttpRequest.Builder keyless(String path) {
        return ContractClient.to(gateway().uri(path)).header("x-provider", name());
    }

    Reply chat(String body) throws IOException, InterruptedException {
        return send(ContractClient.json(to("/v1/chat/completions"), body));
    }

    Reply send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build());
    }

    /** {@return what reached the upstream of this request, which is answered as the operation's is} */
    ReceivedRequest sent(HttpRequest.Builder request) throws IOException, InterruptedException {
        Reply reply = send(request);
        List<ReceivedRequest> received = upstream().requests();
        if (received.isEmpty()) {
            throw new AssertionError("nothing was sent upstream; the client got " + reply);
        }
        return received.get(0);
    }

    @Override
    public void close() throws Exception {
        if (gateway != null) {
            gateway.stop();
        }
    }
}
