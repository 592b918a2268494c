package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.observe.UsagePointers;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a stream is cut into chunks, what leaves is the same, and it is what {@link ReferenceStream} says. */
class ChatStreamSplitTest {

    private static final List<String> POINTERS = List.of("/x_groq/usage", "/usage");

    private static final String[] LINES = {
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"日本語 🎉 é\"},\"finish_reason\": null}],\"usage\":null}",
        "data:{\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":{\\\"error\\\"\"}}]}",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
        "data: {\"choices\":[{\"delta\":{\"content\":\"error\"},\"finish_reason\" : \"length\"},{\"finish_reason\":null}]}",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}",
        "data: {\"choices\":[],\"x_groq\":{\"usage\":{\"prompt_tokens\":4,\"total_tokens\":9},\"error\":\"early\"}}",
        "data: {\"choices\":[{\"usage\":{\"prompt_tokens\":99}}]}",
        "data: {\"choices\":",
        "data: [],\"usage\"",
        "data: :{\"prompt_tokens\":8}}",
        "data: {\"finish_reason\":\"stop\",\"error\":null,\"usage\":7}",
        "data: {broken \"error\":{\"message\":",
        "data: not json \"finish_reason\":\"stop\" \"usage\"",
        "data: \ufeff",
        "data:",
        "data",
        "data:   ",
        "data: [1]",
        "dataset: x",
        "event: ping",
        "event: chunk",
        "event:",
        "event: message",
        "id: 5",
        "retry: 10",
        ": comment \"error\"",
        ":",
        "nonsense",
    };

    /** Rare, as nothing follows them. */
    private static final String[] LAST_LINES = {
        "data: [DONE]",
        "data:[DONE]",
        "data:   [DONE] ",
        "event: error",
        "data: {\"error\":{\"message\":\"é\",\"type\":\"t\",\"param\":null,\"code\":null}}",
        "data: {\"error\":\"text\",\"usage\":{\"prompt_tokens\":6}}",
        "data: {\"object\":\"error\",\"message\":\"flat\",\"code\":400}",
        "data: {\"choices\":[{\"finish_reason\":\"error\"}],\"error\":{\"code\":502,\"message\":\"gone\"}}",
        "data: {\"error\":{}}",
    };

    private static final String[] LINE_ENDS = {"\n", "\r\n", "\r"};

    @ParameterizedTest
    @DisplayName("Handwritten streams, cut in two at every byte and into single bytes")
    @ValueSource(
            strings = {
                "\ufeffdata: {\"choices\":[{\"delta\":{\"content\":\"日本語🎉\"},\"finish_reason\":null}]}\n\ndata: [DONE]\n\nlate",
                "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n: hi\r\n\r\ndata: [DONE]\r\n\r\n",
                "data: {\"a\":1}\r\rdata: {\"b\":2}\r\r\r\n\r: c\r\rdata: [DONE]\r\r",
                "data: {\"a\":1}\r\r\ndata: {\"b\":2}\r\n\rdata: {\"c\":3}\n\r\ndata: [DONE]\r",
                "id: 1\nevent: ping\ndata: {}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\ndata: {\"error\":\"x\"}\n\nz",
                "event: error\r\ndata: {\"error\":{\"message\":\"é\"}}\r\n\r\ndata: [DONE]\r\n\r\n",
                "data: {\"x\":\ndata: 1}\n: in\n\n\n\nretry: 1\n\ndata:\n\nevent: a\ndata: {\"choices\":[]}\n\ndata: [DONE]",
                "data: {\"x_groq\":{\"usage\":{\"total_tokens\":5}}}\n\ndata: cut",
                "\ufeff\r\r\n\n",
                "\r",
            })
    void everyByte(String text) {
        byte[] stream = text.getBytes(StandardCharsets.UTF_8);
        ReferenceStream expected = new ReferenceStream(stream, POINTERS);

        for (int cut = 0; cut <= stream.length; cut++) {
            check(expected, stream, cut);
        }
        int[] everywhere = new int[stream.length];
        Arrays.setAll(everywhere, i -> i);
        check(expected, stream, everywhere);
    }

    @Test
    @DisplayName("100,000 random cuts of random streams")
    void random() {
        Random random = new Random(20261124);
        for (int i = 0; i < 20_000; i++) {
            byte[] stream = randomStream(random);
            ReferenceStream expected = new ReferenceStream(stream, POINTERS);
            for (int k = 0; k < 5; k++) {
                int[] cuts = random.ints(random.nextInt(6), 0, stream.length + 1)
                        .sorted()
                        .toArray();
                check(expected, stream, cuts);
            }
        }
    }

    private static byte[] randomStream(Random random) {
        StringBuilder stream = new StringBuilder(random.nextInt(10) == 0 ? "\ufeff" : "");
        String style = LINE_ENDS[random.nextInt(3)];
        boolean mixed = random.nextInt(3) == 0;
        int events = random.nextInt(8);
        for (int i = 0; i < events; i++) {
            int lines = random.nextInt(10) == 0 ? random.nextInt(5) : 1;
            for (int k = 0; k < lines; k++) {
                String[] from = random.nextInt(12) == 0 ? LAST_LINES : LINES;
                stream.append(from[random.nextInt(from.length)]);
                stream.append(mixed ? LINE_ENDS[random.nextInt(3)] : style);
            }
            stream.append(mixed ? LINE_ENDS[random.nextInt(3)] : style);
        }
        int length = stream.length();
        if (random.nextInt(4) == 0 && length > 0) {
            stream.setLength(length - random.nextInt(Math.min(length, 20)));
        }
        return stream.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void check(ReferenceStream expected, byte[] stream, int... cuts) {
        ChatStreamScanner scanner = new ChatStreamScanner(UsagePointers.of(POINTERS), 1 << 20);
        Buffer sent = Buffer.buffer();
        int from = 0;
        for (int cut : cuts) {
            sent.appendBuffer(scanner.scan(Buffer.buffer(Arrays.copyOfRange(stream, from, cut))));
            from = cut;
        }
        sent.appendBuffer(scanner.scan(Buffer.buffer(Arrays.copyOfRange(stream, from, stream.length))));
        sent.appendBuffer(scanner.end());

        boolean same = Arrays.equals(sent.getBytes(), expected.bytes())
                && scanner.done() == expected.done
                && scanner.failed() == expected.failed
                && scanner.finished() == expected.finished
                && scanner.empty() == expected.empty
                && scanner.usage().equals(expected.usage);
        if (!same) {
            assertThat(describe(sent, scanner))
                    .as(
                            "stream %s cut at %s",
                            visible(new String(stream, StandardCharsets.UTF_8)), Arrays.toString(cuts))
                    .isEqualTo(describe(expected));
        }
    }

    private static String describe(Buffer sent, ChatStreamScanner scanner) {
        return visible(sent.toString()) + " done=" + scanner.done() + " failed=" + scanner.failed() + " malformed="
                + scanner.malformed() + " finished=" + scanner.finished() + " empty=" + scanner.empty() + " "
                + scanner.usage();
    }

    private static String describe(ReferenceStream expected) {
        return visible(new String(expected.bytes(), StandardCharsets.UTF_8)) + " done=" + expected.done + " failed="
                + expected.failed + " malformed=" + expected.malformed + " finished=" + expected.finished + " empty="
                + expected.empty + " "
                + expected.usage;
    }

    private static String visible(String text) {
        return text.replace("\r", "\\r").replace("\n", "\\n").replace("\ufeff", "<BOM>");
    }
}
