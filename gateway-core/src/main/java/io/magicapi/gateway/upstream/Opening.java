package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.error.ErrorCode;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The beginning of a chat stream while it is held back: whether it has come to the first word, and what error it tells
 * instead. Comments, chunks that only say who speaks, and the end are no words.
 */
final class Opening {

    private static final List<String> WORDS =
            List.of("content", "reasoning", "reasoning_content", "refusal", "tool_calls", "function_call", "audio");

    private static final String DONE = "[DONE]";

    private Opening() {}

    /** {@return whether some of these whole events say something} */
    static boolean hasWord(Buffer events) {
        return data(events).anyMatch(line -> isWord(Json.parse(line.getBytes(StandardCharsets.UTF_8))));
    }

    /** {@return the data of the error that these whole events end with} */
    static Optional<JsonNode> error(Buffer events) {
        return data(events)
                .map(line -> Json.parse(line.getBytes(StandardCharsets.UTF_8)))
                .filter(json -> json.has("error"))
                .reduce((first, second) -> second);
    }

    /** {@return the status that fits an error that was told with a good one: the one it names, or 502} */
    static int status(JsonNode told) {
        int code = told.path("error").path("code").asInt();
        return code >= 400 && code <= 599 ? code : ErrorCode.UPSTREAM_PROTOCOL_ERROR.status();
    }

    private static Stream<String> data(Buffer events) {
        return events.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("data:"))
                .map(line -> line.substring("data:".length()).strip())
                .filter(line -> !line.isEmpty() && !line.equals(DONE));
    }

    private static boolean isWord(JsonNode chunk) {
        if (!chunk.isObject() || chunk.path("choices").isMissingNode()) {
            return true; // of a kind that is not known here: it is not for us to hold it back
        }
        for (JsonNode choice : chunk.path("choices")) {
            if (choice.path("finish_reason").isTextual()) {
                return true;
            }
            for (String field : WORDS) {
                JsonNode said = choice.path("delta").path(field);
                if (said.isTextual() ? !said.textValue().isEmpty() : said.isContainerNode() && !said.isEmpty()) {
                    return true;
                }
            }
        }
        return false;
    }
}
