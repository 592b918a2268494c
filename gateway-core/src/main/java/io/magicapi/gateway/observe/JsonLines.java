package io.magicapi.gateway.observe;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * One JSON object a line: {@code time}, {@code level}, {@code logger}, {@code message}, the event's pairs, and
 * {@code error} if there was one. Numbers, booleans, lists and maps among the pairs stay what they are.
 */
final class JsonLines extends LogLines {

    private static final Set<String> TAKEN = Set.of("time", "level", "logger", "message", "error", "stack");

    /** What an access line needs, with room to spare. */
    private static final int USUAL_LENGTH = 640;

    /** More than there are in the gateway's code; those of others could be made up for each line. */
    private static final int MOST_NAMES = 1000;

    private final LogTime time = new LogTime();

    /** The names of pairs as JSON, with the comma before and the colon after. */
    private final Map<String, byte[]> names = new ConcurrentHashMap<>();

    JsonLines(boolean stackTraces) {
        super(stackTraces);
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        JsonText line = new JsonText(USUAL_LENGTH);
        line.ascii("{\"time\":\"").ascii(time.text(event.getTimeStamp()));
        line.ascii("\",\"level\":").string(event.getLevel().toString().toLowerCase(Locale.ROOT));
        line.ascii(",\"logger\":").string(event.getLoggerName());
        line.ascii(",\"message\":").string(Redaction.mask(event.getFormattedMessage()));
        List<KeyValuePair> pairs = event.getKeyValuePairs();
        if (pairs != null) {
            for (KeyValuePair pair : pairs) {
                write(line.raw(name(pair.key)), pair.value);
            }
        }
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            line.ascii(",\"error\":").string(brief(failure));
            String stack = stackTrace(failure);
            if (!stack.isEmpty()) {
                line.ascii(",\"stack\":").string(stack);
            }
        }
        return line.ascii("}\n").toBytes();
    }

    private byte[] name(String key) {
        byte[] known = names.get(key);
        if (known == null) {
            String free = TAKEN.contains(key) ? key + "_" : key;
            known = new JsonText(2 * key.length())
                    .ascii(',')
                    .string(free)
                    .ascii(':')
                    .toBytes();
            if (names.size() < MOST_NAMES) {
                names.put(key, known);
            }
        }
        return known;
    }

    private static void write(JsonText line, @Nullable Object value) {
        if (value instanceof Number number) {
            write(line, number);
        } else if (value == null || value instanceof Boolean) {
            line.ascii(String.valueOf(value));
        } else if (value instanceof Iterable<?> items && !(value instanceof Path)) {
            line.ascii('[');
            for (Iterator<?> each = items.iterator(); each.hasNext(); ) {
                write(line, each.next());
                line.ascii(each.hasNext() ? "," : "");
            }
            line.ascii(']');
        } else if (value instanceof Map<?, ?> map) {
            line.ascii('{');
            for (Iterator<? extends Map.Entry<?, ?>> each = map.entrySet().iterator(); each.hasNext(); ) {
                Map.Entry<?, ?> entry = each.next();
                write(line.string(String.valueOf(entry.getKey())).ascii(':'), entry.getValue());
                line.ascii(each.hasNext() ? "," : "");
            }
            line.ascii('}');
        } else {
            line.string(Redaction.mask(value.toString()));
        }
    }

    private static void write(JsonText line, Number number) {
        boolean exact = number instanceof Long
                || number instanceof Integer
                || number instanceof Short
                || number instanceof Decimal;
        String text = exact ? number.toString() : Double.toString(number.doubleValue());
        if (exact || Double.isFinite(number.doubleValue())) {
            line.ascii(text);
        } else {
            line.string(text); // JSON has no such number
        }
    }
}
