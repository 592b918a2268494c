package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.ProviderException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Event streams for plugins are taken apart as the HTML standard has it, wherever they are cut. */
class EventDecoderTest {

    private static List<String> decode(byte[] stream, int... cuts) {
        List<String> events = new ArrayList<>();
        EventDecoder decoder = new EventDecoder(1000);
        int from = 0;
        for (int cut : cuts) {
            decoder.feed(ByteBuffer.wrap(stream, from, cut - from), frame -> events.add(show(frame)));
            from = cut;
        }
        decoder.feed(ByteBuffer.wrap(stream, from, stream.length - from), frame -> events.add(show(frame)));
        decoder.end(frame -> events.add(show(frame)));
        return events;
    }

    private static String show(Frame frame) {
        return frame.name() + "|" + frame.text();
    }

    private static byte[] bytes(String escaped) {
        return escaped.replace("\\n", "\n").replace("\\r", "\r").getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiterString = " => ",
            value = {
                "data: a\\n\\n => [|a]",
                "data:a\\r\\n\\r\\n => [|a]",
                "data: a\\r\\r => [|a]",
                "data:  a\\n\\n => [| a]",
                "event: e\\ndata: a\\ndata: b\\n\\n => '[e|a\nb]'",
                "event: e\\n\\ndata: a\\n\\n => [|a]",
                "event: e\\nevent: f\\ndata\\n\\n => [f|]",
                "\ufeffdata: a\\n\\n => [|a]",
                ": comment\\nid: 7\\nretry: 1\\ndata: a\\n\\n => [|a]",
                "data: a\\n => []",
                "dataset: a\\n\\n => []",
                "\\n\\n\\ndata: 🎉\\n\\n => [|🎉]",
                "data: a\\n\\ndata: b\\n\\n => '[|a, |b]'",
            })
    @DisplayName("each form, cut at every byte")
    void forms(String stream, String events) {
        byte[] bytes = bytes(stream);

        for (int cut = 0; cut <= bytes.length; cut++) {
            assertThat(decode(bytes, cut)).as("cut at %d", cut).hasToString(events);
        }
    }

    @Test
    @DisplayName("10,000 random streams give the same events in one piece and in many")
    void random() {
        Random random = new Random(1);
        String[] pieces = {"data: x", "data", "event: y", ": c", "\n", "\r", "\r\n", "\n\n", "é", " ", ":", "\ufeff"};
        for (int i = 0; i < 10_000; i++) {
            StringBuilder stream = new StringBuilder();
            for (int j = random.nextInt(20); j >= 0; j--) {
                stream.append(pieces[random.nextInt(pieces.length)]);
            }
            byte[] bytes = bytes(stream.toString());
            int[] cuts =
                    random.ints(random.nextInt(4), 0, bytes.length + 1).sorted().toArray();

            assertThat(decode(bytes, cuts)).as("%s", stream).isEqualTo(decode(bytes));
        }
    }

    @Test
    @DisplayName("a line or an event that is too long is refused")
    void tooLong() {
        assertThatThrownBy(() -> decode(bytes("data: " + "x".repeat(1000))))
                .isInstanceOf(ProviderException.class)
                .hasMessageContaining("1000 bytes");
        assertThatThrownBy(() -> decode(bytes("data: 0123456789\n".repeat(200))))
                .isInstanceOf(ProviderException.class);
    }
}
