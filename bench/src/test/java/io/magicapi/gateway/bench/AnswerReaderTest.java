package io.magicapi.gateway.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AnswerReaderTest {

    private static final String SIZED = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    private static final String CHUNKED = "HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
            + "1a\r\n\"t\":\"0000000000000000042\"}\r\n" + "3\r\n\"t\"\r\n" + "17\r\n:\"0000000000000000043\"}\r\n"
            + "0\r\nx: y\r\n\r\n";

    private final List<Long> stamps = new ArrayList<>();
    private final AnswerReader reader = new AnswerReader(stamps::add);

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    @Test
    @DisplayName("an answer ends with its length, and the next begins there")
    void length() {
        ByteBuf two = bytes(SIZED + CHUNKED);

        assertThat(reader.read(two)).isTrue();
        assertThat(reader.status()).isEqualTo(200);
        assertThat(reader.closes()).isFalse();
        assertThat(reader.read(two)).isTrue();
        assertThat(reader.status()).isEqualTo(503);
        assertThat(reader.closes()).isTrue();
        assertThat(two.isReadable()).isFalse();
    }

    @Test
    @DisplayName("bytes that come one by one make the same answers, stamps across chunks included")
    void split() {
        String both = CHUNKED + SIZED;
        int answers = 0;

        for (int i = 0; i < both.length(); i++) {
            answers += reader.read(bytes(both.substring(i, i + 1))) ? 1 : 0;
        }

        assertThat(answers).isEqualTo(2);
        assertThat(stamps).containsExactly(42L, 43L);
    }

    @Test
    @DisplayName("the stamp that is written into an event is the one that is read")
    void stamp() {
        Templates.Stream stream = Templates.stream(Script.Form.SSE);
        ByteBuf answer = Unpooled.copiedBuffer(stream.head(), stream.event(), stream.event(), stream.end());
        Stamp.write(answer, stream.head().length + stream.stamp(), 1234567890123456789L);

        assertThat(reader.read(answer)).isTrue();
        assertThat(stamps).containsExactly(1234567890123456789L, 0L);
    }

    @Test
    @DisplayName("what the upstream answers has the length it says")
    void templates() {
        assertThat(reader.read(Unpooled.wrappedBuffer(Templates.plain()))).isTrue();
        assertThat(reader.read(Unpooled.wrappedBuffer(Templates.models()))).isTrue();
    }
}
