package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Answers of a server that misbehaves: connections that break, HTTP that is none, errors that are not JSON. Streams
 * that misbehave as such are in {@link Streams}.
 *
 * <p>What is cut or held back comes 20 ms after what was sent before it, so that the receiver has seen that.
 */
public final class Faults {

    static final String COMPLETION = "{\"id\":\"chatcmpl-fake\",\"object\":\"chat.completion\",\"created\":1700000000,"
            + "\"model\":\"fake\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
            + "\"Hello there\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
            + "\"total_tokens\":11}}";

    private static final Duration MOMENT = Duration.ofMillis(20);

    private static final Headers JSON = Headers.of("content-type", "application/json");

    private Faults() {}

    // Before the head

    /** {@return an abrupt end (RST) instead of an answer} */
    public static Answer resetBeforeHead() {
        return Answer.nothing().reset();
    }

    /** {@return an orderly end (FIN) instead of an answer} */
    public static Answer closeBeforeHead() {
        return Answer.nothing().close();
    }

    /** {@return no answer at all, while the connection stays open} */
    public static Answer silence() {
        return Answer.nothing().stall();
    }

    /** {@return a right answer, but late} */
    public static Answer late(Duration delay) {
        return Answer.nothing().pause(delay).then(Answer.echo());
    }

    /** {@return an abrupt end (RST) within the head} */
    public static Answer resetInHead() {
        return halfAHead().pause(MOMENT).reset();
    }

    /** {@return an orderly end (FIN) within the head} */
    public static Answer closeInHead() {
        return halfAHead().pause(MOMENT).close();
    }

    /** {@return half a head, and nothing more while the connection stays open} */
    public static Answer stallInHead() {
        return halfAHead().stall();
    }

    private static Answer halfAHead() {
        return Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: applica");
    }

    // Within the body

    /** {@return an abrupt end (RST) in the middle of a JSON body} */
    public static Answer resetMidBody() {
        return halfABody().pause(MOMENT).reset();
    }

    /** {@return an orderly end (FIN) in the middle of a JSON body: it is shorter than its Content-Length} */
    public static Answer closeMidBody() {
        return halfABody().pause(MOMENT).close();
    }

    /** {@return half a JSON body, and nothing more while the connection stays open} */
    public static Answer stallMidBody() {
        return halfABody().stall();
    }

    private static Answer halfABody() {
        return Answer.raw(Answer.head(200, JSON.with("content-length", Integer.toString(COMPLETION.length()))))
                .send(COMPLETION.substring(0, COMPLETION.length() / 2));
    }

    /** {@return an abrupt end (RST) in the middle of a stream} */
    public static Answer resetMidStream() {
        return halfAStream(2).pause(MOMENT).reset();
    }

    /** {@return an orderly end (FIN) in the middle of a stream, without the last chunk} */
    public static Answer closeMidStream() {
        return halfAStream(2).pause(MOMENT).close();
    }

    /** {@return an orderly end (FIN) within a chunk of a stream} */
    public static Answer closeMidChunk() {
        return halfAStream(2).send("ff\r\ndata: {\"id\":").pause(MOMENT).close();
    }

    /** {@return a stream of some events, and nothing more while the connection stays open} */
    public static Answer stallMidStream(int events) {
        return halfAStream(events).stall();
    }

    private static Answer halfAStream(int events) {
        String[] words = new String[Math.max(1, events)];
        Arrays.fill(words, "word ");
        return Answer.openEvents(Streams.chat(words).subList(0, events));
    }

    /** {@return a whole stream, one byte at a time} */
    public static Answer trickle(Duration pause) {
        byte[] body = String.join("", Streams.chat("Hello", " there")).getBytes(StandardCharsets.UTF_8);
        return Answer.chunks(200, Answer.EVENT_STREAM, Answer.pieces(body, 1), pause);
    }

    // Not HTTP

    /** {@return bytes that are no HTTP} */
    public static Answer garbage() {
        return Answer.raw("\u0016\u0003\u0001 this is no HTTP\r\n\r\n");
    }

    /** {@return a head whose lines end with LF alone} */
    public static Answer bareLfHead() {
        return Answer.raw("HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: " + COMPLETION.length()
                + "\n\n" + COMPLETION);
    }

    /** {@return a status line without a number} */
    public static Answer badStatusLine() {
        return Answer.raw("HTTP/1.1 fine\r\ncontent-length: 2\r\n\r\n{}");
    }

    /** {@return a NUL in a header} */
    public static Answer nulInHead() {
        return Answer.raw("HTTP/1.1 200 OK\r\nx-odd: a\0b\r\ncontent-length: 2\r\n\r\n{}");
    }

    /** {@return a head with one header of so many bytes} */
    public static Answer hugeHead(int bytes) {
        return Answer.http(200, JSON.with("x-huge", "h".repeat(bytes)), utf8("{}"));
    }

    /** {@return both Content-Length and chunks} */
    public static Answer lengthAndChunks() {
        return Answer.raw(Answer.head(200, JSON.with("content-length", "4").with("transfer-encoding", "chunked")))
                .chunk(COMPLETION)
                .lastChunk();
    }

    /** {@return two lengths that differ} */
    public static Answer twoLengths() {
        return Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + COMPLETION.length()
                + "\r\ncontent-length: 4\r\n\r\n" + COMPLETION);
    }

    /** {@return the same length, twice} */
    public static Answer sameLengthTwice() {
        String length = "content-length: " + COMPLETION.length() + "\r\n";
        return Answer.raw(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + length + length + "\r\n" + COMPLETION);
    }

    /** {@return a chunk whose size is no number, after some good ones} */
    public static Answer badChunkSize() {
        return halfAStream(2).send("zz\r\ndata: x\n\n\r\n");
    }

    // Too much

    /** {@return a right answer, and bytes that belong to nothing right behind it} */
    public static Answer extraBytes() {
        return completion().send("extra");
    }

    /** {@return two answers to one request, at once} */
    public static Answer twoAnswers() {
        return completion().then(Answer.json(200, "{\"answer\":\"to nothing\"}"));
    }

    /** {@return a right answer, and after a while another one that nobody asked for} */
    public static Answer lateSecondAnswer(Duration delay) {
        return completion().pause(delay).then(Answer.json(200, "{\"answer\":\"to nothing\"}"));
    }

    /** {@return a 204 with a body} */
    public static Answer bodyWith204() {
        return Answer.http(204, JSON, utf8(COMPLETION));
    }

    /** {@return a body of zeros with its length, in whole KiB, sent no faster than it is taken} */
    public static Answer floodBody(long bytes) {
        return Answer.raw(Answer.head(200, JSON.with("content-length", Long.toString(bytes / 1024 * 1024))))
                .flood(new byte[1024], bytes / 1024 * 1024);
    }

    /**
     * {@return a stream of the same word for so many bytes, sent no faster than it is taken, and then its right end}
     *
     * @param bytes {@link Long#MAX_VALUE} for a stream without end
     */
    public static Answer floodStream(long bytes) {
        byte[] event = Answer.framed(utf8(Streams.word("word ")));
        return Answer.openEvents(List.of())
                .flood(event, bytes)
                .chunk(Streams.finish("stop"))
                .chunk(Streams.DONE)
                .lastChunk();
    }

    /** {@return a small body that becomes so many bytes when decompressed} */
    public static Answer gzipBomb(int bytes) {
        return Answer.http(200, JSON.with("content-encoding", "gzip"), Streams.gzipped(new byte[bytes]));
    }

    // Statuses

    /** {@return a 1xx as if it were the answer; nothing follows} */
    public static Answer informational(int status) {
        return Answer.raw(Answer.head(status, Headers.of())).stall();
    }

    /** {@return a 1xx, and after it the right answer} */
    public static Answer informationalFirst(int status) {
        return Answer.raw(Answer.head(status, Headers.of())).then(Answer.echo());
    }

    /** {@return a JSON answer with any status, 999 for one} */
    public static Answer status(int status) {
        return Answer.json(status, COMPLETION);
    }

    /** {@return a redirect} */
    public static Answer redirect(String location) {
        return Answer.http(302, Headers.of("location", location), new byte[0]);
    }

    // Unusual

    /** {@return a body without length or chunks: it ends with the connection} */
    public static Answer unframedBody() {
        return Answer.raw(Answer.head(200, JSON)).send(COMPLETION).close();
    }

    /** {@return a stream without chunks: it ends with the connection} */
    public static Answer unframedStream() {
        return Answer.raw(Answer.head(200, Answer.EVENT_STREAM))
                .send(utf8(String.join("", Streams.chat("Hello", " there"))))
                .close();
    }

    /** {@return a JSON body in chunks of one byte} */
    public static Answer tinyChunks() {
        return Answer.split(200, JSON, utf8(COMPLETION), 1);
    }

    /** {@return empty lines before the JSON, with which some providers keep the connection alive} */
    public static Answer leadingBlankLines() {
        return Answer.http(200, JSON, utf8("\n\n\n" + COMPLETION));
    }

    /** {@return a compressed JSON body, whether it was asked for or not} */
    public static Answer gzip() {
        return Answer.http(200, JSON.with("content-encoding", "gzip"), Streams.gzipped(utf8(COMPLETION)));
    }

    /** {@return a JSON body that is called something else} */
    public static Answer wrongContentType() {
        return Answer.http(200, Headers.of("content-type", "text/html"), utf8(COMPLETION));
    }

    /** {@return a right answer, after which the connection is ended without a word about it} */
    public static Answer closeAfterAnswer() {
        return completion().close();
    }

    /** {@return a right answer on a fresh connection, and none but an orderly end (FIN) on one that was used before} */
    public static Answer closeIfReused() {
        return Answer.from(request -> request.placeOnConnection() > 1 ? closeBeforeHead() : Answer.echo());
    }

    /** {@return a refusal sent before the request's body is read} */
    public static Answer refuseBody() {
        return Answer.json(
                        413,
                        "{\"error\":{\"message\":\"too large\",\"type\":\"invalid_request_error\",\"param\":null,"
                                + "\"code\":null}}")
                .beforeBody();
    }

    /** {@return no answer, and the request's body is not read} */
    public static Answer unreadBody() {
        return Answer.nothing().stall().withoutReading();
    }

    // Errors that are not JSON

    /** {@return an error as a web page} */
    public static Answer htmlError(int status) {
        return Answer.http(
                status,
                Headers.of("content-type", "text/html"),
                utf8("<html><head><title>" + status + "</title></head><body><h1>cloudflare</h1></body></html>\r\n"));
    }

    /** {@return an error as plain text} */
    public static Answer plainTextError(int status) {
        return plainTextError(status, "upstream connect error");
    }

    static Answer plainTextError(int status, String message) {
        return Answer.http(status, Headers.of("content-type", "text/plain; charset=utf-8"), utf8(message));
    }

    /** {@return an error without a body} */
    public static Answer emptyError(int status) {
        return Answer.http(status, Headers.of(), new byte[0]);
    }

    /** {@return an error in a shape that is not OpenAI's: such a one as Mistral, FastAPI or Gemini sends} */
    public static Answer foreignError(int status) {
        return Answer.json(status, "{\"detail\":[{\"loc\":[\"body\",\"model\"],\"msg\":\"field required\"}]}");
    }

    /**
     * {@return every fault above under its method's name, with common values for what it asks: pauses of 20 ms (2 ms
     * for the trickle), heads of 20 KiB, bodies of 4 MiB, streams of 4 MiB}
     */
    public static Map<String, Answer> all() {
        Map<String, Answer> all = new LinkedHashMap<>();
        all.put("resetBeforeHead", resetBeforeHead());
        all.put("closeBeforeHead", closeBeforeHead());
        all.put("silence", silence());
        all.put("late", late(MOMENT));
        all.put("resetInHead", resetInHead());
        all.put("closeInHead", closeInHead());
        all.put("stallInHead", stallInHead());
        all.put("resetMidBody", resetMidBody());
        all.put("closeMidBody", closeMidBody());
        all.put("stallMidBody", stallMidBody());
        all.put("resetMidStream", resetMidStream());
        all.put("closeMidStream", closeMidStream());
        all.put("closeMidChunk", closeMidChunk());
        all.put("stallMidStream", stallMidStream(2));
        all.put("trickle", trickle(Duration.ofMillis(2)));
        all.put("garbage", garbage());
        all.put("bareLfHead", bareLfHead());
        all.put("badStatusLine", badStatusLine());
        all.put("nulInHead", nulInHead());
        all.put("hugeHead", hugeHead(20 * 1024));
        all.put("lengthAndChunks", lengthAndChunks());
        all.put("twoLengths", twoLengths());
        all.put("sameLengthTwice", sameLengthTwice());
        all.put("badChunkSize", badChunkSize());
        all.put("extraBytes", extraBytes());
        all.put("twoAnswers", twoAnswers());
        all.put("lateSecondAnswer", lateSecondAnswer(MOMENT));
        all.put("bodyWith204", bodyWith204());
        all.put("floodBody", floodBody(4 << 20));
        all.put("floodStream", floodStream(4 << 20));
        all.put("gzipBomb", gzipBomb(4 << 20));
        all.put("informational", informational(102));
        all.put("informationalFirst", informationalFirst(103));
        all.put("status", status(999));
        all.put("redirect", redirect("http://127.0.0.1:9/"));
        all.put("unframedBody", unframedBody());
        all.put("unframedStream", unframedStream());
        all.put("tinyChunks", tinyChunks());
        all.put("leadingBlankLines", leadingBlankLines());
        all.put("gzip", gzip());
        all.put("wrongContentType", wrongContentType());
        all.put("closeAfterAnswer", closeAfterAnswer());
        all.put("closeIfReused", closeIfReused());
        all.put("refuseBody", refuseBody());
        all.put("unreadBody", unreadBody());
        all.put("htmlError", htmlError(502));
        all.put("plainTextError", plainTextError(503));
        all.put("emptyError", emptyError(500));
        all.put("foreignError", foreignError(422));
        return all;
    }

    private static Answer completion() {
        return Answer.json(200, COMPLETION);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
