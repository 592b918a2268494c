package io.magicapi.gateway.http;

import io.magicapi.gateway.routing.RequestPeek;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What is read of a request to know where it goes. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RouteBenchmark {

    /** How long the body is, in bytes. */
    @Param({"340", "8192", "65536"})
    public int length;

    private Buffer body = Buffer.buffer();

    /** Makes the body. */
    @Setup
    public void body() {
        String begin =
                "{\"model\":\"llama-3.3-70b-versatile\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"";
        String end = "\"}],\"temperature\":0.7}";
        body = Buffer.buffer(begin + "x".repeat(length - begin.length() - end.length()) + end);
    }

    /** Model and stream, by a parser that skips the rest. */
    @Benchmark
    public RequestPeek peek() {
        return RequestPeek.of(body);
    }

    /** The operation, by the path. */
    @Benchmark
    public Optional<?> path() {
        return ApiPath.parse("/v1/chat/completions");
    }
}
