package io.magicapi.gateway.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.testkit.TestCall;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

@DisplayName("Our Bedrock plugin's jar, with AWS's libraries in it")
class BedrockJarTest {

    private static final Path JAR = Path.of("target/plugin-jars/bedrock.jar");

    private static final Map<String, String> KEYS =
            Map.of("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY", "secret");

    private static final String STREAM =
            "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    @TempDir
    Path root;

    @Test
    @DisplayName("passes inspection, has no library under its own name, and brings AWS's licence along")
    void contents() throws IOException {
        Inspection inspection = new JarInspector("0.1.0").inspect(JAR);

        assertThat(inspection).isInstanceOf(PluginDescriptor.class);
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> names = jar.stream().map(entry -> entry.getName()).toList();
            assertThat(names)
                    .filteredOn(name -> name.endsWith(".class"))
                    .allMatch(name -> name.startsWith("io/magicapi/gateway/provider/bedrock/")
                            || name.startsWith("bedrock/shaded/"));
            assertThat(names).contains("META-INF/LICENSE.txt", "META-INF/NOTICE.txt");
        }
    }

    @Test
    @DisplayName(
            "is unloaded whole after it has signed and decoded: AWS's libraries leave no thread and no cache behind")
    void unloads() throws Exception {
        Path plugins = Files.createDirectories(root.resolve("plugins"));
        Path jar = Files.copy(JAR, plugins.resolve("bedrock.jar"));
        try (RunningRegistry gateway = RunningRegistry.in(root, Map.of(), List.of(), KEYS)) {
            WeakReference<ClassLoader> loader = use(gateway);

            Files.delete(jar);
            gateway.awaitLog("unloaded");

            await("collection of the class loader")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> {
                        System.gc();
                        return loader.refersTo(null);
                    });
        }
    }

    /** In a method of its own, so that no local variable keeps the loader. */
    private static WeakReference<ClassLoader> use(RunningRegistry gateway) {
        Provider bedrock = gateway.provider("bedrock").orElseThrow().provider();
        Exchange exchange = bedrock.open(TestCall.chat(STREAM));
        assertThat(exchange.request().headers().get("authorization").orElseThrow())
                .startsWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/");
        FrameDecoder decoder = exchange.response(ResponseHead.of(200, Headers.of()))
                .frameDecoder()
                .orElseThrow();
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        new Message(
                        Map.of(":event-type", HeaderValue.fromString("messageStart")),
                        "{}".getBytes(StandardCharsets.UTF_8))
                .encode(message);
        decoder.feed(
                ByteBuffer.wrap(message.toByteArray()),
                frame -> assertThat(frame.name()).isEqualTo("messageStart"));
        decoder.end(frame -> {});
        return new WeakReference<>(bedrock.getClass().getClassLoader());
    }
}
