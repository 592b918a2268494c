package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who shares connections to a provider's server, so that an answer which comes too late can only meet its own kind. */
class ConnectionSharingTest {

    private static final List<String> HELD = List.of("sk-acme-1", "sk-acme-2", "sk-apex-1");

    @RegisterExtension
    static final GatewayExtension gateway = new GatewayExtension()
            .plugin(PluginJar.of("acme").provider("acme", "https://acme.example"))
            .plugin(PluginJar.of("apex").provider("apex", "https://apex.example"))
            .provider("acme", "")
            .provider("apex", "")
            .environment("ACME_1", HELD.get(0))
            .environment("ACME_2", HELD.get(1))
            .environment("APEX_1", HELD.get(2))
            .config(ConnectionSharingTest::withKeys);

    private static GatewayConfig withKeys(GatewayConfig config) {
        Map<String, List<Key>> keys =
                Map.of("acme", List.of(key("ACME_1"), key("ACME_2")), "apex", List.of(key("APEX_1")));
        Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
        providers.replaceAll((name, settings) -> settings.withKeys(keys.getOrDefault(name, List.of())));
        return config.withProviders(providers);
    }

    private static Key key(String variable) {
        return new Key(variable, Optional.of(variable), Optional.empty(), 1);
    }

    private static void chat(AnswerClient client, String provider, String key) {
        client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-provider: " + provider + "\r\n"
                + (key.isEmpty() ? "" : "authorization: Bearer " + key + "\r\n") + "content-length: " + CHAT.length()
                + "\r\n\r\n" + CHAT);
        assertThat(client.read().status()).isEqualTo(200);
    }

    @Test
    @DisplayName("S12: requests with different keys of the gateway, or of different providers, share no connection")
    void sharing() {
        // One connection of a client, so that one event loop serves them all.
        try (AnswerClient client = new AnswerClient(gateway)) {
            for (int i = 0; i < 40; i++) {
                chat(client, i % 2 == 0 ? "acme" : "apex", "");
                chat(client, i % 2 == 0 ? "acme" : "apex", "sk-caller-" + i % 4);
            }
        }

        Map<Integer, Set<String>> users = new HashMap<>();
        for (ReceivedRequest request : gateway.upstream().requests()) {
            String key = request.header("authorization").orElseThrow().substring("Bearer ".length());
            // Callers 0 and 2 use one of the providers, 1 and 3 the other.
            String kind = HELD.contains(key) ? key : "callers of " + (key.endsWith("0") || key.endsWith("2"));
            users.computeIfAbsent(request.connection(), unused -> new HashSet<>())
                    .add(kind);
        }
        assertThat(users.values()).allSatisfy(kinds -> assertThat(kinds).hasSize(1));
        assertThat(users).as("connections, kept as far as they can be").hasSize(5);
    }
}
