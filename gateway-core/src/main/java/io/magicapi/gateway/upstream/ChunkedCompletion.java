package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;

/**
 * Turns a complete chat completion into the stream of chunks that was asked for, for upstreams that answer {@code
 * "stream": true} with plain JSON. Clients that expect a stream would take that for an empty one, silently.
 *
 * <p>Each choice becomes three chunks: its role; all else its message has (content, tool calls, reasoning, whatever the
 * upstream adds) as one delta; and its {@code finish_reason}. Then comes usage, if it was asked for, and {@code [DONE]}.
 * What identifies the answer is in each chunk, every other field of it once, in the last chunk with a choice.
 */
final class ChunkedCompletion {

    private static final Set<String> IN_EACH_CHUNK =
            Set.of("id", "created", "model", "system_fingerprint", "service_tier");
    private static final Set<String> HANDLED = Set.of("object", "choices", "usage");
    private static final Set<String> CHOICE_HANDLED = Set.of("index", "message", "finish_reason", "logprobs");

    private final ObjectNode completion;
    private final boolean includeUsage;
    private final StringBuilder events = new StringBuilder(1024);

    private ChunkedCompletion(ObjectNode completion, boolean includeUsage) {
        this.completion = completion;
        this.includeUsage = includeUsage;
    }

    /**
     * Converts an answer.
     *
     * @param body the answer's whole body
     * @param includeUsage whether the request asked for usage ({@code stream_options.include_usage})
     * @return the event stream; empty if the body is not a chat completion
     */
    static Optional<Buffer> of(Buffer body, boolean includeUsage) {
        JsonNode json = Json.parse(body.getBytes());
        if (!(json instanceof ObjectNode completion) || !isCompletion(completion)) {
            return Optional.empty();
        }
        return Optional.of(new ChunkedCompletion(completion, includeUsage).write());
    }

    private static boolean isCompletion(ObjectNode json) {
        JsonNode choices = json.path("choices");
        if (!choices.isArray() || choices.isEmpty() || ErrorShape.isError(json)) {
            return false;
        }
        for (JsonNode choice : choices) {
            if (!choice.path("message").isObject()) {
                return false;
            }
        }
        return true;
    }

    private Buffer write() {
        JsonNode choices = completion.path("choices");
        int last = choices.size() - 1;
        for (int i = 0; i <= last; i++) {
            writeChoice((ObjectNode) choices.get(i), i, i == last);
        }
        if (includeUsage && completion.path("usage").isObject()) {
            ObjectNode chunk = chunk();
            chunk.putArray("choices");
            chunk.set("usage", completion.get("usage"));
            writeEvent(chunk);
        }
        events.append("data: [DONE]\n\n");
        return Buffer.buffer(events.toString());
    }

    private void writeChoice(ObjectNode choice, int position, boolean last) {
        JsonNode index = choice.path("index").isInt() ? choice.get("index") : IntNode.valueOf(position);
        ObjectNode message = ((ObjectNode) choice.get("message")).deepCopy();

        ObjectNode role = Json.MAPPER.createObjectNode();
        JsonNode name = message.remove("role");
        role.put("role", name != null && name.isTextual() ? name.textValue() : "assistant");
        role.put("content", message.path("content").isTextual() ? "" : null);
        ObjectNode first = chunk();
        delta(first, index, role);
        writeEvent(first);

        numberToolCalls(message);
        message.removeIf(JsonNode::isNull);
        if (!message.isEmpty() || choice.path("logprobs").isObject()) {
            ObjectNode content = chunk();
            ObjectNode chunkChoice = delta(content, index, message);
            if (choice.path("logprobs").isObject()) {
                chunkChoice.set("logprobs", choice.get("logprobs"));
            }
            writeEvent(content);
        }

        ObjectNode finish = chunk();
        ObjectNode chunkChoice = delta(finish, index, Json.MAPPER.createObjectNode());
        String reason = choice.path("finish_reason").asText("");
        chunkChoice.put("finish_reason", reason.isEmpty() || reason.equals("null") ? "stop" : reason);
        copyExcept(choice, chunkChoice, CHOICE_HANDLED);
        if (last) {
            copyExcept(completion, finish, HANDLED);
        }
        writeEvent(finish);
    }

    /** Clients put the fragments of a streamed tool call together by their index, which a message does not have. */
    private static void numberToolCalls(ObjectNode message) {
        if (message.path("tool_calls") instanceof ArrayNode calls) {
            for (int i = 0; i < calls.size(); i++) {
                if (calls.get(i) instanceof ObjectNode call && !call.has("index")) {
                    call.put("index", i);
                }
            }
        }
    }

    private ObjectNode chunk() {
        ObjectNode chunk = Json.MAPPER.createObjectNode();
        chunk.put("object", "chat.completion.chunk");
        completion.properties().forEach(field -> {
            if (IN_EACH_CHUNK.contains(field.getKey())) {
                chunk.set(field.getKey(), field.getValue());
            }
        });
        if (includeUsage) {
            chunk.putNull("usage");
        }
        return chunk;
    }

    private static ObjectNode delta(ObjectNode chunk, JsonNode index, ObjectNode delta) {
        ObjectNode choice = chunk.putArray("choices").addObject();
        choice.set("index", index);
        choice.set("delta", delta);
        choice.putNull("finish_reason");
        return choice;
    }

    private static void copyExcept(ObjectNode from, ObjectNode to, Set<String> names) {
        from.properties().forEach(field -> {
            if (!names.contains(field.getKey()) && !to.has(field.getKey())) {
                to.set(field.getKey(), field.getValue());
            }
        });
    }

    private void writeEvent(ObjectNode chunk) {
        try {
            events.append("data: ")
                    .append(Json.MAPPER.writeValueAsString(chunk))
                    .append("\n\n");
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
