package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameSink;
import io.magicapi.gateway.api.FrameTransform;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Turns the events of ConverseStream into chat chunks.
 *
 * <p>{@code messageStart}, {@code contentBlockDelta}s in blocks that may begin with {@code contentBlockStart} and end
 * with {@code contentBlockStop}, {@code messageStop} with the reason, {@code metadata} with the usage: that is a whole
 * stream. A failure may come in place of any of them. Events of other names are none of ours.
 */
final class ConverseStream implements FrameTransform {

    /** A call of a tool whose arguments are coming. */
    private static final class ToolCall {

        private final int index;
        private boolean hasArguments;

        ToolCall(int index) {
            this.index = index;
        }
    }

    private final Completion completion;
    private final Map<Integer, ToolCall> calls = new HashMap<>();
    private boolean stopped;
    private boolean done;

    ConverseStream(Completion completion) {
        this.completion = completion;
    }

    @Override
    public void onFrame(Frame frame, FrameSink sink) {
        if (frame.name().startsWith(EventStreamDecoder.EXCEPTION)) {
            String type = AwsError.type(frame.name().substring(EventStreamDecoder.EXCEPTION.length()));
            sink.error(AwsError.message(frame.json(), type), type);
            return;
        }
        switch (frame.name()) {
            case "messageStart" ->
                sink.event(chunk(delta -> delta.put("role", "assistant").put("content", "")));
            case "contentBlockStart" -> startBlock(frame.json(), sink);
            case "contentBlockDelta" -> continueBlock(frame.json(), sink);
            case "contentBlockStop" -> stopBlock(frame.json(), sink);
            case "messageStop" -> stop(frame.json(), sink);
            case "metadata" -> finish(frame.json(), sink);
            default -> {
                // Not known yet, and so not missed.
            }
        }
    }

    /** The usage is not needed for the answer to be whole. */
    @Override
    public void onEnd(FrameSink sink) {
        end(sink);
    }

    private void end(FrameSink sink) {
        if (stopped && !done) {
            done = true;
            sink.done();
        }
    }

    private void startBlock(JsonNode event, FrameSink sink) {
        JsonNode use = event.path("start").path("toolUse");
        if (use.isObject()) {
            ToolCall call = new ToolCall(calls.size());
            calls.put(block(event), call);
            sink.event(chunk(delta -> toolCall(delta, call)
                    .put("id", use.path("toolUseId").asText())
                    .put("type", "function")
                    .putObject("function")
                    .put("name", use.path("name").asText())
                    .put("arguments", "")));
        }
    }

    private void continueBlock(JsonNode event, FrameSink sink) {
        JsonNode part = event.path("delta");
        JsonNode reasoning = part.path("reasoningContent");
        ToolCall call = calls.get(block(event));
        send(part.path("text"), "content", sink);
        send(reasoning.path("text"), Reasoning.CONTENT, sink);
        send(reasoning.path("signature"), Reasoning.SIGNATURE, sink);
        String arguments = part.path("toolUse").path("input").asText("");
        if (call != null && !arguments.isEmpty()) {
            sendArguments(call, arguments, sink);
        }
    }

    private void send(JsonNode text, String field, FrameSink sink) {
        String fragment = text.asText("");
        if (!fragment.isEmpty()) {
            sink.event(chunk(delta -> delta.put(field, fragment)));
        }
    }

    /** A call without arguments sends none, where clients expect a JSON document. */
    private void stopBlock(JsonNode event, FrameSink sink) {
        ToolCall call = calls.get(block(event));
        if (call != null && !call.hasArguments) {
            sendArguments(call, "{}", sink);
        }
    }

    private void sendArguments(ToolCall call, String fragment, FrameSink sink) {
        call.hasArguments = true;
        sink.event(chunk(delta -> toolCall(delta, call).putObject("function").put("arguments", fragment)));
    }

    private void stop(JsonNode event, FrameSink sink) {
        String reason = StopReason.finishReason(event.path("stopReason").asText(""));
        stopped = true;
        ObjectNode chunk = chunk(delta -> {});
        ((ObjectNode) chunk.path("choices").get(0)).put("finish_reason", reason);
        sink.event(chunk);
    }

    private void finish(JsonNode event, FrameSink sink) {
        ObjectNode chunk = completion.answer("chat.completion.chunk");
        chunk.set("usage", Completion.usage(event.path("usage")));
        sink.event(chunk);
        end(sink);
    }

    private static int block(JsonNode event) {
        return event.path("contentBlockIndex").asInt();
    }

    private static ObjectNode toolCall(ObjectNode delta, ToolCall call) {
        return delta.putArray("tool_calls").addObject().put("index", call.index);
    }

    private ObjectNode chunk(Consumer<ObjectNode> fill) {
        ObjectNode chunk = completion.answer("chat.completion.chunk");
        ObjectNode choice = chunk.withArray("choices").addObject().put("index", 0);
        fill.accept(choice.putObject("delta"));
        choice.putNull("finish_reason");
        return chunk;
    }
}
