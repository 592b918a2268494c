package io.magicapi.gateway.echo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Chat completions: what the user said last is said back, or a tool is called. */
final class EchoChat {

    static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8);

    private final String fingerprint;
    private final JsonNode body;
    private final String model;
    private final Conversation conversation;

    private EchoChat(EchoRequest request) {
        this.fingerprint = request.fingerprint();
        this.body = request.json();
        this.model = EchoAnswers.model(body);
        if (body.path("messages").isEmpty()) {
            throw EchoRefusal.invalid("messages must be an array of at least one message", "messages");
        }
        this.conversation = Conversation.of(body.path("messages"));
    }

    static EchoAnswer answer(EchoRequest request) {
        EchoChat chat = new EchoChat(request);
        Reply reply = chat.reply();
        return chat.body.path("stream").asBoolean() ? chat.stream(reply) : chat.completion(reply);
    }

    private Reply reply() {
        Optional<ToolCall> call = toolCall();
        if (call.isPresent()) {
            return new Reply("", call, "tool_calls");
        }
        JsonNode format = body.path("response_format");
        String whole = switch (format.path("type").asText()) {
            case "json_schema" ->
                EchoJson.text(SchemaSample.of(format.path("json_schema").path("schema"), conversation.said()));
            case "json_object" -> EchoJson.text(EchoJson.object().put("echo", conversation.said()));
            default -> conversation.said();
        };
        String text = Words.first(EchoAnswers.limit(body, "max_completion_tokens", "max_tokens"), whole);
        return new Reply(text, Optional.empty(), text.length() < whole.length() ? "length" : "stop");
    }

    private Optional<ToolCall> toolCall() {
        JsonNode tools = body.path("tools");
        JsonNode choice = body.path("tool_choice");
        if (tools.isEmpty() || conversation.answersTools() || choice.asText().equals("none")) {
            return Optional.empty();
        }
        String forced = choice.path("function").path("name").asText("");
        for (JsonNode tool : tools) {
            JsonNode function = tool.path("function");
            String name = function.path("name").asText();
            if (forced.isEmpty() || forced.equals(name)) {
                JsonNode arguments = SchemaSample.of(function.path("parameters"), name);
                return Optional.of(new ToolCall(
                        "call_" + fingerprint, name, arguments.isObject() ? EchoJson.text(arguments) : "{}"));
            }
        }
        throw EchoRefusal.invalid("tool_choice names a function that is not in tools", "tool_choice");
    }

    private EchoAnswer completion(Reply reply) {
        ObjectNode document = envelope("chat.completion");
        ObjectNode choice = document.putArray("choices").addObject().put("index", 0);
        ObjectNode message = choice.putObject("message").put("role", "assistant");
        if (reply.call().isPresent()) {
            ToolCall call = reply.call().get();
            message.putNull("content").putNull("refusal");
            call.describe(message.putArray("tool_calls").addObject()).put("arguments", call.arguments());
        } else {
            message.put("content", reply.text()).putNull("refusal");
        }
        choice.putNull("logprobs").put("finish_reason", reply.finish());
        document.set("usage", usage(reply));
        return EchoAnswer.json(document.put("system_fingerprint", "fp_echo"));
    }

    private EchoAnswer stream(Reply reply) {
        List<byte[]> events = new ArrayList<>();
        ObjectNode role = EchoJson.object().put("role", "assistant");
        if (reply.call().isPresent()) {
            ToolCall call = reply.call().get();
            role.putNull("content");
            ObjectNode opening = role.putArray("tool_calls").addObject().put("index", 0);
            call.describe(opening).put("arguments", "");
            events.add(chunk(role, null));
            for (String fragment : Words.fragments(call.arguments())) {
                ObjectNode delta = EchoJson.object();
                ObjectNode part = delta.putArray("tool_calls").addObject().put("index", 0);
                part.putObject("function").put("arguments", fragment);
                events.add(chunk(delta, null));
            }
        } else {
            events.add(chunk(role.put("content", ""), null));
            for (String word : Words.of(reply.text())) {
                events.add(chunk(EchoJson.object().put("content", word), null));
            }
        }
        events.add(chunk(EchoJson.object(), reply.finish()));
        if (includesUsage()) {
            ObjectNode last = envelope("chat.completion.chunk").put("system_fingerprint", "fp_echo");
            last.putArray("choices");
            last.set("usage", usage(reply));
            events.add(EchoJson.event(last));
        }
        events.add(DONE);
        return EchoAnswer.events(events);
    }

    private byte[] chunk(ObjectNode delta, @Nullable String finish) {
        ObjectNode chunk = envelope("chat.completion.chunk").put("system_fingerprint", "fp_echo");
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.set("delta", delta);
        choice.putNull("logprobs").put("finish_reason", finish);
        if (includesUsage()) {
            chunk.putNull("usage");
        }
        return EchoJson.event(chunk);
    }

    private boolean includesUsage() {
        return body.path("stream_options").path("include_usage").asBoolean();
    }

    private ObjectNode envelope(String object) {
        return EchoJson.object()
                .put("id", "chatcmpl-" + fingerprint)
                .put("object", object)
                .put("created", EchoAnswers.CREATED)
                .put("model", model);
    }

    private ObjectNode usage(Reply reply) {
        int prompt = conversation.tokens();
        int completion = reply.tokens();
        ObjectNode usage = EchoJson.object()
                .put("prompt_tokens", prompt)
                .put("completion_tokens", completion)
                .put("total_tokens", prompt + completion);
        usage.putObject("prompt_tokens_details").put("cached_tokens", 0);
        usage.putObject("completion_tokens_details").put("reasoning_tokens", 0);
        return usage;
    }

    /** What is answered: a text, or a call of a tool. */
    private record Reply(String text, Optional<ToolCall> call, String finish) {

        int tokens() {
            return call.map(made -> Words.fragments(made.arguments()).size())
                    .orElseGet(() -> Words.of(text).size());
        }
    }

    private record ToolCall(String id, String name, String arguments) {

        /** Writes what names the call, and returns its function, to which the arguments go. */
        ObjectNode describe(ObjectNode call) {
            return call.put("id", id)
                    .put("type", "function")
                    .putObject("function")
                    .put("name", name);
        }
    }
}
