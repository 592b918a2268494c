package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.DataSize;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.Key;
import io.magicapi.gateway.config.GatewayConfig.Limits;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.ProviderSettings;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.PluginJar;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Uploads to routes, which are sent once more, to another target. */
class UploadRetryTest {

    /** Of what is kept of an upload, 64 KiB are kept in memory. */
    @RegisterExtension
    static final GatewayExtension gateway = GroqJar.gateway()
            .plugin(PluginJar.of("acme").provider("acme", "https://acme.test"))
            .provider("acme", "/acme/v1")
            .environment("GROQ_API_KEY", "gsk_held")
            .environment("ACME_API_KEY", "acme_held")
            .config(config -> config.withProviders(with(config, "acme", "ACME_API_KEY"))
                    .withModels(Map.of("ear", ModelRoute.to("groq/whisper-large-v3", "acme/hears-best-of-all")))
                    .withServer(config.server()
                            .with(
                                    config.server().port(),
                                    inMemory(config.server().limits(), DataSize.kibibytes(64)),
                                    config.server().timeouts())));

    private static Map<String, ProviderSettings> with(GatewayConfig config, String provider, String variable) {
        Map<String, ProviderSettings> providers = new HashMap<>(config.providers());
        providers.put(
                provider,
                config.provider(provider)
                        .withKeys(List.of(new Key("held", Optional.of(variable), Optional.empty(), 1))));
        return providers;
    }

    private static Limits inMemory(Limits limits, DataSize body) {
        return new Limits(
                body,
                limits.upload(),
                limits.headerBlock(),
                limits.requestLine(),
                limits.connections(),
                limits.inFlight());
    }

    static Stream<Arguments> failures() {
        return Stream.of(10_000, 3_000_000)
                .flatMap(size -> Stream.of(
                        Arguments.of("an error after all of it", size, Answer.json(404, "{}")),
                        Arguments.of("an error before all of it", size, Faults.refuseBody()),
                        Arguments.of("a reset before its end", size, Faults.resetBeforeHead())));
    }

    @ParameterizedTest(name = "{0}, {1} bytes")
    @DisplayName("an upload goes whole to the next target, with that one's model, whatever became of the first")
    @MethodSource("failures")
    void next(String failure, int size, Answer first) {
        byte[] file = new byte[size];
        new Random(size).nextBytes(file);
        // By default Groq would be asked again after the reset.
        gateway.upstream()
                .answerWith(Answer.from(request ->
                        request.target().startsWith("/openai/") ? first : Answer.json(200, "{\"text\":\"heard\"}")));
        byte[] sent = form("ear", file);

        RawReply reply = RawConnection.ask(
                gateway,
                RawRequest.of("POST", "/v1/audio/transcriptions")
                        .header("Content-Type", "multipart/form-data; boundary=b0undary")
                        .header("Content-Length", Integer.toString(sent.length))
                        .body(sent));

        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(reply.header("x-gateway-provider")).hasValue("acme");
        ReceivedRequest last =
                gateway.upstream().requests().get(gateway.upstream().requests().size() - 1);
        assertThat(last.target()).startsWith("/acme/v1/");
        assertThat(last.body()).isEqualTo(form("hears-best-of-all", file));
        assertThat(last.header("authorization")).hasValue("Bearer acme_held");
    }

    /** The model comes first, so that the file passes while it is received. */
    private static byte[] form(String model, byte[] file) {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        form.writeBytes(("--b0undary\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + model
                        + "\r\n--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
                        + "Content-Type: audio/wav\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8));
        form.writeBytes(file);
        form.writeBytes("\r\n--b0undary--\r\n".getBytes(StandardCharsets.UTF_8));
        return form.toByteArray();
    }
}
