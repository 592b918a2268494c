package io.magicapi.gateway.routing;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.magicapi.gateway.buffer.HeapBytes;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What routing needs to know of a JSON request: {@code model}, {@code stream} and {@code stream_options.include_usage}.
 *
 * <p>The body is read once, in place; nothing is built, and what is of no interest is skipped without being decoded. The body itself is never changed: it goes upstream byte for byte, or, if another model is to
 * be asked for, with the bytes of that one value exchanged ({@link #withModel}).
 *
 * <p>Reading is strict, also where the provider is named by a header: it must see exactly what the upstream will see, or
 * somebody could name one model to the gateway and another to the upstream. So the body must be one JSON object in valid
 * UTF-8, read to its end, in which no field that is read here occurs twice.
 *
 * <p>Immutable.
 */
public final class RequestPeek {

    private final @Nullable String model;
    private final boolean modelPresent;
    private final int modelStart;
    private final int modelEnd;
    private final boolean stream;
    private final boolean includeUsage;
    private final Reading reading;

    private RequestPeek(Reading reading) {
        this.model = reading.model;
        this.modelPresent = reading.modelSeen;
        this.modelStart = reading.modelStart;
        this.modelEnd = reading.modelEnd;
        this.stream = reading.stream;
        this.includeUsage = reading.includeUsage;
        this.reading = reading;
    }

    /**
     * Bytes that may take the place of others.
     *
     * @param start where those begin
     * @param end where they end; {@code start} if there are none
     */
    private record Splice(int start, int end, byte[] bytes) {

        static Splice of(int start, int end, String json) {
            return new Splice(start, end, json.getBytes(StandardCharsets.UTF_8));
        }
    }

    /**
     * Reads a body whose model decides something.
     *
     * @param body complete; shared, not changed
     * @throws GatewayException {@link ErrorCode#INVALID_JSON} unless the body is one JSON object in UTF-8, nested at
     *     most 1000 deep, that has each of the fields read here at most once, and no number of more than 1000 characters
     */
    public static RequestPeek of(Buffer body) {
        HeapBytes bytes = HeapBytes.of(body);
        if (bytes.length() == 0) {
            throw invalid("the request has no body; a JSON object is expected");
        }
        requireNoForeignEncoding(bytes);
        Reading reading = new Reading(bytes);
        try {
            reading.read();
        } catch (JsonScan.Fault fault) {
            requireUtf8(bytes); // if that is what is wrong, it explains more
            throw invalid("the request body is not valid JSON: " + fault.getMessage() + " near byte "
                    + (fault.at() - bytes.offset()));
        }
        return new RequestPeek(reading);
    }

    /** {@return the model asked for; empty if there is none, or it is not a string or an empty one} */
    public Optional<String> model() {
        return Optional.ofNullable(model);
    }

    /**
     * {@return the model asked for}
     *
     * @throws GatewayException {@link ErrorCode#MODEL_REQUIRED} if there is none
     */
    public String requireModel() {
        if (model == null) {
            throw new GatewayException(
                    ErrorCode.MODEL_REQUIRED,
                    modelPresent
                            ? "\"model\" must be a string that is not empty"
                            : "the request body has no \"model\"; name one, such as \"openai/gpt-oss-120b\"",
                    Optional.of("model"));
        }
        return model;
    }

    /** {@return whether a stream is asked for: {@code "stream": true}} */
    public boolean stream() {
        return stream;
    }

    /** {@return whether a stream is to end with its usage: {@code "stream_options": {"include_usage": true}}} */
    public boolean includeUsage() {
        return includeUsage;
    }

    /**
     * The body with another model in place of {@link #model()}; every other byte stays as it is.
     *
     * @param body the one that was read
     * @param newModel becomes a JSON string, escaped where it must be
     * @return a new buffer
     * @throws IllegalStateException if the body names no model
     */
    public Buffer withModel(Buffer body, String newModel) {
        if (model == null) {
            throw new IllegalStateException("the body names no model that could be replaced");
        }
        return with(body, List.of(model(newModel)));
    }

    /**
     * The body with the wish that a stream ends with its usage; every other byte stays as it is.
     *
     * @param body the one that was read
     * @param newModel another model, as in {@link #withModel}, if it is to have one
     * @return a new buffer
     */
    public Buffer withUsage(Buffer body, Optional<String> newModel) {
        List<Splice> splices = new ArrayList<>();
        splices.add(reading.usageWish());
        newModel.ifPresent(name -> splices.add(model(name)));
        splices.sort(Comparator.comparingInt(Splice::start));
        return with(body, splices);
    }

    private Splice model(String newModel) {
        return Splice.of(
                modelStart,
                modelEnd,
                '"' + new String(JsonStringEncoder.getInstance().quoteAsString(newModel)) + '"');
    }

    /** @param splices by their places */
    private static Buffer with(Buffer body, List<Splice> splices) {
        Buffer changed = Buffer.buffer(body.length() + 64);
        int kept = 0;
        for (Splice splice : splices) {
            changed.appendBuffer(body, kept, splice.start() - kept).appendBytes(splice.bytes());
            kept = splice.end();
        }
        return changed.appendBuffer(body, kept, body.length() - kept);
    }

    /**
     * {@return the text or number in a field at the top of a body; empty if it has none}
     *
     * @param body one that was read before
     */
    public static Optional<String> field(Buffer body, String name) {
        HeapBytes bytes = HeapBytes.of(body);
        JsonScan json = new JsonScan(bytes.array(), bytes.offset(), bytes.end());
        try {
            for (boolean more = json.enter('{', '}'); more; more = json.goesOn('}')) {
                if (json.name().equals(name)) {
                    return textOrNumber(json, bytes.array());
                }
                json.skipValue();
            }
        } catch (JsonScan.Fault fault) {
            throw new IllegalStateException("the body was read before", fault);
        }
        return Optional.empty();
    }

    private static Optional<String> textOrNumber(JsonScan json, byte[] array) throws JsonScan.Fault {
        int first = json.next();
        if (first == '"') {
            return Optional.of(json.string());
        }
        int start = json.position();
        json.skipValue();
        return first == '-' || (first >= '0' && first <= '9')
                ? Optional.of(new String(array, start, json.position() - start, StandardCharsets.US_ASCII))
                : Optional.empty();
    }

    private static void requireUtf8(HeapBytes bytes) {
        int fault = Utf8.firstFault(bytes.array(), bytes.offset(), bytes.end());
        if (fault >= 0) {
            throw invalid("the request body is not valid UTF-8 at byte " + (fault - bytes.offset()));
        }
    }

    /** For a message that explains more than that no JSON begins like this. */
    private static void requireNoForeignEncoding(HeapBytes bytes) {
        byte[] array = bytes.array();
        int first = bytes.length() == 0 ? ' ' : array[bytes.offset()] & 0xff;
        // No JSON in UTF-8 begins with one of these, or has a NUL among its first bytes.
        boolean foreign = first == 0xef || first == 0xfe || first == 0xff;
        for (int i = bytes.offset(); i < Math.min(bytes.end(), bytes.offset() + 4); i++) {
            foreign |= array[i] == 0;
        }
        if (foreign) {
            throw invalid("the request body must be JSON in UTF-8 without a byte order mark");
        }
    }

    private static GatewayException invalid(String message) {
        return new GatewayException(ErrorCode.INVALID_JSON, message);
    }

    /** One reading of one body; what it finds stays in its fields when it fails half-way. */
    private static final class Reading {

        private final JsonScan json;
        private final int origin;

        private @Nullable String model;
        private boolean modelSeen;
        private int modelStart;
        private int modelEnd;
        private boolean stream;
        private boolean streamSeen;
        private boolean includeUsage;
        private boolean optionsSeen;
        private int begin;

        /** Of the value of {@code stream_options}, and of that of its {@code include_usage}; negative: there is none. */
        private int optionsStart = -1;

        private int optionsEnd;
        private boolean optionsEmpty = true;
        private int usageStart = -1;
        private int usageEnd;

        Reading(HeapBytes bytes) {
            this.json = new JsonScan(bytes.array(), bytes.offset(), bytes.end());
            this.origin = bytes.offset();
        }

        void read() throws JsonScan.Fault {
            if (json.next() != '{') {
                throw invalid("the request body must be a JSON object");
            }
            begin = position();
            for (boolean more = json.enter('{', '}'); more; more = json.goesOn('}')) {
                field(json.name(), json.next());
            }
            if (json.next() >= 0) {
                throw invalid("the request body is not valid JSON: it must be one object with nothing after it");
            }
        }

        /** @param first the first byte of the value, which is still to be read */
        private void field(String name, int first) throws JsonScan.Fault {
            switch (name) {
                case "model" -> {
                    requireFirst(modelSeen, name);
                    modelSeen = true;
                    readModel(first);
                }
                case "stream" -> {
                    requireFirst(streamSeen, name);
                    streamSeen = true;
                    stream = first == 't';
                    json.skipValue();
                }
                case "stream_options" -> {
                    requireFirst(optionsSeen, name);
                    optionsSeen = true;
                    optionsStart = position();
                    if (first == '{') {
                        readStreamOptions();
                    } else {
                        json.skipValue();
                        optionsEnd = position();
                    }
                }
                default -> json.skipValue();
            }
        }

        private void readModel(int first) throws JsonScan.Fault {
            if (first != '"') {
                json.skipValue();
                return;
            }
            modelStart = position();
            String text = json.string();
            modelEnd = position();
            model = text.isEmpty() ? null : text;
        }

        private void readStreamOptions() throws JsonScan.Fault {
            boolean seen = false;
            for (boolean more = json.enter('{', '}'); more; more = json.goesOn('}')) {
                optionsEmpty = false;
                String name = json.name();
                int first = json.next();
                if (name.equals("include_usage")) {
                    requireFirst(seen, "stream_options.include_usage");
                    seen = true;
                    includeUsage = first == 't';
                    usageStart = position();
                    json.skipValue();
                    usageEnd = position();
                } else {
                    json.skipValue();
                }
            }
        }

        /** {@return how many bytes of the body come before the next one} */
        private int position() {
            return json.position() - origin;
        }

        /** {@return what says that the usage is wanted, in place of what says otherwise, or added} */
        Splice usageWish() {
            if (usageStart >= 0) {
                return Splice.of(usageStart, usageEnd, "true");
            }
            if (optionsStart < 0) {
                return Splice.of(begin + 1, begin + 1, "\"stream_options\":{\"include_usage\":true},");
            }
            if (optionsEnd > 0) {
                return Splice.of(optionsStart, optionsEnd, "{\"include_usage\":true}");
            }
            int inside = optionsStart + 1;
            return Splice.of(inside, inside, "\"include_usage\":true" + (optionsEmpty ? "" : ","));
        }

        private static void requireFirst(boolean seen, String name) {
            if (seen) {
                throw new GatewayException(
                        ErrorCode.INVALID_JSON,
                        "the request body has \"" + name + "\" more than once",
                        Optional.of(name));
            }
        }
    }
}
