package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.FrameSink;
import io.magicapi.gateway.bench.Templates;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** One event of Bedrock's stream, from its bytes to those of OpenAI's. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BedrockBenchmark {

    private final EventStreamDecoder decoder = new EventStreamDecoder();
    private final ConverseStream stream = new ConverseStream(new Completion("chatcmpl-bench", 0, "model"));
    private final byte[] delta = Templates.converse(
            "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\" word\"},\"p\":\"abcd\"}");

    /** Begins a stream. */
    @Setup
    public void begin(Blackhole hole) {
        byte[] start = Templates.converse("messageStart", "{\"role\":\"assistant\"}");
        decoder.feed(ByteBuffer.wrap(start), frame -> stream.onFrame(frame, sink(hole)));
    }

    /** A word of the answer. */
    @Benchmark
    public void event(Blackhole hole) {
        decoder.feed(ByteBuffer.wrap(delta), frame -> stream.onFrame(frame, sink(hole)));
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
