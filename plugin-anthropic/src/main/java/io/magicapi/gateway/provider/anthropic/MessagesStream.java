package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameSink;
import io.magicapi.gateway.api.FrameTransform;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Makes chat completion chunks of the events of a message ("Streaming Messages" in Anthropic's documentation).
 *
 * <p>A message consists of content blocks, of which one is open at a time. Text becomes content as it comes; a tool use
 * becomes a tool call, which begins with the block and gets its arguments piece by piece; thinking becomes {@code
 * reasoning_content}, and when its block ends, the whole block with its signature is sent as one of {@code
 * thinking_blocks}. Other blocks, other deltas and other events are not for clients of OpenAI's API. The answer is whole
 * when {@code message_stop} has come, and not before.
 */
final class MessagesStream implements FrameTransform {

    private final Instant now;
    private final UsageCount usage = new UsageCount();

    private @Nullable Chunk chunk;
    private @Nullable Block open;
    private int toolCalls;
    private boolean finished;
    private boolean stopped;

    /**
     * A stream that has not begun.
     *
     * @param now the time to put on the chunks, which messages do not have
     */
    MessagesStream(Instant now) {
        this.now = now;
    }

    @Override
    public void onFrame(Frame frame, FrameSink sink) {
        String kind = frame.name().isEmpty() ? frame.json().path("type").asText() : frame.name();
        switch (kind) {
            case "content_block_delta" -> delta(frame.json(), sink);
            case "content_block_start" -> start(frame.json(), sink);
            case "content_block_stop" -> stop(sink);
            case "message_start" -> begin(frame.json().path("message"), sink);
            case "message_delta" -> finish(frame.json(), sink);
            case "message_stop" -> end(sink);
            case "error" -> fail(frame.json().path("error"), sink);
            default -> {} // ping, and whatever may come to be
        }
    }

    @Override
    public void onEnd(FrameSink sink) {
        if (!stopped) {
            throw MessagesAnswer.bad("the stream ended without message_stop");
        }
    }

    private void begin(JsonNode message, FrameSink sink) {
        if (chunk != null || !message.isObject()) {
            throw MessagesAnswer.bad(chunk == null ? "message_start has no message" : "a second message_start");
        }
        usage.note(message.path("usage"));
        chunk = new Chunk(message, now);
        chunk.send(
                JsonNodeFactory.instance.objectNode().put("role", "assistant").put("content", ""), sink);
    }

    private Chunk begun() {
        Chunk begun = chunk;
        if (begun == null) {
            throw MessagesAnswer.bad("an event before message_start");
        }
        return begun;
    }

    private Chunk unfinished() {
        if (finished) {
            throw MessagesAnswer.bad("content after the stop_reason");
        }
        return begun();
    }

    private void start(JsonNode event, FrameSink sink) {
        Chunk begun = unfinished();
        if (open != null) {
            throw MessagesAnswer.bad("a content block inside of another");
        }
        JsonNode content = event.path("content_block");
        switch (content.path("type").asText()) {
            case "text" -> {
                open = new Block.Text();
                begun.sendText("content", content.path("text").asText(), sink);
            }
            case "tool_use" -> {
                Block.ToolUse call = new Block.ToolUse(toolCalls++, content.path("input"));
                open = call;
                begun.send(call.begin(content), sink);
            }
            case "thinking" -> {
                open = new Block.Thinking();
                think(content.path("thinking").asText(), begun, sink);
            }
            case "redacted_thinking" -> {
                open = new Block.Other();
                begun.send(thought(content), sink);
            }
            default -> open = new Block.Other();
        }
    }

    private void delta(JsonNode event, FrameSink sink) {
        Chunk begun = unfinished();
        Block block = open;
        if (block == null) {
            throw MessagesAnswer.bad("a delta outside of content blocks");
        }
        JsonNode delta = event.path("delta");
        switch (delta.path("type").asText()) {
            case "text_delta" -> begun.sendText("content", delta.path("text").asText(), sink);
            case "input_json_delta" -> {
                String piece = delta.path("partial_json").asText();
                if (block instanceof Block.ToolUse call && !piece.isEmpty()) {
                    begun.send(call.arguments(piece), sink);
                }
            }
            case "thinking_delta" -> think(delta.path("thinking").asText(), begun, sink);
            case "signature_delta" -> {
                if (block instanceof Block.Thinking thinking) {
                    thinking.sign(delta.path("signature").asText());
                }
            }
            default -> {} // citations
        }
    }

    private void think(String text, Chunk begun, FrameSink sink) {
        if (open instanceof Block.Thinking thinking) {
            thinking.add(text);
            begun.sendText("reasoning_content", text, sink);
        }
    }

    private void stop(FrameSink sink) {
        Chunk begun = unfinished();
        Block block = open;
        if (block == null) {
            throw MessagesAnswer.bad("a content block ended that had not begun");
        }
        open = null;
        if (block instanceof Block.ToolUse call && call.isWithoutArguments()) {
            begun.send(call.arguments(call.input()), sink);
        } else if (block instanceof Block.Thinking thinking && thinking.isSigned()) {
            begun.send(thought(thinking.block()), sink);
        }
    }

    private static ObjectNode thought(JsonNode block) {
        ObjectNode delta = JsonNodeFactory.instance.objectNode();
        delta.putArray("thinking_blocks").add(block);
        return delta;
    }

    /** There may be several of these events; the tokens they count are totals. */
    private void finish(JsonNode event, FrameSink sink) {
        Chunk begun = begun();
        if (open != null) {
            throw MessagesAnswer.bad("the message ended inside of a content block");
        }
        usage.note(event.path("usage"));
        JsonNode reason = event.path("delta").path("stop_reason");
        if (reason.isTextual() && !finished) {
            finished = true;
            begun.finish(StopReason.finishReason(reason), sink);
        }
    }

    private void end(FrameSink sink) {
        Chunk begun = begun();
        if (!finished) {
            throw MessagesAnswer.bad("message_stop without a stop_reason");
        }
        stopped = true;
        begun.sendUsage(usage.toOpenAi(), sink);
        sink.done();
    }

    private void fail(JsonNode error, FrameSink sink) {
        stopped = true;
        sink.error(
                error.path("message").asText("Anthropic broke the answer off"),
                error.path("type").asText(ErrorAnswer.UNKNOWN_TYPE));
    }
}
