package io.magicapi.gateway.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.config.ConfigFuzz;
import io.magicapi.gateway.http.ApiPathFuzz;
import io.magicapi.gateway.plugins.PluginJarFuzz;
import io.magicapi.gateway.routing.MultipartPeekFuzz;
import io.magicapi.gateway.routing.RequestPeekFuzz;
import io.magicapi.gateway.upstream.ChatStreamFuzz;
import io.magicapi.gateway.upstream.HeaderPolicyFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Committed fuzz inputs, and mutations of them, break nothing")
class CorpusTest {

    private static final Path CORPUS = Path.of("src/test/resources/fuzz");

    /** Mutants of each input: enough to notice what is fragile, few enough for every build. */
    private static final int MUTANTS = 300;

    static Stream<Arguments> targets() {
        return Stream.of(
                target("ChatStreamFuzz", ChatStreamFuzz::fuzzerTestOneInput),
                target("RequestPeekFuzz", RequestPeekFuzz::fuzzerTestOneInput),
                target("MultipartPeekFuzz", MultipartPeekFuzz::fuzzerTestOneInput),
                target("ApiPathFuzz", ApiPathFuzz::fuzzerTestOneInput),
                target("HeaderPolicyFuzz", HeaderPolicyFuzz::fuzzerTestOneInput),
                target("ConfigFuzz", ConfigFuzz::fuzzerTestOneInput),
                target("PluginJarFuzz", PluginJarFuzz::fuzzerTestOneInput));
    }

    private static Arguments target(String name, Consumer<byte[]> target) {
        return Arguments.of(name, target);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    void replay(String name, Consumer<byte[]> target) throws IOException {
        List<byte[]> inputs = corpus(name);
        Random random = new Random(name.hashCode());

        for (byte[] input : inputs) {
            run(target, input);
            for (int i = 0; i < MUTANTS; i++) {
                run(target, mutant(input, inputs.get(random.nextInt(inputs.size())), random));
            }
        }

        assertThat(inputs).as("committed inputs of %s", name).hasSizeGreaterThanOrEqualTo(3);
    }

    private static void run(Consumer<byte[]> target, byte[] input) throws IOException {
        try {
            target.accept(input);
        } catch (Throwable failure) {
            Path saved = Files.createTempFile("fuzz-failure", ".bin");
            Files.write(saved, input);
            throw new AssertionError("input saved as " + saved, failure);
        }
    }

    private static List<byte[]> corpus(String name) throws IOException {
        List<byte[]> inputs = new ArrayList<>();
        try (Stream<Path> files = Files.list(CORPUS.resolve(name))) {
            for (Path file : files.sorted().toList()) {
                inputs.add(Files.readAllBytes(file));
            }
        }
        return inputs;
    }

    /** Flips, inserts, removes, doubles, or joins with another input. */
    private static byte[] mutant(byte[] input, byte[] other, Random random) {
        byte[] mutant = input.clone();
        for (int round = 1 + random.nextInt(4); round > 0 && mutant.length > 0; round--) {
            int at = random.nextInt(mutant.length);
            switch (random.nextInt(5)) {
                case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutant = join(Arrays.copyOf(mutant, at), new byte[] {(byte) random.nextInt(256)}, mutant, at);
                case 2 -> mutant = join(Arrays.copyOf(mutant, at), new byte[0], mutant, at + 1);
                case 3 -> mutant = join(Arrays.copyOf(mutant, at), Arrays.copyOf(mutant, at), mutant, at);
                default -> mutant = join(Arrays.copyOf(mutant, at), new byte[0], other, Math.min(at, other.length));
            }
        }
        return mutant;
    }

    private static byte[] join(byte[] start, byte[] middle, byte[] rest, int from) {
        byte[] joined = Arrays.copyOf(start, start.length + middle.length + rest.length - from);
        System.arraycopy(middle, 0, joined, start.length, middle.length);
        System.arraycopy(rest, from, joined, start.length + middle.length, rest.length - from);
        return joined;
    }
}
