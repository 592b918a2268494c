package io.magicapi.gateway.routing;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.magicapi.gateway.buffer.HeapBytes;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What routing needs to know of a JSON request: {@code model}, {@code stream} and {@code stream_options.include_usage}.
 *
 * <p>The body is read once by a streaming parser, in place; nothing is built, and what is of no interest is skipped
 * without being decoded. The body itself is never changed: it goes upstream byte for byte, or, if another model is to
 * be asked for, with the bytes of that one value exchanged ({@link #withModel}).
 *
 * <p>Reading is strict, also where the provider is named by a header: it must see exactly what the upstream will see, or
 * somebody could name one model to the gateway and another to the upstream. So the body must be one JSON object in valid
 * UTF-8, read to its end, in which no field that is read here occurs twice.
 *
 * <p>Immutable.
 */
public final class RequestPeek {

    /** Strings may be as long as the body, as images come in base64; the body has its own limit. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNestingDepth(1000)
                    .build())
            // Names come from clients: interning them would fill a table of the whole process.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

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
     *     most 1000 deep, that has each of the fields read here at most once, and no number of more than 1000 digits
     */
    public static RequestPeek of(Buffer body) {
        HeapBytes bytes = HeapBytes.of(body);
        requireJsonText(bytes);
        Reading reading = new Reading(bytes);
        try {
            reading.read();
        } catch (JsonProcessingException e) {
            throw invalid("the request body is not valid JSON: " + describe(e));
        } catch (IOException | IllegalStateException e) {
            throw invalid("the request body is not valid JSON");
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
        try (JsonParser json = JSON.createParser(bytes.array(), bytes.offset(), bytes.length())) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                boolean wanted = json.currentName().equals(name);
                JsonToken value = json.nextToken();
                if (wanted) {
                    return value == JsonToken.VALUE_STRING || value.isNumeric()
                            ? Optional.of(json.getText())
                            : Optional.empty();
                }
                json.skipChildren();
            }
        } catch (IOException unreadable) {
            throw new IllegalStateException("the body was read before", unreadable);
        }
        return Optional.empty();
    }

    private static void requireJsonText(HeapBytes bytes) {
        if (bytes.length() == 0) {
            throw invalid("the request has no body; a JSON object is expected");
        }
        requireNoForeignEncoding(bytes);
        int fault = Utf8.firstFault(bytes.array(), bytes.offset(), bytes.end());
        if (fault >= 0) {
            throw invalid("the request body is not valid UTF-8 at byte " + (fault - bytes.offset()));
        }
    }

    /** The parser would read UTF-16 and UTF-32 as well, but then it has no byte offsets to give. */
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

    /** The parser's own messages quote the body, which must not get into an error or a log. */
    private static String describe(JsonProcessingException failure) {
        long offset = failure.getLocation() == null ? -1 : failure.getLocation().getByteOffset();
        String what = failure instanceof StreamConstraintsException
                ? "it is nested too deeply, or a number or a name in it is too long"
                : "unexpected character or end";
        return offset < 0 ? what : what + " near byte " + offset;
    }

    /** One reading of one body; what it finds stays in its fields when it fails half-way. */
    private static final class Reading {

        private final HeapBytes bytes;

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
            this.bytes = bytes;
        }

        void read() throws IOException {
            try (JsonParser json = JSON.createParser(bytes.array(), bytes.offset(), bytes.length())) {
                if (json.nextToken() != JsonToken.START_OBJECT) {
                    throw invalid("the request body must be a JSON object");
                }
                begin = start(json);
                while (json.nextToken() != JsonToken.END_OBJECT) {
                    field(json, json.currentName());
                }
                if (json.nextToken() != null) {
                    throw invalid("the request body must be one JSON object with nothing after it");
                }
            }
        }

        private void field(JsonParser json, String name) throws IOException {
            JsonToken value = json.nextToken();
            switch (name) {
                case "model" -> {
                    requireFirst(modelSeen, name);
                    modelSeen = true;
                    readModel(json, value);
                }
                case "stream" -> {
                    requireFirst(streamSeen, name);
                    streamSeen = true;
                    stream = value == JsonToken.VALUE_TRUE;
                }
                case "stream_options" -> {
                    requireFirst(optionsSeen, name);
                    optionsSeen = true;
                    optionsStart = start(json);
                    if (value == JsonToken.START_OBJECT) {
                        readStreamOptions(json);
                    } else {
                        json.skipChildren();
                        optionsEnd = end(json);
                    }
                }
                default -> {}
            }
            json.skipChildren();
        }

        private void readModel(JsonParser json, JsonToken value) throws IOException {
            if (value != JsonToken.VALUE_STRING) {
                return;
            }
            modelStart = start(json);
            String text = json.getText();
            modelEnd = endOfString(modelStart);
            model = text.isEmpty() ? null : text;
        }

        private void readStreamOptions(JsonParser json) throws IOException {
            boolean seen = false;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                optionsEmpty = false;
                if (name.equals("include_usage")) {
                    requireFirst(seen, "stream_options.include_usage");
                    seen = true;
                    includeUsage = value == JsonToken.VALUE_TRUE;
                    usageStart = start(json);
                    json.skipChildren();
                    usageEnd = end(json);
                }
                json.skipChildren();
            }
        }

        private static int start(JsonParser json) {
            return (int) json.currentTokenLocation().getByteOffset();
        }

        /** Of a value that was just read; a number may be taken for one byte longer, a blank or what ends it. */
        private static int end(JsonParser json) throws IOException {
            json.finishToken();
            return (int) json.currentLocation().getByteOffset();
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

        private int endOfString(int start) {
            byte[] array = bytes.array();
            int i = bytes.offset() + start + 1;
            while (array[i] != '"') {
                i += array[i] == '\\' ? 2 : 1;
            }
            return i + 1 - bytes.offset();
        }
    }
}
