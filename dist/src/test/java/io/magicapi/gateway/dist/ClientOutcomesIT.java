package io.magicapi.gateway.dist;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.testkit.ClientOutcomes;
import io.magicapi.gateway.testkit.FakeUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What applications with npm packages see of whole streams, broken ones and other faults. */
class ClientOutcomesIT {

    @TempDir
    static Path directory;

    private static FakeUpstream upstream;
    private static GatewayProcess gateway;

    @BeforeAll
    static void start() throws IOException {
        Node.require();
        upstream = FakeUpstream.start();
        ClientOutcomes.PLUGIN.writeTo(Files.createDirectory(directory.resolve("plugins")));
        String deadline = ClientOutcomes.DEADLINE.toMillis() + "ms";
        gateway = GatewayProcess.start(
                directory,
                Map.of(
                        "GATEWAY_PROVIDERS_PATIENT_BASE_URL", upstream.baseUrl(),
                        "GATEWAY_PROVIDERS_SILENT_BASE_URL", upstream.baseUrl(),
                        "GATEWAY_PROVIDERS_SILENT_DEADLINES_FIRST_BYTE", deadline,
                        "GATEWAY_PROVIDERS_STALLING_BASE_URL", upstream.baseUrl(),
                        "GATEWAY_PROVIDERS_STALLING_DEADLINES_IDLE", deadline));
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
        if (upstream != null) {
            upstream.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai (npm)", "@ai-sdk/openai", "@ai-sdk/openai-compatible"})
    @DisplayName("every whole stream is read; every broken one, and every other fault, raises as documented")
    void outcomes(String client) {
        upstream.reset();
        ClientOutcomes outcomes = ClientOutcomes.of(client, upstream);

        JsonNode results = Node.run(
                Map.of("BASE_URL", gateway.api(), "GROQ_API_KEY", "gsk_canaryOutcomes0123456789"),
                "outcomes.mjs",
                client,
                String.join(",", ClientOutcomes.whole()),
                String.join(",", ClientOutcomes.broken()),
                String.join(",", ClientOutcomes.faults()));

        results.fields().forEachRemaining(result -> {
            JsonNode error = result.getValue().path("error");
            if (error.isMissingNode()) {
                outcomes.answered(
                        result.getKey(), result.getValue().path("text").asText());
            } else {
                outcomes.failed(result.getKey(), error.asText());
            }
        });
        outcomes.check();
    }
}
