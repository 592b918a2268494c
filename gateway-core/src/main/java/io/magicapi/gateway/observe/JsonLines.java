package io.magicapi.gateway.observe;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * One JSON object a line: {@code time}, {@code level}, {@code logger}, {@code message}, the event's pairs, and
 * {@code error} if there was one. Numbers, booleans, lists and maps among the pairs stay what they are.
 */
final class JsonLines extends LogLines {

    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

    private static final Set<String> TAKEN = Set.of("time", "level", "logger", "message", "error", "stack");

    private final JsonFactory json = new JsonFactory();

    JsonLines(boolean stackTraces) {
        super(stackTraces);
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator generator = json.createGenerator(bytes)) {
            generator.writeStartObject();
            generator.writeStringField("time", TIME.format(Instant.ofEpochMilli(event.getTimeStamp())));
            generator.writeStringField("level", event.getLevel().toString().toLowerCase(Locale.ROOT));
            generator.writeStringField("logger", event.getLoggerName());
            generator.writeStringField("message", Redaction.mask(event.getFormattedMessage()));
            List<KeyValuePair> pairs = event.getKeyValuePairs();
            if (pairs != null) {
                for (KeyValuePair pair : pairs) {
                    generator.writeFieldName(TAKEN.contains(pair.key) ? pair.key + "_" : pair.key);
                    write(generator, pair.value);
                }
            }
            IThrowableProxy failure = event.getThrowableProxy();
            if (failure != null) {
                generator.writeStringField("error", brief(failure));
                String stack = stackTrace(failure);
                if (!stack.isEmpty()) {
                    generator.writeStringField("stack", stack);
                }
            }
            generator.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        bytes.write('\n');
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator generator, @Nullable Object value) throws IOException {
        if (value == null) {
            generator.writeNull();
        } else if (value instanceof Integer || value instanceof Long || value instanceof Short) {
            generator.writeNumber(((Number) value).longValue());
        } else if (value instanceof BigDecimal exact) {
            generator.writeNumber(exact.toPlainString());
        } else if (value instanceof Number number) {
            generator.writeNumber(number.doubleValue());
        } else if (value instanceof Boolean truth) {
            generator.writeBoolean(truth);
        } else if (value instanceof Iterable<?> items && !(value instanceof Path)) {
            generator.writeStartArray();
            for (Object item : items) {
                write(generator, item);
            }
            generator.writeEndArray();
        } else if (value instanceof Map<?, ?> map) {
            generator.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                generator.writeFieldName(String.valueOf(entry.getKey()));
                write(generator, entry.getValue());
            }
            generator.writeEndObject();
        } else {
            generator.writeString(Redaction.mask(value.toString()));
        }
    }
}
