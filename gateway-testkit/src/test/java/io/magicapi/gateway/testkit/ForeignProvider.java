package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Frame;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.FrameSink;
import io.magicapi.gateway.api.FrameTransform;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ProviderException.Kind;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.UpstreamRequest;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.pf4j.Extension;

/** Translates requests, answers, streams, tool calls and errors; its server speaks {@link ForeignWire}. */
@Extension
public class ForeignProvider extends TranslatingProvider {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    @Override
    public Exchange open(Call call) {
        UpstreamRequest request = super.open(call).request();
        return Exchange.of(request, head -> {
            if (head.status() >= 400) {
                return ResponseHandler.body(this::error);
            }
            return call.stream()
                    ? ResponseHandler.frames(decoder(), translation())
                    : ResponseHandler.body(this::answer);
        });
    }

    Body error(Body received) {
        ObjectNode error = JSON.objectNode();
        error.putObject("error")
                .put("message", received.json().path("fault").asText())
                .put("type", "acme_error")
                .putNull("param")
                .putNull("code");
        return Body.of(error);
    }

    Body answer(Body received) {
        JsonNode said = received.json();
        ObjectNode completion = JSON.objectNode().put("id", "1").put("object", "chat.completion");
        ObjectNode choice = completion.putArray("choices").addObject().put("index", 0);
        ObjectNode message = choice.putObject("message").put("role", "assistant");
        if (said.has("use")) {
            choice.put("finish_reason", "tool_calls");
            message.putNull("content");
            message.putArray("tool_calls").add(toolCall(said));
        } else {
            choice.put("finish_reason", "stop");
            message.put("content", said.path("say").asText());
        }
        completion.set("usage", usage(said.path("spent")));
        return Body.of(completion);
    }

    private static ObjectNode toolCall(JsonNode said) {
        ObjectNode call = JSON.objectNode().put("id", "call_1").put("type", "function");
        call.putObject("function")
                .put("name", said.path("use").asText())
                .put("arguments", said.path("with").toString());
        return call;
    }

    private static ObjectNode usage(JsonNode spent) {
        int in = spent.path("in").asInt();
        int out = spent.path("out").asInt();
        return JSON.objectNode()
                .put("prompt_tokens", in)
                .put("completion_tokens", out)
                .put("total_tokens", in + out);
    }

    FrameDecoder decoder() {
        return new Lines();
    }

    /** One frame a line; what is left of a line waits for the rest. */
    static final class Lines implements FrameDecoder {

        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        @Override
        public void feed(ByteBuffer bytes, Consumer<Frame> frames) {
            while (bytes.hasRemaining()) {
                byte next = bytes.get();
                if (next == '\n') {
                    frames.accept(Frame.of("", line.toByteArray()));
                    line.reset();
                } else {
                    line.write(next);
                }
            }
        }

        @Override
        public void end(Consumer<Frame> frames) {
            if (line.size() > 0) {
                throw new ProviderException(Kind.BAD_ANSWER, "the last line is not whole");
            }
        }
    }

    FrameTransform translation() {
        return this::translate;
    }

    void translate(Frame frame, FrameSink sink) {
        JsonNode said = frame.json();
        if (said.has("fault")) {
            fault(said.path("fault").asText(), sink);
            return;
        }
        ObjectNode chunk = JSON.objectNode().put("id", "1").put("object", "chat.completion.chunk");
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        ObjectNode delta = choice.putObject("delta");
        if (said.has("word")) {
            delta.put("content", said.path("word").asText());
        } else if (said.has("use")) {
            delta.putArray("tool_calls").add(toolCall(said).put("index", 0));
        } else {
            choice.put("finish_reason", said.path("over").asText());
        }
        sink.event(chunk);
        if (said.has("over")) {
            ObjectNode last = JSON.objectNode().put("id", "1").put("object", "chat.completion.chunk");
            last.putArray("choices");
            last.set("usage", usage(said.path("spent")));
            sink.event(last);
            sink.done();
        }
    }

    void fault(String message, FrameSink sink) {
        sink.error(message, "acme_error");
    }
}
