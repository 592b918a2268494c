package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.Version;
import io.magicapi.gateway.plugins.JarInspector;
import io.magicapi.gateway.plugins.PluginDescriptor;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.Streams;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The jars of released-plugins, which were compiled against the API as it was, in today's gateway. */
@DisplayName("A plugin that was handed out goes on working")
class ReleasedPluginsTest {

    private static final Path FOLDER = Path.of("src/test/resources/released-plugins");
    private static final String ANSWER = "{\"id\":\"1\",\"object\":\"chat.completion\",\"choices\":[]}";
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`]+\\.jar)` \\| `([0-9a-f]{64})` \\|");

    @TestFactory
    @DisplayName("it is loaded, and answers plain and streamed")
    Stream<DynamicTest> serves() throws IOException {
        return jars().keySet().stream().map(jar -> DynamicTest.dynamicTest(jar, () -> serves(FOLDER.resolve(jar))));
    }

    private static void serves(Path jar) throws Exception {
        PluginDescriptor plugin = inspect(jar);
        GatewayExtension gateway = new GatewayExtension().plugin(jar).provider(plugin.id(), "");
        gateway.start();
        try {
            gateway.upstream().enqueue(Answer.json(200, ANSWER), Streams.plain());

            Reply plain = AnswerClient.ask(gateway, plugin.id(), AnswerClient.CHAT, new String[0]);
            Reply streamed = AnswerClient.ask(gateway, plugin.id(), AnswerClient.STREAM, new String[0]);

            assertThat(plain.text()).isEqualTo(ANSWER);
            assertThat(streamed.text()).endsWith(Streams.DONE);
            assertThat(streamed.whole()).isTrue();
        } finally {
            gateway.stop();
        }
    }

    private static PluginDescriptor inspect(Path jar) {
        return new JarInspector(Version.api()).inspect(jar).fold(plugin -> plugin, refusal -> {
            throw new AssertionError(refusal.toString());
        });
    }

    @Test
    @DisplayName("none was replaced: the jars are those of the list, by their hashes")
    void listed() throws IOException {
        Map<String, String> listed = new TreeMap<>();
        Matcher row = ROW.matcher(Files.readString(FOLDER.resolve("README.md")));
        while (row.find()) {
            listed.put(row.group(1), row.group(2));
        }

        assertThat(listed).isNotEmpty().isEqualTo(jars());
    }

    private static Map<String, String> jars() throws IOException {
        Map<String, String> jars = new TreeMap<>();
        try (Stream<Path> files = Files.list(FOLDER)) {
            files.filter(file -> file.toString().endsWith(".jar"))
                    .forEach(jar ->
                            jars.put(jar.getFileName().toString(), inspect(jar).sha256()));
        }
        return jars;
    }
}
