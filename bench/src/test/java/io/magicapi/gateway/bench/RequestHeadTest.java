package io.magicapi.gateway.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RequestHeadTest {

    @Test
    @DisplayName("the upstream reads length and script of the requests that are sent, again and again")
    void read() {
        Script script = Script.sse(100, Duration.ofMillis(10));
        Target target = Target.chat(new InetSocketAddress(1), script, "m", 300, List.of("x-provider: groq"));
        RequestHead head = new RequestHead();

        for (int i = 0; i < 2; i++) {
            ByteBuf request = Unpooled.wrappedBuffer(target.request());
            assertThat(head.read(request)).isTrue();
            assertThat(head.isGet()).isFalse();
            assertThat(head.contentLength()).isEqualTo(300).isEqualTo(request.readableBytes());
            assertThat(head.script()).isEqualTo(script);
        }
    }

    @Test
    @DisplayName("a request that says nothing gets the plain answer")
    void plain() {
        RequestHead head = new RequestHead();

        assertThat(head.read(Unpooled.wrappedBuffer("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII))))
                .isTrue();
        assertThat(head.isGet()).isTrue();
        assertThat(head.contentLength()).isZero();
        assertThat(head.script()).isEqualTo(Script.PLAIN);
    }
}
