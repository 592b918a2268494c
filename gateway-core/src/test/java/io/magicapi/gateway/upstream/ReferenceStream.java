package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.magicapi.gateway.observe.Usage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What {@link ChatStreamScanner} is to do, written for plainness: decodes a whole stream as WHATWG's specification of
 * event streams says, parses the data of every event, applies the rules one after the other, and writes the result.
 */
final class ReferenceStream {

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private record Line(String text, String end) {

        boolean isField(String name) {
            return text.equals(name) || text.startsWith(name + ":");
        }

        String value() {
            int colon = text.indexOf(':');
            String value = colon < 0 ? "" : text.substring(colon + 1);
            return value.startsWith(" ") ? value.substring(1) : value;
        }
    }

    private final List<String> pointers;
    private final StringBuilder out = new StringBuilder();
    boolean done;
    boolean failed;
    boolean malformed;
    boolean finished;
    boolean empty = true;
    Optional<Usage> usage = Optional.empty();

    /** Bytes are handled as the characters of Latin-1, one each. */
    ReferenceStream(byte[] stream, List<String> pointers) {
        this.pointers = pointers;
        String text = new String(stream, StandardCharsets.ISO_8859_1);
        if (text.startsWith("\u00ef\u00bb\u00bf")) {
            text = text.substring(3);
        }
        List<Line> event = new ArrayList<>();
        int i = 0;
        while (i < text.length() && !isOver()) {
            int end = i;
            while (end < text.length() && text.charAt(end) != '\n' && text.charAt(end) != '\r') {
                end++;
            }
            boolean pair = text.startsWith("\r\n", end);
            String terminator = end == text.length() ? "" : pair ? "\r\n" : text.substring(end, end + 1);
            boolean afterLoneReturn =
                    !event.isEmpty() && event.get(event.size() - 1).end().equals("\r");
            boolean blank = end == i;
            if (blank && afterLoneReturn && pair) {
                event.add(new Line("", "\r"));
            } else if (blank && !afterLoneReturn && terminator.equals("\r") && end + 1 == text.length()) {
                event.add(new Line("", "\r\n")); // a CR LF of which the LF is missing
            } else {
                event.add(new Line(text.substring(i, end), terminator));
            }
            i = end + terminator.length();
            if (blank) {
                apply(event);
                event.clear();
            }
        }
        if (!isOver() && (finished || data(event).stripLeading().startsWith("[DONE]"))) {
            done = true;
            out.append("data: [DONE]\n\n");
        }
    }

    private boolean isOver() {
        return done || failed || malformed;
    }

    byte[] bytes() {
        return out.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private void apply(List<Line> event) {
        String name = event.stream()
                .filter(line -> line.isField("event"))
                .map(Line::value)
                .reduce("", (first, second) -> second);
        String data = data(event);
        if (data.stripLeading().startsWith("[DONE]")) {
            done = true;
            if (data.equals("[DONE]")) {
                write(event, true);
            } else {
                out.append("data: [DONE]\n\n");
            }
            return;
        }
        if (data.isBlank() && !name.equals("error")) {
            writeComments(event);
            return;
        }
        JsonNode json = parse(data);
        JsonNode error = json.path("error");
        boolean isError = name.equals("error")
                || error.isObject()
                || (error.isTextual() && !error.asText().isBlank())
                || (json.path("object").asText().equals("error")
                        && json.path("message").isTextual()
                        && !json.path("message").asText().isBlank());
        if (isError) {
            failed = true;
            empty = false;
            noteUsage(json);
            if (error.path("message").isTextual()) {
                out.append("event: error\n");
                write(event, true);
            } else {
                byte[] raw = data.getBytes(StandardCharsets.ISO_8859_1);
                out.append("event: error\ndata: ")
                        .append(new String(ErrorShape.body(json, raw), StandardCharsets.ISO_8859_1))
                        .append("\n\n");
            }
            return;
        }
        if (!name.isEmpty() && !data.contains("\"choices\"")) {
            writeComments(event);
            return;
        }
        String text = data.trim();
        if (!text.startsWith("{") || !text.endsWith("}")) {
            malformed = true;
            writeComments(event);
            return;
        }
        empty = false;
        noteUsage(json);
        json.path("choices")
                .forEach(choice -> finished |= choice.path("finish_reason").isTextual());
        write(event, true);
    }

    private void noteUsage(JsonNode json) {
        pointers.stream()
                .flatMap(pointer -> Usage.from(json.at(pointer)).stream())
                .findFirst()
                .ifPresent(found -> usage = Optional.of(found));
    }

    private void writeComments(List<Line> event) {
        boolean comments = event.stream().anyMatch(line -> line.text().startsWith(":"));
        if (comments || event.size() == 1) {
            write(event, false);
        }
    }

    private void write(List<Line> event, boolean withData) {
        for (Line line : event) {
            if (line.text().isEmpty() || line.text().startsWith(":") || (withData && line.isField("data"))) {
                out.append(line.text()).append(line.end().equals("\r") ? "\n" : line.end());
            }
        }
    }

    private static String data(List<Line> event) {
        return event.stream()
                .filter(line -> line.isField("data"))
                .map(Line::value)
                .collect(Collectors.joining("\n"));
    }

    private static JsonNode parse(String data) {
        try {
            return JSON.readTree(data.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return Json.ABSENT;
        }
    }
}
