package io.magicapi.gateway.tests;

import static io.magicapi.gateway.tests.AnswerClient.CHAT;
import static io.magicapi.gateway.tests.AnswerClient.STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.plugins.PluginStatus;
import io.magicapi.gateway.plugins.PluginStatus.State;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.LogCapture;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A version that is replaced keeps its requests for so long and no longer, and they are told. */
class PluginDrainTest {

    @RegisterExtension
    static final GatewayExtension gateway = new GatewayExtension()
            .plugin(acme("1.0.0"))
            .plugin(GroqJar.PATH)
            .provider("acme", "")
            .provider("groq", "/openai")
            .config(PluginDrainTest::briefly);

    private static PluginJar acme(String version) {
        return PluginJar.of("acme").version(version).provider("acme", "http://127.0.0.1:9");
    }

    private static GatewayConfig briefly(GatewayConfig config) {
        return config.withPlugins(config.plugins().withDrain(Duration.ofMillis(800)));
    }

    private static List<PluginStatus> acmes(State state) {
        return gateway.gateway().plugins().stream()
                .filter(plugin -> plugin.id().equals("acme") && plugin.state() == state)
                .toList();
    }

    private static AnswerClient ask(String provider, String body) {
        AnswerClient client = new AnswerClient(gateway).chat(provider, body, new String[0]);
        gateway.upstream().awaitRequest();
        return client;
    }

    @Test
    @DisplayName("what is left on a replaced version at plugins.drain is told so, and nothing else is touched")
    void leftovers() {
        gateway.upstream()
                .enqueue(
                        Faults.stallMidStream(2),
                        Faults.stallMidStream(2),
                        Faults.silence(),
                        Faults.stallMidStream(2),
                        Faults.stallMidStream(2));
        List<AnswerClient> streams =
                Stream.generate(() -> ask("acme", STREAM)).limit(2).toList();
        AnswerClient plain = ask("acme", CHAT);
        AnswerClient left = ask("acme", STREAM);
        AnswerClient other = ask("groq", STREAM);
        left.readUntil("word ");
        left.close();
        other.readUntil("word ");
        await().until(() -> acmes(State.READY).get(0).providers().get(0).inFlight() == 3);

        try (LogCapture log = LogCapture.of("io.magicapi.gateway.plugins")) {
            acme("2.0.0").write(gateway.plugins().resolve("acme-1.0.0.jar"));
            await().until(() -> !acmes(State.DRAINING).isEmpty());
            assertThat(acmes(State.DRAINING)).singleElement().satisfies(old -> {
                assertThat(old.version()).isEqualTo("1.0.0");
                assertThat(old.providers().get(0).inFlight()).isEqualTo(3);
            });

            for (AnswerClient stream : streams) {
                Reply broken = stream.read();
                assertThat(broken.status()).isEqualTo(200);
                assertThat(broken.whole()).isFalse();
                assertThat(broken.text())
                        .contains("word ", "event: error\ndata: {", "\"code\":\"provider_unavailable\"")
                        .doesNotContain("[DONE]");
            }
            Reply refused = plain.read();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("retry-after")).isPresent();
            assertThat(refused.error().path("code").asText()).isEqualTo("provider_unavailable");
            assertThat(refused.error().path("message").asText())
                    .isEqualTo("acme 1.0.0 was replaced or removed 800ms ago, and requests may not use it any longer;"
                            + " try again");
            await().until(() -> acmes(State.DRAINING).isEmpty());
            assertThat(log.lines())
                    .filteredOn(line -> line.contains("plugins.drain"))
                    .singleElement()
                    .asString()
                    .contains(": 3 requests are ended", "requests=\"3\"", "plugin=\"acme\"");
            await().until(() -> log.lines().stream().anyMatch(line -> line.contains(") unloaded")));
        }
        gateway.upstream().answerWith(Answer.events(Streams.chat("hi")));
        assertThat(AnswerClient.ask(gateway, "acme", STREAM, new String[0]).text())
                .contains("[DONE]");
        assertThat(gateway.gateway().inFlight())
                .as("the stream of another provider")
                .isEqualTo(1);
        other.close();
        streams.forEach(AnswerClient::close);
        plain.close();
    }
}
