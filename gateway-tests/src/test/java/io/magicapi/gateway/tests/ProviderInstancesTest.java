package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.testkit.FakeUpstream;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One provider of a plugin serves under several names, each with a base URL, keys and options of its own. */
class ProviderInstancesTest {

    private static final String SOURCE = """
            import io.magicapi.gateway.api.*;
            import java.util.*;
            import org.pf4j.Extension;

            @Extension
            public class %1$s implements Provider {
                private volatile String started = "";
                private volatile String option = "";

                @Override public String name() { return "%2$s"; }
                @Override public String baseUrl() { return "%3$s"; }
                @Override public Optional<String> keyVariable() { return Optional.of("SHAPE_KEY"); }
                @Override public List<String> credentialHeaders() { return List.of("x-aws-secret-access-key"); }

                @Override public void start(ProviderContext context) {
                    if (context.options().has("wrong")) {
                        throw new IllegalArgumentException("there is no option wrong");
                    }
                    started = context.name();
                    option = context.options().path("o").asText()
                            + context.environment("SHAPE_EXTRA").map(Secret::reveal).orElse("");
                }

                @Override public Headers processHeaders(Headers client, Call call) {
                    return Provider.super.processHeaders(client, call)
                            .with("x-started-as", started)
                            .with("x-called-as", call.provider())
                            .with("x-option", option);
                }
            }
            """;

    private static final FakeUpstream elsewhere = FakeUpstream.start();

    @RegisterExtension
    static final GatewayExtension gateway = new GatewayExtension()
            .plugin(PluginJar.of("shapes")
                    .source(SOURCE.formatted("Shape", "shape", "http://localhost:1"))
                    .source(SOURCE.formatted("Anywhere", "anywhere", "")))
            .plugin(PluginJar.of("plain")
                    .provider("plain", "http://localhost:1")
                    .provider("given", "http://localhost:1"))
            .provider("shape", "/own")
            .provider("plain", "")
            .environment("SHAPE_KEY", "key-of-shape")
            .environment("LAB_KEY", "key-of-lab")
            .environment("SHAPE_EXTRA", "+extra")
            .config(config -> config.withProviders(with(
                    config.providers(),
                    Map.of(
                            "lab",
                            instance("anywhere")
                                    .withBaseUrl(elsewhere.baseUrl() + "/lab")
                                    .withKeys(List.of(new Key("main", Optional.of("LAB_KEY"), Optional.empty(), 1))),
                            "twin",
                            instance("shape").withBaseUrl(elsewhere.baseUrl() + "/twin"),
                            "given",
                            instance("shape").withBaseUrl(elsewhere.baseUrl() + "/given"),
                            "lost",
                            instance("anywhere"),
                            "broken",
                            instance("shape")
                                    .withOptions(JsonNodeFactory.instance
                                            .objectNode()
                                            .put("wrong", true))))));

    private static Map<String, ProviderSettings> with(
            Map<String, ProviderSettings> some, Map<String, ProviderSettings> others) {
        Map<String, ProviderSettings> all = new HashMap<>(some);
        all.putAll(others);
        return all;
    }

    private static ProviderSettings instance(String plugin) {
        return ProviderSettings.DEFAULT
                .withPlugin(plugin)
                .withOptions(JsonNodeFactory.instance.objectNode().put("o", "option-of-" + plugin));
    }

    @AfterAll
    static void stop() {
        elsewhere.close();
    }

    private static Reply ask(String provider, String... headers) {
        try (AnswerClient client = new AnswerClient(gateway)) {
            return client.withoutKey(provider, CHAT, headers).read();
        }
    }

    @Test
    @DisplayName("each instance has its own base URL, keys, options and name")
    void apart() {
        assertThat(ask("lab").status()).isEqualTo(200);

        ReceivedRequest received = elsewhere.awaitRequest();
        assertThat(received.target()).isEqualTo("/lab/v1/chat/completions");
        assertThat(received.headers("authorization")).containsExactly("Bearer key-of-lab");
        assertThat(received.headers("x-started-as")).containsExactly("lab");
        assertThat(received.headers("x-called-as")).containsExactly("lab");
        assertThat(received.headers("x-option")).containsExactly("option-of-anywhere+extra");
        elsewhere.reset();

        assertThat(ask("shape").status()).isEqualTo(200);
        ReceivedRequest own = gateway.upstream().awaitRequest();
        assertThat(own.target()).isEqualTo("/own/v1/chat/completions");
        assertThat(own.headers("authorization")).containsExactly("Bearer key-of-shape");
        assertThat(own.headers("x-started-as")).containsExactly("shape");
    }

    @Test
    @DisplayName("an instance at another place is not given the key that the usual variable holds")
    void usualKeyStays() {
        Reply reply = ask("twin");

        assertThat(reply.status()).isEqualTo(401);
        assertThat(reply.error().path("message").asText()).contains("provider twin", "providers.twin.keys");
        assertThat(elsewhere.requests()).isEmpty();
    }

    @Test
    @DisplayName("without a base URL there is no instance, neither under its own name nor under a configured one")
    void nowhere() {
        assertThat(gateway.gateway().providers().stream().map(ProviderGeneration::name))
                .containsExactly("echo", "given", "lab", "plain", "shape", "twin");
        assertThat(ask("anywhere").error().path("code").asText()).isEqualTo("provider_not_found");
        assertThat(ask("lost").error().path("code").asText()).isEqualTo("provider_not_found");
    }

    @Test
    @DisplayName("one that does not start with its options is missing, and nobody else is asked in its stead")
    void broken() {
        gateway.upstream().reset();

        Reply reply = ask("broken", "authorization: Bearer k");

        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.error().path("code").asText()).isEqualTo("provider_unavailable");
        assertThat(reply.error().path("message").asText())
                .isEqualTo("provider broken cannot serve now: it did not start with its configuration; the operator"
                        + " finds the reason in the log (GW-P08)");
        assertThat(gateway.upstream().requests()).isEmpty();
    }

    @Test
    @DisplayName("headers that carry a credential of one provider's kind are shown to that one only")
    void credentialHeaders() {
        assertThat(ask("shape", "x-aws-secret-access-key: s").status()).isEqualTo(200);
        assertThat(gateway.upstream().awaitRequest().headers("x-aws-secret-access-key"))
                .as("this provider passes on all it sees")
                .containsExactly("s");
        gateway.upstream().reset();

        assertThat(ask("plain", "x-aws-secret-access-key: s", "authorization: Bearer k")
                        .status())
                .isEqualTo(200);
        assertThat(gateway.upstream().awaitRequest().headers("x-aws-secret-access-key"))
                .isEmpty();
    }

    @Test
    @DisplayName("the configuration can give a provider's own name to another one")
    void redirected() {
        assertThat(ask("given", "authorization: Bearer k").status()).isEqualTo(200);

        assertThat(elsewhere.awaitRequest().headers("x-called-as")).containsExactly("given");
        elsewhere.reset();
    }
}
