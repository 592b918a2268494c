package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.Faults;
import io.magicapi.gateway.testkit.Streams;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/**
 * The streams that providers send, parted by what a client must make of them. Behind the gateway there are only these
 * two outcomes; without it, most clients take one or the other of the broken ones for a whole answer, and trip over some
 * of the whole ones.
 */
final class StreamCases {

    private static final String TEXT = "Hello there";

    private StreamCases() {}

    /** {@return names of streams that hold a whole answer in one form or another, each with its text} */
    static Stream<Arguments> whole() {
        return Stream.of(
                        "plain",
                        "withUsage",
                        "withGroqUsage",
                        "comments",
                        "crlf",
                        "cr",
                        "noSpace",
                        "multiLineData",
                        "bom",
                        "splitCharacters",
                        "oneChunk",
                        "charset",
                        "noFinalNewline",
                        "noContentType",
                        "typedAsJson",
                        "ping",
                        "emptyData",
                        "idOnly",
                        "missingDone",
                        "doneThenOpen",
                        "eventsAfterDone",
                        "jsonCompletion",
                        "unframedStream",
                        "trickle")
                .map(name -> Arguments.of(name, name.equals("splitCharacters") ? "Grüße नमस्ते 你好 👋🏽" : TEXT));
    }

    /** {@return names of streams whose answer is not whole} */
    static Stream<String> broken() {
        return Stream.of(
                "closeMidStream",
                "resetMidStream",
                "closeMidChunk",
                "badChunkSize",
                "missingDoneAndFinish",
                "empty",
                "commentsOnly",
                "badJson",
                "jsonError",
                "errorStatus",
                "errorData",
                "errorEvent",
                "errorEventThenDone",
                "errorChunk",
                "errorObject",
                "gzip");
    }

    /** {@return what the upstream sends in a case} */
    static Answer answer(String name) {
        Map<String, Answer> all = new HashMap<>(Faults.all());
        all.putAll(Streams.all());
        assertThat(all).containsKey(name);
        return Objects.requireNonNull(all.get(name));
    }
}
