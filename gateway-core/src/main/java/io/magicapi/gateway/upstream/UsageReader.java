package io.magicapi.gateway.upstream;

import io.magicapi.gateway.buffer.EightBytes;
import io.magicapi.gateway.buffer.HeapBytes;
import io.magicapi.gateway.observe.Usage;
import io.magicapi.gateway.observe.UsagePointers;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the token usage of a JSON answer while the answer passes by in pieces. Nothing of it is kept but the usage
 * objects. It never fails: of an answer that is not JSON, or whose usage is somewhere else, it knows nothing.
 *
 * <p>A JSON parser would decode every string on the way, and embeddings and images are strings of megabytes. This needs
 * only to tell strings, brackets and the names of fields apart: it counts brackets, and compares names with the next
 * step of each pointer whose steps so far enclose the place where it is. At the end of a pointer, the object is
 * collected and then parsed. Answers that are cut later, or have blank lines before them, are no matter.
 *
 * <p>One instance per answer, one thread.
 */
final class UsageReader {

    private static final int MAX_NAME = 64;
    private static final int MAX_OBJECT = 64 * 1024;

    /** Below this depth it is not known what is an object and what an array; no pointer goes there. */
    private static final int MAX_DEPTH = Long.SIZE - 1;

    private static final UsagePointers OF_RESPONSES = UsagePointers.of(List.of("/response/usage"));

    private final Path[] paths;
    private final boolean events;
    private int documents;

    private int depth;
    private long objects; // bit n: the bracket at depth n is that of an object
    private boolean nameNext;
    private boolean inString;
    private boolean escaped;
    private boolean over;

    private final byte[] name = new byte[MAX_NAME];
    private int nameLength = -1; // -1: the string is no name

    private @Nullable Path target; // whose usage object is being collected
    private int targetDepth;
    private final ByteArrayOutputStream object = new ByteArrayOutputStream(0);

    /** A reader for one answer. */
    UsageReader(UsagePointers pointers) {
        this(pointers.steps(), false);
    }

    private UsageReader(List<byte[][]> pointers, boolean events) {
        this.events = events;
        this.paths = new Path[pointers.size()];
        Arrays.setAll(paths, i -> new Path(pointers.get(i)));
    }

    /**
     * {@return a reader for one stream of events with an object each} Besides the pointers it looks where the events of
     * the Responses API have their usage. What is outside of objects, such as the names of events, has no brackets.
     */
    static UsageReader ofEvents(UsagePointers pointers) {
        List<byte[][]> all = new ArrayList<>(pointers.steps());
        all.addAll(OF_RESPONSES.steps());
        return new UsageReader(all, true);
    }

    /** {@return how many objects have ended} */
    int documents() {
        return documents;
    }

    /** Takes the next bytes of the answer; they are read, not kept. */
    void read(Buffer chunk) {
        HeapBytes bytes = HeapBytes.of(chunk);
        byte[] array = bytes.array();
        int end = bytes.end();
        int collected = bytes.offset();
        int i = bytes.offset();
        while (i < end && !over) {
            if (inString) {
                i = readString(array, i, end);
                continue;
            }
            switch (array[i]) {
                case '"' -> {
                    if (depth > 0 || !events) {
                        startString();
                    }
                }
                case '{' -> {
                    if (open(true)) {
                        collected = i;
                    }
                }
                case '[' -> open(false);
                case '}', ']' -> {
                    if (target != null && depth == targetDepth) {
                        settle(target, array, collected, i + 1);
                    }
                    close();
                }
                case ',' -> nextValue();
                default -> {}
            }
            i++;
        }
        if (target != null) {
            collect(array, collected, i);
        }
    }

    /** {@return the usage read so far; that of the first pointer that led to one, and the last one of that} */
    Optional<Usage> usage() {
        for (Path path : paths) {
            if (path.usage.isPresent()) {
                return path.usage;
            }
        }
        return Optional.empty();
    }

    private void startString() {
        inString = true;
        nameLength = nameNext ? 0 : -1;
        nameNext = false;
    }

    private int readString(byte[] array, int from, int end) {
        int i = from;
        if (escaped) {
            escaped = false;
            i++;
        }
        int start = i;
        i = endOfPlain(array, i, end);
        if (nameLength >= 0) {
            noteName(array, start, i);
        }
        if (i == end) {
            return i;
        }
        if (array[i] == '\\') {
            escaped = true;
            nameLength = -1; // no name that is looked for has anything to escape
        } else {
            inString = false;
            endName();
        }
        return i + 1;
    }

    /** {@return where the next quote or backslash is; {@code end} if there is none} */
    private static int endOfPlain(byte[] array, int from, int end) {
        int i = from;
        // Most of an answer is in its strings.
        while (i + Long.BYTES <= end) {
            long bytes = EightBytes.at(array, i);
            long found = EightBytes.equal(bytes, '"') | EightBytes.equal(bytes, '\\');
            if (found != 0) {
                return i + EightBytes.first(found);
            }
            i += Long.BYTES; // not by what was found: the next eight bytes would wait for it
        }
        while (i < end && array[i] != '"' && array[i] != '\\') {
            i++;
        }
        return i;
    }

    private void noteName(byte[] array, int from, int to) {
        if (to - from > MAX_NAME - nameLength) {
            nameLength = -1;
            return;
        }
        System.arraycopy(array, from, name, nameLength, to - from);
        nameLength += to - from;
    }

    private void endName() {
        if (nameLength < 0 || target != null) {
            return;
        }
        for (Path path : paths) {
            path.name(name, nameLength, depth);
        }
    }

    /** {@return whether collecting begins with this bracket} */
    private boolean open(boolean isObject) {
        boolean begins = false;
        for (Path path : paths) {
            if (path.open(isObject, depth) && target == null) {
                target = path;
                targetDepth = depth + 1;
                begins = true;
            }
        }
        depth++;
        if (depth <= MAX_DEPTH) {
            long bit = 1L << depth;
            objects = isObject ? objects | bit : objects & ~bit;
        }
        nameNext = isObject && depth <= MAX_DEPTH;
        return begins;
    }

    private void close() {
        depth--;
        nameNext = false;
        if (depth <= 0) {
            depth = 0;
            documents++;
            over = !events;
        }
        for (Path path : paths) {
            path.close(depth);
        }
    }

    private void nextValue() {
        nameNext = depth <= MAX_DEPTH && (objects & (1L << depth)) != 0;
        for (Path path : paths) {
            path.armed = false;
        }
    }

    private void collect(byte[] array, int from, int to) {
        if (object.size() + to - from > MAX_OBJECT) {
            object.reset();
            target = null;
        } else {
            object.write(array, from, to - from);
        }
    }

    /** Its last bytes are here; most objects have come in one piece, which need not be copied. */
    private void settle(Path path, byte[] array, int from, int to) {
        Optional<Usage> found;
        if (object.size() == 0 && to - from <= MAX_OBJECT) {
            found = Usage.parse(array, from, to - from);
        } else {
            collect(array, from, to);
            found = Usage.parse(object.toByteArray(), 0, object.size());
        }
        if (found.isPresent()) {
            path.usage = found;
        }
        target = null;
        object.reset();
    }

    /** One pointer, and how far the brackets that are open now follow it. */
    private static final class Path {

        private final byte[][] steps;
        private int taken;
        private boolean armed; // the name just read is the next step
        private Optional<Usage> usage = Optional.empty();

        Path(byte[][] steps) {
            this.steps = steps;
        }

        void name(byte[] name, int length, int depth) {
            armed = taken == depth - 1
                    && taken < steps.length
                    && Arrays.equals(steps[taken], 0, steps[taken].length, name, 0, length);
        }

        /** {@return whether this is where the pointer points to} */
        boolean open(boolean isObject, int depth) {
            boolean step = armed && isObject;
            armed = false;
            if (step) {
                taken = depth;
            }
            return step && taken == steps.length;
        }

        void close(int depth) {
            armed = false;
            taken = Math.min(taken, Math.max(depth - 1, 0));
        }
    }
}
