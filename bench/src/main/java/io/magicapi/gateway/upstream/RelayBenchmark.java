package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.observe.Usage;
import io.magicapi.gateway.observe.UsagePointers;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a relay does for each request and each chunk. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RelayBenchmark {

    private static final UsagePointers USAGE = UsagePointers.of(List.of("/x_groq/usage", "/usage"));

    private final MultiMap fromClient = MultiMap.caseInsensitiveMultiMap()
            .add("host", "127.0.0.1")
            .add("user-agent", "OpenAI/JS 6.1.0")
            .add("accept", "application/json")
            .add("content-type", "application/json")
            .add("authorization", "Bearer bench")
            .add("x-stainless-lang", "js")
            .add("x-stainless-package-version", "6.1.0")
            .add("x-provider", "groq")
            .add("content-length", "340");
    private final Headers wanted = HeaderPolicy.fromClient(fromClient);
    private final MultiMap fromUpstream = MultiMap.caseInsensitiveMultiMap()
            .add("server", "bench")
            .add("date", "Tue, 24 Nov 2026 00:00:00 GMT")
            .add("content-type", "application/json")
            .add("x-request-id", "req_01bench")
            .add("content-length", "1024");
    private final Buffer event = Buffer.buffer("data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","
            + "\"created\":1764000000,\"model\":\"llama-3.3-70b-versatile\",\"choices\":[{\"index\":0,\"delta\":"
            + "{\"content\":\" word\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n");
    private final Buffer answer =
            Buffer.buffer("{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"choices\":[{"
                    + "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" + "All the words. ".repeat(50)
                    + "\"},"
                    + "\"finish_reason\":\"stop\"}],\"usage\":{\"queue_time\":0.05,\"prompt_tokens\":42,\"prompt_time\":0.001,"
                    + "\"completion_tokens\":128,\"completion_time\":0.5,\"total_tokens\":170,\"total_time\":0.501}}");
    private final ChatStreamScanner scanner = new ChatStreamScanner(USAGE, 1024 * 1024);

    /** The headers that a provider sees. */
    @Benchmark
    public Headers headersFromClient() {
        return HeaderPolicy.fromClient(fromClient);
    }

    /** The headers that an upstream sees. */
    @Benchmark
    public Headers headersToUpstream() {
        return HeaderPolicy.toUpstream(wanted, "gateway");
    }

    /** The headers that the client sees. */
    @Benchmark
    public MultiMap headersToClient() {
        MultiMap client = MultiMap.caseInsensitiveMultiMap();
        HeaderPolicy.toClient(fromUpstream, client);
        return client;
    }

    /** One event of a stream that passes. */
    @Benchmark
    public Buffer scanOfEvent() {
        return scanner.scan(event);
    }

    /** The usage in an answer of 1 KB. */
    @Benchmark
    public Optional<Usage> usageOfAnswer() {
        UsageReader reader = new UsageReader(USAGE);
        reader.read(answer);
        return reader.usage();
    }
}
