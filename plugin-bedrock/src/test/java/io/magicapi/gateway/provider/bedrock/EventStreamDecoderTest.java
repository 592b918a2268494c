package io.magicapi.gateway.provider.bedrock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.ProviderException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import software.amazon.eventstream.HeaderValue;

class EventStreamDecoderTest {

    private static final byte[] STREAM = Frames.joined(
            Frames.event("messageStart", "{\"role\":\"assistant\"}"),
            Frames.event("contentBlockDelta", "{\"delta\":{\"text\":\"Grüße\"},\"contentBlockIndex\":0}"),
            Frames.event("contentBlockStop", ""),
            Frames.exception("throttlingException", "{\"message\":\"slow down\"}"),
            Frames.error("InternalError", "so \"sorry\""));

    private static final List<String> DECODED = List.of(
            "messageStart {\"role\":\"assistant\"}",
            "contentBlockDelta {\"delta\":{\"text\":\"Grüße\"},\"contentBlockIndex\":0}",
            "contentBlockStop ",
            "exception/throttlingException {\"message\":\"slow down\"}",
            "exception/InternalError {\"message\":\"so \\\"sorry\\\"\"}");

    private final EventStreamDecoder decoder = new EventStreamDecoder();
    private final List<String> frames = new ArrayList<>();

    private void feed(byte[] bytes, int from, int to) {
        decoder.feed(ByteBuffer.wrap(bytes, from, to - from).asReadOnlyBuffer(), this::take);
    }

    private void take(Frame frame) {
        frames.add(frame.name() + " " + frame.text());
    }

    private static ProviderException.Kind kind(Throwable thrown) {
        assertThat(thrown).isInstanceOf(ProviderException.class);
        return ((ProviderException) thrown).kind();
    }

    @Test
    @DisplayName("what AWS's encoder wrote is decoded, wherever it is cut in two")
    void cutAnywhere() {
        for (int cut = 0; cut <= STREAM.length; cut++) {
            EventStreamDecoderTest each = new EventStreamDecoderTest();

            each.feed(STREAM, 0, cut);
            each.feed(STREAM, cut, STREAM.length);
            each.decoder.end(each::take);

            assertThat(each.frames).as("cut at %d", cut).isEqualTo(DECODED);
        }
    }

    @Test
    @DisplayName("and byte by byte, each frame as soon as its last byte is there")
    void byteByByte() {
        byte[] first = Frames.event("messageStart", "{}");
        for (int i = 0; i < first.length; i++) {
            assertThat(frames).isEmpty();
            feed(first, i, i + 1);
        }
        assertThat(frames).containsExactly("messageStart {}");

        for (int i = 0; i < STREAM.length; i++) {
            feed(STREAM, i, i + 1);
        }

        assertThat(frames.subList(1, frames.size())).isEqualTo(DECODED);
    }

    @Test
    @DisplayName("a stream that ends within a message is not whole, wherever that is")
    void truncated() {
        byte[] message = Frames.event("messageStop", "{\"stopReason\":\"end_turn\"}");
        for (int length = 1; length < message.length; length++) {
            EventStreamDecoderTest each = new EventStreamDecoderTest();
            each.feed(message, 0, length);

            assertThatThrownBy(() -> each.decoder.end(each::take))
                    .as("%d of %d bytes", length, message.length)
                    .satisfies(thrown -> assertThat(kind(thrown)).isEqualTo(ProviderException.Kind.BAD_ANSWER));
            assertThat(each.frames).isEmpty();
        }
    }

    @Test
    @DisplayName("one wrong bit anywhere in a message is found, and the message is not handed on")
    void damaged() {
        byte[] message = Frames.event("contentBlockDelta", "{\"delta\":{\"text\":\"a\"},\"contentBlockIndex\":0}");
        for (int at = 0; at < message.length; at++) {
            byte[] damaged = message.clone();
            damaged[at] ^= 0x10;
            EventStreamDecoderTest each = new EventStreamDecoderTest();

            assertThatThrownBy(() -> each.feed(damaged, 0, damaged.length))
                    .as("byte %d", at)
                    .satisfies(thrown -> assertThat(kind(thrown)).isEqualTo(ProviderException.Kind.BAD_ANSWER));
            assertThat(each.frames).isEmpty();
        }
    }

    @Test
    @DisplayName("what came before the damage is handed on")
    void damagedLater() {
        byte[] whole = Frames.event("messageStart", "{}");
        byte[] both = Frames.joined(whole, Frames.event("messageStop", "{}"));
        both[whole.length + 20] ^= 1;

        assertThatThrownBy(() -> feed(both, 0, both.length)).isInstanceOf(ProviderException.class);

        assertThat(frames).containsExactly("messageStart {}");
    }

    @Test
    @DisplayName("a page or an event stream of another kind is no stream of messages")
    void otherContent() {
        byte[] page = "<html><body>Bad Gateway</body></html>".getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> feed(page, 0, page.length))
                .satisfies(thrown -> assertThat(kind(thrown)).isEqualTo(ProviderException.Kind.BAD_ANSWER))
                .hasMessageNotContaining("html");
    }

    @Test
    @DisplayName("headers of other types, or none, make a frame of no name")
    void strangeHeaders() {
        byte[] stream = Frames.joined(
                Frames.message(Map.of(), "{}"),
                Frames.message(Map.of(":event-type", HeaderValue.fromInteger(7)), "{}"),
                Frames.message(Map.of("a", HeaderValue.fromBoolean(true), "b", HeaderValue.fromLong(1)), "{}"));

        feed(stream, 0, stream.length);
        decoder.end(this::take);

        assertThat(frames).containsExactly(" {}", " {}", " {}");
    }

    @Test
    @DisplayName("a message of a megabyte is decoded")
    void large() {
        char[] text = new char[1 << 20];
        Arrays.fill(text, 'x');
        byte[] message = Frames.event("contentBlockDelta", new String(text));

        for (int at = 0; at < message.length; at += 16_000) {
            feed(message, at, Math.min(message.length, at + 16_000));
        }
        decoder.end(this::take);

        assertThat(frames).hasSize(1);
        assertThat(frames.get(0)).hasSize(text.length + "contentBlockDelta ".length());
    }
}
