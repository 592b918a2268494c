package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.node.TextNode;
import io.magicapi.gateway.api.Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * Answers to a request with {@code "stream": true}: streams of chat events as providers send them, well-formed in
 * unusual ways, or malformed. Faults of the connection are in {@link Faults}.
 *
 * <p>Unless said otherwise they say {@code Hello there} and end as they should.
 */
public final class Streams {

    /** The event that ends a chat stream. */
    public static final String DONE = "data: [DONE]\n\n";

    private static final List<String> HELLO = chat("Hello", " there");

    private Streams() {}

    // Events to make answers of

    /** {@return the events of a whole chat stream that says these words: role, words, finish reason, end} */
    public static List<String> chat(String... words) {
        List<String> events = begun(words);
        events.add(finish("stop"));
        events.add(DONE);
        return List.copyOf(events);
    }

    /** {@return the events of a whole chat stream that says these words, with usage of 9 and 2 tokens before its end} */
    static List<String> chatWithUsage(String... words) {
        List<String> events = new ArrayList<>(chat(words));
        events.add(events.size() - 1, usage(9, 2));
        return List.copyOf(events);
    }

    /** {@return the events of a chat stream up to its last word} */
    private static List<String> begun(String... words) {
        List<String> events = new ArrayList<>();
        events.add(chunk("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}"));
        for (String word : words) {
            events.add(word(word));
        }
        return events;
    }

    /** {@return the event of one word} */
    public static String word(String word) {
        return chunk("{\"index\":0,\"delta\":{\"content\":" + TextNode.valueOf(word) + "},\"finish_reason\":null}");
    }

    /** {@return the event that says why the answer ended: {@code stop}, {@code length}, …} */
    public static String finish(String reason) {
        return chunk("{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}");
    }

    private static String chunk(String choice) {
        return "data: {\"id\":\"chatcmpl-fake\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
                + "\"model\":\"fake\",\"choices\":[" + choice + "]}\n\n";
    }

    /** {@return the event that carries usage, as OpenAI sends it when asked} */
    public static String usage(int prompt, int completion) {
        return "data: {\"id\":\"chatcmpl-fake\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
                + "\"model\":\"fake\",\"choices\":[],\"usage\":" + tokens(prompt, completion) + "}\n\n";
    }

    private static String tokens(int prompt, int completion) {
        return "{\"prompt_tokens\":" + prompt + ",\"completion_tokens\":" + completion + ",\"total_tokens\":"
                + (prompt + completion) + "}";
    }

    private static final String ERROR =
            "{\"error\":{\"message\":\"it broke\",\"type\":\"server_error\",\"param\":null,\"code\":\"broken\"}}";

    // Well-formed

    /** {@return a stream as it should be} */
    public static Answer plain() {
        return Answer.events(HELLO);
    }

    /** {@return a stream with a pause before each event but the first} */
    public static Answer paced(Duration pause) {
        return Answer.events(pause, HELLO);
    }

    /** {@return usage in a chunk of its own before the end, as OpenAI sends it} */
    public static Answer withUsage(int prompt, int completion) {
        return insertedBeforeDone(usage(prompt, completion));
    }

    /** {@return usage in {@code x_groq} of the last chunk, as Groq sends it unasked} */
    public static Answer withGroqUsage(int prompt, int completion) {
        List<String> events = begun("Hello", " there");
        String finish = finish("stop");
        events.add(finish.substring(0, finish.length() - "}\n\n".length())
                + ",\"x_groq\":{\"id\":\"req_fake\",\"usage\":" + tokens(prompt, completion) + "}}\n\n");
        events.add(DONE);
        return Answer.events(events);
    }

    /** {@return comments between the events} */
    public static Answer comments() {
        List<String> events = new ArrayList<>(List.of(": OPENROUTER PROCESSING\n\n"));
        HELLO.forEach(event -> {
            events.add(": keep-alive\n\n");
            events.add(event);
        });
        return Answer.events(events);
    }

    /** {@return lines that end with CR and LF} */
    public static Answer crlf() {
        return altered("\n", "\r\n");
    }

    /** {@return lines that end with CR alone} */
    public static Answer cr() {
        return altered("\n", "\r");
    }

    /** {@return no space after the colon} */
    public static Answer noSpace() {
        return altered("data: ", "data:");
    }

    /** {@return events whose data is spread over two lines} */
    public static Answer multiLineData() {
        return altered(",\"object\"", ",\ndata: \"object\"");
    }

    /** {@return a stream that begins with a byte order mark} */
    public static Answer bom() {
        List<String> events = new ArrayList<>(HELLO);
        events.set(0, "\ufeff" + events.get(0));
        return Answer.events(events);
    }

    /** {@return words in several alphabets, in chunks of one byte, so that each character comes in pieces} */
    public static Answer splitCharacters() {
        byte[] body = String.join("", chat("Grüße", " नमस्ते", " 你好", " 👋🏽")).getBytes(StandardCharsets.UTF_8);
        return Answer.split(200, Answer.EVENT_STREAM, body, 1);
    }

    /** {@return all events in one chunk} */
    public static Answer oneChunk() {
        return Answer.events(String.join("", HELLO));
    }

    /** {@return a content type with a charset} */
    public static Answer charset() {
        return typed(Headers.of("content-type", "text/event-stream; charset=utf-8"));
    }

    /** {@return a last event that is not followed by an empty line, nor by the end of its own} */
    public static Answer noFinalNewline() {
        return replacedDone("data: [DONE]");
    }

    // Unusual, and trouble for some clients

    /** {@return no content type} */
    public static Answer noContentType() {
        return typed(Headers.of());
    }

    /** {@return events that are called JSON} */
    public static Answer typedAsJson() {
        return typed(Headers.of("content-type", "application/json"));
    }

    /** {@return named ping events with data, as Anthropic sends them} */
    public static Answer ping() {
        return insertedBeforeDone("event: ping\ndata: {\"type\":\"ping\"}\n\n");
    }

    /** {@return an event without data} */
    public static Answer emptyData() {
        return insertedBeforeDone("data:\n\n");
    }

    /** {@return an event of nothing but an id and a retry time} */
    public static Answer idOnly() {
        return insertedBeforeDone("id: 7\nretry: 1000\n\n");
    }

    /** {@return compressed events, whether they were asked for or not} */
    public static Answer gzip() {
        byte[] body = String.join("", HELLO).getBytes(StandardCharsets.UTF_8);
        Headers headers = Answer.EVENT_STREAM.with("content-encoding", "gzip");
        return Answer.chunks(200, headers, List.of(gzipped(body)), Duration.ZERO);
    }

    /** {@return an event that is no JSON} */
    public static Answer badJson() {
        return insertedBeforeDone("data: {\"choices\":[{\n\n");
    }

    // Ends

    /** {@return a stream that says why it ended and then ends, without {@code [DONE]}} */
    public static Answer missingDone() {
        return Answer.events(HELLO.subList(0, HELLO.size() - 1));
    }

    /** {@return a stream that ends in the middle of the answer as if that were its end} */
    public static Answer missingDoneAndFinish() {
        return Answer.events(begun("Hello", " there"));
    }

    /** {@return a stream that is not ended after {@code [DONE]}} */
    public static Answer doneThenOpen() {
        return Answer.openEvents(HELLO).stall();
    }

    /** {@return a stream that goes on after {@code [DONE]}} */
    public static Answer eventsAfterDone() {
        return Answer.openEvents(HELLO)
                .pause(Duration.ofMillis(20))
                .chunk(word("LATE"))
                .lastChunk();
    }

    /** {@return a stream of no events} */
    public static Answer empty() {
        return Answer.events();
    }

    /** {@return a stream of comments and no events} */
    public static Answer commentsOnly() {
        return Answer.events(": one\n\n", ": two\n\n");
    }

    // Errors

    /** {@return status 200 and a JSON error instead of a stream} */
    public static Answer jsonError() {
        return Answer.json(200, ERROR);
    }

    /** {@return status 200 and a whole completion instead of a stream} */
    public static Answer jsonCompletion() {
        return Answer.json(200, Faults.COMPLETION);
    }

    /** {@return an error status with an error event as its body} */
    public static Answer errorStatus(int status) {
        byte[] event = ("data: " + ERROR + "\n\n").getBytes(StandardCharsets.UTF_8);
        return Answer.chunks(status, Answer.EVENT_STREAM, List.of(event), Duration.ZERO);
    }

    /** {@return an error amid the stream, as plain data, then its end} */
    public static Answer errorData() {
        return broken("data: " + ERROR + "\n\n");
    }

    /** {@return an error amid the stream, as an event named {@code error}, then its end} */
    public static Answer errorEvent() {
        return broken("event: error\ndata: " + ERROR + "\n\n");
    }

    /** {@return an error amid the stream, as an event named {@code error}, then {@code [DONE]}} */
    public static Answer errorEventThenDone() {
        return broken("event: error\ndata: " + ERROR + "\n\n" + DONE);
    }

    /** {@return an error within a chunk that has choices too, as OpenRouter sends it} */
    public static Answer errorChunk() {
        return broken("data: {\"id\":\"chatcmpl-fake\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
                + "\"model\":\"fake\",\"error\":{\"code\":502,\"message\":\"it broke\"},\"choices\":[{\"index\":0,"
                + "\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n" + DONE);
    }

    /** {@return an error without an envelope, as some vLLM versions send it} */
    public static Answer errorObject() {
        return broken(
                "data: {\"object\":\"error\",\"message\":\"it broke\",\"type\":\"BadRequestError\",\"code\":400}\n\n"
                        + DONE);
    }

    /** {@return every stream above under its method's name, with pauses of 10 ms and usage of 9 and 2 tokens} */
    public static Map<String, Answer> all() {
        Map<String, Answer> all = new LinkedHashMap<>();
        all.put("plain", plain());
        all.put("paced", paced(Duration.ofMillis(10)));
        all.put("withUsage", withUsage(9, 2));
        all.put("withGroqUsage", withGroqUsage(9, 2));
        all.put("comments", comments());
        all.put("crlf", crlf());
        all.put("cr", cr());
        all.put("noSpace", noSpace());
        all.put("multiLineData", multiLineData());
        all.put("bom", bom());
        all.put("splitCharacters", splitCharacters());
        all.put("oneChunk", oneChunk());
        all.put("charset", charset());
        all.put("noFinalNewline", noFinalNewline());
        all.put("noContentType", noContentType());
        all.put("typedAsJson", typedAsJson());
        all.put("ping", ping());
        all.put("emptyData", emptyData());
        all.put("idOnly", idOnly());
        all.put("gzip", gzip());
        all.put("badJson", badJson());
        all.put("missingDone", missingDone());
        all.put("missingDoneAndFinish", missingDoneAndFinish());
        all.put("doneThenOpen", doneThenOpen());
        all.put("eventsAfterDone", eventsAfterDone());
        all.put("empty", empty());
        all.put("commentsOnly", commentsOnly());
        all.put("jsonError", jsonError());
        all.put("jsonCompletion", jsonCompletion());
        all.put("errorStatus", errorStatus(500));
        all.put("errorData", errorData());
        all.put("errorEvent", errorEvent());
        all.put("errorEventThenDone", errorEventThenDone());
        all.put("errorChunk", errorChunk());
        all.put("errorObject", errorObject());
        return all;
    }

    private static Answer altered(String from, String to) {
        return Answer.events(
                HELLO.stream().map(event -> event.replace(from, to)).toList());
    }

    private static Answer typed(Headers headers) {
        return Answer.chunks(200, headers, Answer.utf8(HELLO), Duration.ZERO);
    }

    private static Answer insertedBeforeDone(String event) {
        List<String> events = new ArrayList<>(HELLO);
        events.add(HELLO.size() - 1, event);
        return Answer.events(events);
    }

    private static Answer replacedDone(String event) {
        List<String> events = new ArrayList<>(HELLO);
        events.set(HELLO.size() - 1, event);
        return Answer.events(events);
    }

    private static Answer broken(String end) {
        List<String> events = begun("Hello", " there");
        events.add(end);
        return Answer.events(events);
    }

    static byte[] gzipped(byte[] plain) {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return compressed.toByteArray();
    }
}
