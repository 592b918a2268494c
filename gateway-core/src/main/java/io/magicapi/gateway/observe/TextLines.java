package io.magicapi.gateway.observe;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.slf4j.event.KeyValuePair;

/** One line for people: local time, level, message, {@code key=value} pairs; a library's lines name their logger. */
final class TextLines extends LogLines {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

    private final boolean colours;

    TextLines(boolean colours, boolean stackTraces) {
        super(stackTraces);
        this.colours = colours;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(160);
        paint(line, "2", TIME.format(Instant.ofEpochMilli(event.getTimeStamp())));
        line.append("  ");
        Level level = event.getLevel();
        String padded = level.toString().length() < 5 ? level + " " : level.toString();
        paint(
                line,
                level == Level.ERROR ? "31" : level == Level.WARN ? "33" : level == Level.INFO ? "32" : "2",
                padded);
        line.append("  ");
        if (!event.getLoggerName().startsWith("io.magicapi.gateway")) {
            paint(line, "2", "[" + event.getLoggerName() + "] ");
        }
        line.append(visible(Redaction.mask(event.getFormattedMessage())));
        List<KeyValuePair> pairs = event.getKeyValuePairs();
        if (pairs != null) {
            for (KeyValuePair pair : pairs) {
                line.append("  ");
                paint(line, "2", pair.key + "=");
                line.append(quoted(visible(Redaction.mask(String.valueOf(pair.value)))));
            }
        }
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            String stack = stackTrace(failure);
            line.append("  ");
            paint(line, "2", "error=");
            line.append(quoted(visible(brief(failure))));
            if (!stack.isEmpty()) {
                line.append('\n').append(stack.stripTrailing());
            }
        }
        return line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }

    private void paint(StringBuilder line, String style, String text) {
        if (colours) {
            line.append("\u001b[").append(style).append('m').append(text).append("\u001b[0m");
        } else {
            line.append(text);
        }
    }

    /** Clients choose part of what is logged; they must not forge lines or steer the terminal. */
    private static String visible(String text) {
        StringBuilder clean = null;
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (Character.isISOControl(each)) {
                if (clean == null) {
                    clean = new StringBuilder(text);
                }
                clean.setCharAt(i, ' ');
            }
        }
        return clean == null ? text : clean.toString();
    }

    private static String quoted(String value) {
        return value.indexOf(' ') < 0 ? value : '"' + value.replace("\"", "\\\"") + '"';
    }
}
