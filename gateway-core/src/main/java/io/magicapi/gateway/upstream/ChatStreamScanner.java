package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.buffer.HeapBytes;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.Usage;
import io.magicapi.gateway.observe.UsagePointers;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Watches one stream of chat completion chunks on its way from the upstream to the client, and says which bytes go on.
 * The one place that knows the rules of such streams; one instance per attempt, one thread.
 *
 * <p><b>What leaves</b> is events made of {@code data} lines, comments, and {@code event: error}; nothing else, as some
 * client in use stumbles over everything else. A stream that already is like this, with LF or CRLF, leaves byte for
 * byte, its chunks being the very buffers that came in. Only an event that needs a repair is written anew:
 *
 * <ul>
 *   <li>A byte order mark at the start is dropped, and a lone CR at a line's end becomes LF.
 *   <li>An event without data, or with blank data, is dropped. Comments in it stay.
 *   <li>{@code id}, {@code retry} and unknown fields are dropped. (Python's client remembers an id and then takes the
 *       blank line after the next comment for an event.)
 *   <li>An event with a name other than {@code error} loses the name, as clients of chat streams go by the data alone.
 *       If its data does not mention {@code "choices"} it is no chunk, but a ping or some vendor's notice, and is
 *       dropped: clients fail on a chunk without choices.
 *   <li>An error gets the name {@code error}, without which some clients take it for a good end. Its data stays as it
 *       is if it has OpenAI's shape and is given it otherwise, see {@link ErrorShape}. Nothing follows an error.
 *   <li>An event whose data does not begin and end as a JSON object does is {@linkplain #malformed() malformed}: clients
 *       crash on it. It is dropped, and nothing follows it.
 *   <li>Nothing follows {@code [DONE]}. It is added if it is missing at the proper end of a stream with a {@code
 *       finish_reason}, as some clients wait for it.
 * </ul>
 *
 * <p>All events in which nothing needs repair pass, whatever they hold.
 *
 * <p><b>How it reads.</b> Lines end with LF, CRLF or CR, and an event with a blank line. Events are looked at whole; one
 * that is incomplete is held until its end arrives, and scanning goes on where it stopped, so an event that trickles in
 * costs no more than one that comes at once. A CR at the end of what has arrived waits for the next byte, unless the
 * line before it ended with a lone CR too: then the event is over, and a LF that may follow belongs to it.
 *
 * <p><b>What it parses.</b> Hardly anything. While it looks for line ends it also sees the quotes, and at each looks back
 * whether they close {@code "error"}, {@code "finish_reason"} or the name of a usage object. Inside of a JSON string
 * quotes are escaped, so a match is a whole JSON string, if not yet a name in the right place. Unless {@code null}
 * follows, as it does in all chunks but one or two, the event is parsed and properly asked.
 */
final class ChatStreamScanner {

    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NOTHING = {};
    private static final int BYTES_OF_A_TOKEN = 4;

    /** Of {@code "content":""} and the little that else tells a chunk with text from one without. */
    private static final int TEXT_FIELD = 24;

    // What is known of the event being read.
    private static final int DATA = 1; // it has a data line
    private static final int TEXT = 1 << 1; // the data is not blank
    private static final int DONE = 1 << 2; // the data begins with [DONE]
    private static final int UNCLEAN = 1 << 3; // it has other lines than data and comments, or a lone CR
    private static final int SUSPECT = 1 << 4; // it may tell an error, a finish_reason or usage
    private static final int MARKED = 1 << 5; // it begins with a byte order mark
    private static final int BARE = 1 << 6; // the data begins with something else than a brace
    private static final int OPEN = 1 << 7; // the data ends with something else than a brace, so far

    private final List<JsonPointer> usagePointers;
    private final byte[][] names;
    private final long lastLetters; // bit n: some name ends with a byte that is n modulo 64
    private final int maxEvent;
    private final boolean hidesUsage;

    /** The event being read, as far as it was there when the last chunk ended. */
    private byte[] held = NOTHING;

    private int heldLength;

    /** Where reading stands in the event, counted from its first byte. */
    private int position;

    private int lineStart;
    private int flags;
    private int name = -1; // where a name that is looked for ended last, while it is not known what follows
    private boolean afterLoneReturn;

    private boolean begun;
    private boolean skipLineFeed; // the event before ended with two lone CRs
    private boolean done;
    private boolean failed;
    private boolean malformed;
    private boolean finished;
    private boolean empty = true;
    private @Nullable Usage usage;

    // By which the tokens are estimated.
    private long chunks;
    private long chunkBytes;
    private int shortestChunk = Integer.MAX_VALUE;

    /**
     * A scanner for a stream that is about to begin.
     *
     * @param usagePointers where chunks carry usage
     * @param maxEvent how many bytes of an incomplete event are held
     */
    ChatStreamScanner(UsagePointers usagePointers, int maxEvent) {
        this(usagePointers, maxEvent, false);
    }

    /**
     * The same.
     *
     * @param hidesUsage whether chunks that only tell usage are read and dropped: the client has not asked for them
     */
    ChatStreamScanner(UsagePointers usagePointers, int maxEvent, boolean hidesUsage) {
        this.hidesUsage = hidesUsage;
        this.usagePointers =
                usagePointers.pointers().stream().filter(p -> !p.matches()).toList();
        this.names = Stream.concat(
                        Stream.of("error", "finish_reason"),
                        this.usagePointers.stream().map(p -> p.last().getMatchingProperty()))
                .distinct()
                .map(n -> ('"' + n).getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        this.lastLetters =
                Arrays.stream(names).mapToLong(n -> 1L << n[n.length - 1]).reduce(0, (all, letter) -> all | letter);
        this.maxEvent = maxEvent;
    }

    /**
     * Takes the next bytes of the stream.
     *
     * @param chunk belongs to the scanner from now on
     * @return what is to be sent at once; may be empty, and may be {@code chunk} itself
     * @throws GatewayException {@link ErrorCode#UPSTREAM_PROTOCOL_ERROR} if an event is longer than may be held; the
     *     scanner is of no use then
     */
    Buffer scan(Buffer chunk) {
        if (isOver()) {
            return Buffer.buffer();
        }
        HeapBytes bytes = HeapBytes.of(chunk);
        if (heldLength == 0) {
            return read(bytes.array(), bytes.offset(), bytes.end(), chunk);
        }
        hold(bytes.array(), bytes.offset(), bytes.length());
        return read(held, 0, heldLength, null);
    }

    /**
     * Tells the scanner that the upstream ended its answer properly. An event that is incomplete now is discarded, as
     * the specification of event streams has it, but for {@code [DONE]}, which is completed; and added if nothing but it
     * is missing.
     *
     * @return what is to be sent before the end; may be empty
     */
    Buffer end() {
        Buffer last = isOver() || heldLength == 0 ? Buffer.buffer() : endHeld();
        if (!finished || isOver()) {
            return last;
        }
        done = true;
        return Buffer.buffer().appendBuffer(last).appendBytes(EventLines.DONE_EVENT);
    }

    private Buffer endHeld() {
        byte[] lineFeed = {'\n'};
        Buffer last = Buffer.buffer();
        if (held[heldLength - 1] == '\r' && position == heldLength - 1) {
            // The byte that this CR has waited for will not come, so it ends a line, and maybe an event.
            hold(lineFeed, 0, 1);
            last = read(held, 0, heldLength, null);
        }
        if (heldLength > 0) {
            hold(lineFeed, 0, 1);
            if (endOfEvent(held, 0, heldLength) < 0) {
                hold(lineFeed, 0, 1);
                endOfEvent(held, 0, heldLength);
            }
            if ((flags & DONE) != 0) {
                done = true;
                last.appendBytes(EventLines.DONE_EVENT);
            }
        }
        held = NOTHING;
        heldLength = 0;
        return last;
    }

    /** {@return whether {@code [DONE]} was seen; what comes after it is dropped} */
    boolean done() {
        return done;
    }

    /** {@return whether an error was passed to the client; what comes after it is dropped} */
    boolean failed() {
        return failed;
    }

    /** {@return whether an event came that is no JSON object; it was dropped, and what comes after it is dropped, too} */
    boolean malformed() {
        return malformed;
    }

    private boolean isOver() {
        return done || failed || malformed;
    }

    /** {@return whether some choice was given a {@code finish_reason}} */
    boolean finished() {
        return finished;
    }

    /** {@return whether nothing but {@code [DONE]} and comments was passed to the client} */
    boolean empty() {
        return empty;
    }

    /** {@return the last usage the upstream told} */
    Optional<Usage> usage() {
        return Optional.ofNullable(usage);
    }

    /** Reads the usage of an answer that turned out to be no stream. */
    void readDocument(Buffer document) {
        noteUsage(Json.parse(document.getBytes()));
    }

    /** {@return whether an error came, or what is no chunk, and no chunk before it} */
    boolean failedAtOnce() {
        return (failed || malformed) && chunks == 0;
    }

    /**
     * {@return about how many tokens the stream has had so far} A chunk is one at least, as most providers send each token
     * by itself; what chunks have beyond the shortest of them, which says nothing, is text in a field of its own.
     */
    long tokens() {
        long text = chunkBytes - chunks * (shortestChunk + TEXT_FIELD);
        return chunks == 0 ? 0 : Math.max(chunks, text / BYTES_OF_A_TOKEN);
    }

    /**
     * Reads events as far as there are.
     *
     * @param array has the event being read at {@code from}
     * @param chunk the buffer that {@code array} is from; null if it is what was held
     */
    private Buffer read(byte[] array, int from, int end, @Nullable Buffer chunk) {
        Buffer sent = null;
        int event = from;
        int unsent = from; // from here up to the event all bytes leave as they are
        boolean over = false;
        while (event < end && !over) {
            if (skipLineFeed) {
                skipLineFeed = false;
                if (array[event] == '\n') {
                    sent = append(sent, array, unsent, event);
                    event++;
                    unsent = event;
                    continue;
                }
            }
            int next = endOfEvent(array, event, end);
            if (next < 0) {
                break;
            }
            if ((flags & MARKED) != 0) {
                sent = append(sent, array, unsent, event);
                event += 3;
                unsent = event;
            }
            byte[] replacement = null;
            if (needsLook()) {
                replacement = look(array, event, next);
                over = isOver();
            }
            if (replacement != null) {
                sent = append(sent, array, unsent, event).appendBytes(replacement);
                unsent = next;
            } else if ((flags & (TEXT | DONE)) == TEXT) {
                empty = false;
            }
            if ((flags & (TEXT | DONE)) == TEXT && !over) {
                chunks++;
                chunkBytes += next - event;
                shortestChunk = Math.min(shortestChunk, next - event);
            }
            event = next;
            nextEvent();
        }
        if (sent != null) {
            append(sent, array, unsent, event);
        } else if (chunk == null) {
            // What was held goes out, and its array with it.
            sent = event == 0 ? Buffer.buffer() : HeapBytes.wrap(array, 0, event);
        } else {
            sent = event == end ? chunk : chunk.slice(0, event - from);
        }
        keep(array, event, over ? event : end, chunk == null && event == 0 && !over);
        return sent;
    }

    private static Buffer append(@Nullable Buffer sent, byte[] array, int from, int to) {
        Buffer buffer = sent == null ? Buffer.buffer(to - from) : sent;
        return buffer.appendBytes(array, from, to - from);
    }

    /** Holds what is left over. */
    private void keep(byte[] array, int from, int end, boolean alreadyHeld) {
        if (end - from > maxEvent) {
            throw new GatewayException(
                    ErrorCode.UPSTREAM_PROTOCOL_ERROR,
                    "the upstream sent an event of more than " + maxEvent + " bytes, which is the limit");
        }
        if (!alreadyHeld) {
            held = NOTHING;
            heldLength = 0;
            hold(array, from, end - from);
        }
    }

    private void hold(byte[] array, int from, int length) {
        if (held.length - heldLength < length) {
            held = Arrays.copyOf(held, Math.max(heldLength + length, 2 * held.length));
        }
        System.arraycopy(array, from, held, heldLength, length);
        heldLength += length;
    }

    /**
     * Goes on reading an event, and collects what {@link #flags} say about it.
     *
     * @param event where it begins
     * @return the index after its blank line; -1 if that has not come yet
     */
    private int endOfEvent(byte[] array, int event, int end) {
        int i = event + position;
        while (i < end) {
            int b = array[i] & 0xff;
            if (b > '"') {
                i++;
            } else if (b == '"') {
                if (i > event && (lastLetters >>> array[i - 1] & 1) != 0) {
                    noteName(array, event, i);
                }
                i++;
            } else if (b == '\n') {
                boolean blank = endLine(array, event, i);
                i++;
                lineStart = i - event;
                afterLoneReturn = false;
                if (blank) {
                    return i;
                }
            } else if (b == '\r') {
                boolean last = afterLoneReturn && lineStart == i - event;
                if (i + 1 == end && !last) {
                    break;
                }
                boolean pair = !last && array[i + 1] == '\n';
                boolean blank = endLine(array, event, i);
                i += pair ? 2 : 1;
                lineStart = i - event;
                afterLoneReturn = !pair;
                flags |= pair ? 0 : UNCLEAN;
                if (blank) {
                    skipLineFeed = last;
                    return i;
                }
            } else {
                i++;
            }
        }
        position = i - event;
        return -1;
    }

    /**
     * Looks at a line of which the end has been found.
     *
     * @return whether it is blank
     */
    private boolean endLine(byte[] array, int event, int end) {
        settleName(array, event, end);
        int line = event + lineStart;
        if (!begun) {
            begun = true;
            if (EventLines.startsWithByteOrderMark(array, line, end)) {
                flags |= MARKED;
                line += 3;
            }
        }
        if (line == end) {
            return true;
        }
        if (array[line] == ':') {
            return false;
        }
        if (!EventLines.isField(EventLines.DATA, array, line, end)) {
            flags |= UNCLEAN;
            return false;
        }
        int text = line + EventLines.DATA.length + 1;
        while (text < end && array[text] <= ' ' && array[text] >= 0) {
            text++;
        }
        if (text < end) {
            if ((flags & TEXT) == 0 && array[text] != '{') {
                flags |= EventLines.startsWith(EventLines.DONE, array, text, end) ? DONE : BARE;
            }
            flags = endsWithBrace(array, end) ? flags & ~OPEN : flags | OPEN;
            flags |= TEXT;
        }
        flags |= DATA;
        return false;
    }

    /** {@return whether the last byte before {@code end} is a brace, but for blanks; there is one that is not blank} */
    private static boolean endsWithBrace(byte[] array, int end) {
        int last = end - 1;
        while (array[last] <= ' ' && array[last] >= 0) {
            last--;
        }
        return array[last] == '}';
    }

    /** Remembers the name that a quote at {@code i} closes, if it is one that is looked for. */
    private void noteName(byte[] array, int event, int i) {
        if ((flags & SUSPECT) != 0) {
            return;
        }
        int line = event + lineStart;
        for (byte[] candidate : names) {
            int length = candidate.length;
            if (i - length >= line
                    && array[i - 1] == candidate[length - 1]
                    && Arrays.equals(array, i - length, i, candidate, 0, length)) {
                settleName(array, event, i);
                name = i - event;
                return;
            }
        }
    }

    /** Makes the event suspect if the name noted last is followed by anything but {@code null}. */
    private void settleName(byte[] array, int event, int end) {
        if (name < 0) {
            return;
        }
        int i = skipBlanks(array, event + name + 1, end);
        name = -1;
        if (i < end && array[i] == ':') {
            i = skipBlanks(array, i + 1, end);
            if (EventLines.startsWith(NULL, array, i, end)) {
                return;
            }
        }
        flags |= SUSPECT;
    }

    private static int skipBlanks(byte[] array, int from, int end) {
        int i = from;
        while (i < end && (array[i] == ' ' || array[i] == '\t')) {
            i++;
        }
        return i;
    }

    private void nextEvent() {
        position = 0;
        lineStart = 0;
        flags = 0;
        name = -1;
        afterLoneReturn = false;
    }

    private boolean needsLook() {
        return (flags & (UNCLEAN | SUSPECT | DONE | BARE | OPEN)) != 0 || (flags & (DATA | TEXT)) == DATA;
    }

    /**
     * Looks closely at one event.
     *
     * @return what is to be sent in its place; null if it stays as it is
     */
    private byte @Nullable [] look(byte[] array, int from, int to) {
        EventLines event = new EventLines(array, from, to);
        boolean named = event.name() != null;
        boolean errorNamed = "error".equals(event.name());
        boolean clean = (flags & UNCLEAN) == 0;
        if ((flags & DONE) != 0) {
            done = true;
            boolean plain = Arrays.equals(event.data(), EventLines.DONE);
            return !plain ? EventLines.DONE_EVENT : clean ? null : event.withData();
        }
        if ((flags & TEXT) == 0 && !errorNamed) {
            return event.withoutData();
        }
        JsonNode json = (flags & SUSPECT) != 0 || errorNamed ? Json.parse(event.data()) : Json.ABSENT;
        if (errorNamed || ErrorShape.isError(json)) {
            failed = true;
            empty = false;
            noteUsage(json);
            return ErrorShape.isOpenAi(json) ? event.asError() : ErrorShape.event(json, event.data());
        }
        if (named && !EventLines.contains(event.data(), "\"choices\"")) {
            return event.withoutData();
        }
        if ((flags & (BARE | OPEN)) != 0) {
            malformed = true;
            return event.withoutData();
        }
        empty = false;
        noteUsage(json);
        noteFinish(json);
        if (hidesUsage && usage != null && isUsageOnly(json)) {
            return event.withoutData();
        }
        return clean ? null : event.withData();
    }

    private void noteUsage(JsonNode json) {
        for (JsonPointer pointer : usagePointers) {
            Optional<Usage> found = Usage.from(json.at(pointer));
            if (found.isPresent()) {
                usage = found.get();
                return;
            }
        }
    }

    private static boolean isUsageOnly(JsonNode json) {
        return json.path("choices").isArray() && json.path("choices").isEmpty();
    }

    private void noteFinish(JsonNode json) {
        for (JsonNode choice : json.path("choices")) {
            finished |= choice.path("finish_reason").isTextual();
        }
    }
}
