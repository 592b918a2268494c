package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameSink;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** One event of Anthropic's stream, from its bytes to the tree of OpenAI's. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AnthropicBenchmark {

    private final MessagesStream stream = new MessagesStream(Instant.EPOCH);
    private final byte[] delta = bytes(
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}");

    /** Begins a stream. */
    @Setup
    public void begin(Blackhole hole) {
        stream.onFrame(
                Frame.of(
                        "message_start",
                        bytes("{\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\","
                                + "\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],"
                                + "\"usage\":{\"input_tokens\":42,\"output_tokens\":1}}}")),
                sink(hole));
        stream.onFrame(
                Frame.of(
                        "content_block_start",
                        bytes("{\"type\":\"content_block_start\",\"index\":0,"
                                + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}")),
                sink(hole));
    }

    /** A word of the answer. */
    @Benchmark
    public void event(Blackhole hole) {
        stream.onFrame(Frame.of("content_block_delta", delta), sink(hole));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static FrameSink sink(Blackhole hole) {
        return new FrameSink() {
            @Override
            public void event(JsonNode chunk) {
                hole.consume(Body.of(chunk).bytes());
            }

            @Override
            public void done() {}

            @Override
            public void error(String message, String type) {
                throw new IllegalStateException(message);
            }
        };
    }
}
