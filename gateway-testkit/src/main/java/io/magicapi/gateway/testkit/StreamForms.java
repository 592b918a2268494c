package io.magicapi.gateway.testkit;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The streams of {@link Streams} and {@link Faults}, parted by what a client must make of them. Behind the gateway there
 * are only these two outcomes; without it, most clients take one or the other of the broken ones for a whole answer, and
 * trip over some of the whole ones.
 */
public final class StreamForms {

    private static final Map<String, Answer> ALL = new HashMap<>(Faults.all());

    static {
        ALL.putAll(Streams.all());
    }

    private StreamForms() {}

    /** {@return names of streams that hold a whole answer in one form or another, each with its text} */
    public static Map<String, String> whole() {
        Map<String, String> whole = new LinkedHashMap<>();
        for (String name : List.of(
                "plain",
                "withUsage",
                "withGroqUsage",
                "comments",
                "crlf",
                "cr",
                "noSpace",
                "multiLineData",
                "bom",
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
                "trickle")) {
            whole.put(name, "Hello there");
        }
        whole.put("splitCharacters", "Grüße नमस्ते 你好 👋🏽");
        return whole;
    }

    /** {@return names of streams whose answer is not whole, or cannot be read} */
    public static List<String> broken() {
        return List.of(
                "closeMidStream",
                "resetMidStream",
                "closeMidChunk",
                "badChunkSize",
                "missingDoneAndFinish",
                "empty",
                "commentsOnly",
                "badJson",
                "gzip",
                "jsonError",
                "errorStatus",
                "errorData",
                "errorEvent",
                "errorEventThenDone",
                "errorChunk",
                "errorObject");
    }

    /**
     * {@return the answer of this name}
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Answer answer(String name) {
        Answer answer = ALL.get(name);
        if (answer == null) {
            throw new IllegalArgumentException("no stream is called " + name);
        }
        return answer;
    }
}
