package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.echo.EchoAnswer;
import io.magicapi.gateway.echo.EchoAnswers;
import io.magicapi.gateway.echo.EchoRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.Future;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * What a {@link FakeUpstream} does when a request has come: bytes it sends, pauses, and how it ends. Immutable, so one
 * answer may serve any number of requests; each of the methods that add something returns a new answer.
 *
 * <p>After an answer the connection stays open for the next request, unless the answer says otherwise or the request
 * asked for its end ({@code Connection: close}, HTTP/1.0).
 *
 * <pre>{@code
 * Answer.json(200, "{}")                                            // an ordinary one
 * Answer.events(Streams.chat("Hel", "lo"))                          // a stream, one chunk for each event
 * Answer.raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut").close()   // anything at all
 * }</pre>
 */
public final class Answer {

    /** When the answer begins. */
    enum Start {
        AFTER_BODY,
        AT_HEAD,
        AT_HEAD_AND_READ_NO_MORE
    }

    private final Start start;
    private final List<Function<ReceivedRequest, List<Step>>> script;

    private Answer(Start start, List<Function<ReceivedRequest, List<Step>>> script) {
        this.start = start;
        this.script = script;
    }

    // What is sent

    /**
     * {@return what the gateway's own echo provider would answer; what a server that was told nothing does}
     *
     * <p>Whatever a base URL puts before {@code /v1} is ignored.
     */
    public static Answer echo() {
        return from(request -> {
            String target =
                    request.target().substring(Math.max(0, request.target().indexOf("/v1/")));
            EchoAnswer echo = EchoAnswers.answer(EchoRequest.of(request.method(), target, request.body()));
            return echo.stream()
                    ? chunks(echo.status(), echo.headers(), echo.chunks(), Duration.ZERO)
                    : http(echo.status(), echo.headers(), echo.body());
        });
    }

    /**
     * {@return an answer that depends on the request}
     *
     * @param answers called on the server's event loop once the head is there, and the body too unless told otherwise;
     *     what it throws is answered as a plain-text 500
     */
    public static Answer from(Function<ReceivedRequest, Answer> answers) {
        Objects.requireNonNull(answers, "answers");
        return new Answer(
                Start.AFTER_BODY, List.of(request -> answers.apply(request).steps(request)));
    }

    /** {@return a JSON answer with its length} */
    public static Answer json(int status, String body) {
        return json(status, Headers.of(), body);
    }

    /** {@return a JSON answer with its length and these headers more} */
    public static Answer json(int status, Headers headers, String body) {
        return http(status, headers.with("content-type", "application/json"), body.getBytes(StandardCharsets.UTF_8));
    }

    /** {@return an answer with its length} */
    public static Answer http(int status, Headers headers, byte[] body) {
        return raw(head(status, headers.with("content-length", Integer.toString(body.length))))
                .send(body);
    }

    /** {@return a stream of events, each sent at once as one chunk, exactly as given, and the end of the stream} */
    public static Answer events(String... events) {
        return events(Duration.ZERO, List.of(events));
    }

    /** {@return a stream of events, each sent as one chunk, exactly as given, and the end of the stream} */
    public static Answer events(List<String> events) {
        return events(Duration.ZERO, events);
    }

    /** {@return a stream of events with a pause before each but the first} */
    public static Answer events(Duration pause, List<String> events) {
        return chunks(200, EVENT_STREAM, utf8(events), pause);
    }

    /** {@return the beginning of a stream: head and events, but no end, so that something else can follow} */
    public static Answer openEvents(List<String> events) {
        return openChunks(200, EVENT_STREAM, utf8(events), Duration.ZERO);
    }

    /** {@return a chunked answer of these chunks, with a pause before each but the first} */
    public static Answer chunks(int status, Headers headers, List<byte[]> chunks, Duration pause) {
        return openChunks(status, headers, chunks, pause).lastChunk();
    }

    /** {@return a chunked answer of one body, in chunks of {@code size} bytes wherever these may fall} */
    public static Answer split(int status, Headers headers, byte[] body, int size) {
        return chunks(status, headers, pieces(body, size), Duration.ZERO);
    }

    /** {@return these characters as bytes, one each; what HTTP makes of them is the receiver's business} */
    public static Answer raw(String latin1) {
        return raw(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** {@return these bytes; what HTTP makes of them is the receiver's business} */
    public static Answer raw(byte[] bytes) {
        return nothing().send(bytes);
    }

    /** {@return an answer that sends nothing at all, and to which something may be added} */
    public static Answer nothing() {
        return new Answer(Start.AFTER_BODY, List.of());
    }

    // What is added

    /** {@return this answer, and then these characters as bytes, one each} */
    public Answer send(String latin1) {
        return send(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** {@return this answer, and then these bytes} */
    public Answer send(byte[] bytes) {
        byte[] copy = bytes.clone();
        return then(connection -> connection.send(copy));
    }

    /** {@return this answer, and then these characters, in UTF-8, as one chunk of a chunked body} */
    public Answer chunk(String text) {
        return chunk(text.getBytes(StandardCharsets.UTF_8));
    }

    /** {@return this answer, and then these bytes as one chunk of a chunked body} */
    public Answer chunk(byte[] bytes) {
        return send(framed(bytes));
    }

    /** {@return this answer, and then the end of a chunked body} */
    public Answer lastChunk() {
        return send("0\r\n\r\n");
    }

    /** {@return this answer, and then a pause} */
    public Answer pause(Duration pause) {
        return then(connection -> connection.pause(pause));
    }

    /**
     * {@return this answer, and then the same bytes again and again, no faster than the receiver takes them}
     *
     * @param unit the bytes to repeat
     * @param total how many bytes to send at least; {@link Long#MAX_VALUE} to go on until the connection ends
     */
    public Answer flood(byte[] unit, long total) {
        byte[] copy = unit.clone();
        return then(connection -> connection.flood(copy, total));
    }

    /** {@return this answer, and then all of another} */
    public Answer then(Answer next) {
        List<Function<ReceivedRequest, List<Step>>> both = new ArrayList<>(script);
        both.addAll(next.script);
        return new Answer(start, List.copyOf(both));
    }

    /** {@return this answer, and then silence until the client ends the connection} */
    public Answer stall() {
        return then(FakeConnection::stall);
    }

    /** {@return this answer, and then an orderly end of the connection (FIN)} */
    public Answer close() {
        return then(FakeConnection::close);
    }

    /** {@return this answer, and then an abrupt end of the connection (RST)} */
    public Answer reset() {
        return then(FakeConnection::reset);
    }

    private Answer then(Step step) {
        return then(List.of(step));
    }

    private Answer then(List<Step> steps) {
        return then(new Answer(start, List.of(request -> steps)));
    }

    // When it begins

    /** {@return this answer, begun when the request's head is there; its body is read all the same} */
    public Answer beforeBody() {
        return new Answer(Start.AT_HEAD, script);
    }

    /**
     * {@return this answer, begun when the request's head is there, while nothing more is read from the connection. The
     * client's end of it goes unnoticed too.}
     */
    public Answer withoutReading() {
        return new Answer(Start.AT_HEAD_AND_READ_NO_MORE, script);
    }

    Start start() {
        return start;
    }

    List<Step> steps(ReceivedRequest request) {
        List<Step> steps = new ArrayList<>();
        script.forEach(part -> steps.addAll(part.apply(request)));
        return steps;
    }

    /** One thing done to a connection. */
    @FunctionalInterface
    interface Step {
        Future<Void> run(FakeConnection connection);
    }

    static final Headers EVENT_STREAM = Headers.of("content-type", "text/event-stream");

    /** {@return a head with these headers and no others; the framing of the body is the caller's} */
    static String head(int status, Headers headers) {
        StringBuilder head = new StringBuilder(
                "HTTP/1.1 " + status + " " + HttpResponseStatus.valueOf(status).reasonPhrase() + "\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        return head.append("\r\n").toString();
    }

    static Answer openChunks(int status, Headers headers, List<byte[]> chunks, Duration pause) {
        List<Step> steps = new ArrayList<>();
        for (byte[] chunk : chunks) {
            byte[] framed = framed(chunk);
            if (!steps.isEmpty() && !pause.isZero()) {
                steps.add(connection -> connection.pause(pause));
            }
            steps.add(connection -> connection.send(framed));
        }
        return raw(head(status, headers.with("transfer-encoding", "chunked"))).then(steps);
    }

    static byte[] framed(byte[] bytes) {
        ByteArrayOutputStream framed = new ByteArrayOutputStream();
        framed.writeBytes((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        framed.writeBytes(bytes);
        framed.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
        return framed.toByteArray();
    }

    static List<byte[]> utf8(List<String> texts) {
        return texts.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
    }

    static List<byte[]> pieces(byte[] whole, int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a piece has at least 1 byte, but size was " + size);
        }
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < whole.length; at += size) {
            pieces.add(Arrays.copyOfRange(whole, at, Math.min(whole.length, at + size)));
        }
        return pieces;
    }
}
