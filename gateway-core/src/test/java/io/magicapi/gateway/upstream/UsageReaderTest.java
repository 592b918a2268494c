package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.magicapi.gateway.observe.Usage;
import io.magicapi.gateway.observe.UsagePointers;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageReaderTest {

    private static final String COMPLETION =
            "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"content\":\"say \\\"usage\\\": "
                    + "{\\\"prompt_tokens\\\":9} \\\\\",\"usage\":{\"prompt_tokens\":7}}}],\"usage\" : {\"queue_time\":0.1,\"prompt_tokens\":18,"
                    + "\"completion_tokens\":556,\"total_tokens\":574,\"prompt_tokens_details\":{\"cached_tokens\":3}},\"x_groq\":{\"id\":\"usage\"}}";

    private static Optional<Usage> read(String body, String... pointers) {
        UsageReader reader = new UsageReader(UsagePointers.of(List.of(pointers)));
        reader.read(Buffer.buffer(body));
        return reader.usage();
    }

    @Test
    @DisplayName("R42: usage of an answer is read, that of others inside of it is not")
    void r42_usage() {
        assertThat(read(COMPLETION, "/usage")).contains(new Usage(18, 3, 0, 556, 0, 574, false));
    }

    @Test
    @DisplayName("R29: blank lines before the answer do no harm")
    void r29_blankLines() {
        assertThat(read("\n\n  \r\n\n" + COMPLETION, "/usage")).contains(new Usage(18, 3, 0, 556, 0, 574, false));
    }

    @Test
    @DisplayName("Cut at any two bytes, an answer tells the same")
    void everySplit() {
        byte[] body = COMPLETION.getBytes(StandardCharsets.UTF_8);
        for (int first = 0; first <= body.length; first++) {
            for (int second = first; second <= body.length; second += 7) {
                UsageReader reader = new UsageReader(UsagePointers.of(List.of("/x_groq/usage", "/usage")));
                reader.read(Buffer.buffer(Arrays.copyOf(body, first)));
                reader.read(Buffer.buffer(Arrays.copyOfRange(body, first, second)));
                reader.read(Buffer.buffer(Arrays.copyOfRange(body, second, body.length)));
                assertThat(reader.usage()).contains(new Usage(18, 3, 0, 556, 0, 574, false));
            }
        }
    }

    @Test
    @DisplayName("Strings of any length end where they end, with anything before the quote")
    void strings() {
        for (String last : List.of("", "\\\\", "\\\"", "\\n", "é", "#", "!", "]", "\\\\\\\"")) {
            for (int length = 0; length < 40; length++) {
                String body = "{\"x\":\"" + "é".repeat(length % 3) + "y".repeat(length) + last
                        + "\",\"usage\":{\"prompt_tokens\":5}}";
                assertThat(read(body, "/usage")).as(body).contains(new Usage(5, 0, 5));
            }
        }
    }

    @Test
    @DisplayName("The first pointer that leads to usage counts, wherever it stands")
    void pointerOrder() {
        String both =
                "{\"usage\":{\"prompt_tokens\":1},\"x\":[{\"x_groq\":{}}],\"x_groq\":{\"y\":{},\"usage\":{\"prompt_tokens\":2}}}";

        assertThat(read(both, "/x_groq/usage", "/usage")).contains(new Usage(2, 0, 2));
        assertThat(read(both, "/usage", "/x_groq/usage")).contains(new Usage(1, 0, 1));
        assertThat(read(both, "/x_groq/usage")).contains(new Usage(2, 0, 2));
    }

    @Test
    @DisplayName("of a stream of events the usage of the last one that has any counts, wherever the stream is cut")
    void events() {
        String stream = ": a comment with a \"quote\n\nevent: response.created\ndata: {\"type\":\"response.created\","
                + "\"response\":{\"usage\":null}}\n\nevent: response.output_text.delta\ndata: {\"delta\":\"}{\\\"\"}\n\n"
                + "data: {\"response\":{\"usage\":{\"input_tokens\":4,\"output_tokens\":2}}}\n\ndata: [DONE]\n\n";
        for (int cut = 0; cut <= stream.length(); cut++) {
            UsageReader reader = UsageReader.ofEvents(UsagePointers.of(List.of("/usage")));
            reader.read(Buffer.buffer(stream.substring(0, cut)));
            reader.read(Buffer.buffer(stream.substring(cut)));

            assertThat(reader.usage()).contains(new Usage(4, 2, 6));
            assertThat(reader.documents()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @DisplayName("Where there is no usage, none is found")
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "\"usage\"",
                "[{\"usage\":{\"prompt_tokens\":1}}]",
                "{\"usage\":null}",
                "{\"usage\":\"x\",\"y\":{\"prompt_tokens\":1}}",
                "{\"usage\":[{\"prompt_tokens\":1}]}",
                "{\"usage\":{\"prompt_tokens\":-1}}",
                "{\"usage\":{\"prompt_tokens\":1e400}}",
                "{\"usage\":{\"prompt_tokens\":\"1\"}}",
                "{\"usage\":{\"prompt_tokens\":1",
                "{\"usage\":{\"prompt_tokens\":}}",
                "{\"a\":{\"usage\":{\"prompt_tokens\":1}}}",
                "{\"a\":1}{\"usage\":{\"prompt_tokens\":1}}",
                "<html>{\"usage\"</html>",
                "}}}]]]",
            })
    void none(String body) {
        assertThat(read(body, "/usage")).isEmpty();
    }

    @Test
    @DisplayName("A usage object beyond 64 KiB is let go")
    void tooLarge() {
        String large = "{\"usage\":{\"prompt_tokens\":1,\"x\":\"" + "x".repeat(70_000) + "\"}}";

        assertThat(read(large, "/usage")).isEmpty();
    }

    @Test
    @DisplayName("Depth does no harm")
    void deep() {
        String deep = "{\"x\":" + "[{\"usage\":".repeat(200_000) + "1" + "}]".repeat(200_000)
                + ",\"usage\":{\"prompt_tokens\":5}}";

        assertThat(read(deep, "/usage")).contains(new Usage(5, 0, 5));
    }

    @Test
    @DisplayName("Nothing that comes can make it fail")
    void random() {
        Random random = new Random(7);
        String alphabet = "{}[]\",:\\ usage1";
        for (int i = 0; i < 50_000; i++) {
            UsageReader reader = new UsageReader(UsagePointers.of(List.of("/usage", "/a/usage")));
            StringBuilder body = new StringBuilder();
            for (int k = random.nextInt(60); k > 0; k--) {
                body.append(
                        random.nextInt(8) == 0 ? "\"usage\":{" : alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThatCode(() -> {
                        reader.read(Buffer.buffer(body.toString()));
                        reader.read(Buffer.buffer("}}"));
                        reader.usage();
                    })
                    .as(body.toString())
                    .doesNotThrowAnyException();
        }
    }
}
