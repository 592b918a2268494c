package io.magicapi.gateway.echo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** The responses API: text back, in one piece or as named events; tools are left alone. */
final class EchoResponses {

    private final JsonNode body;
    private final String model;
    private final String fingerprint;
    private final String text;
    private final boolean complete;
    private final int promptTokens;
    private final List<byte[]> events = new ArrayList<>();

    private EchoResponses(EchoRequest request) {
        this.body = request.json();
        this.model = EchoAnswers.model(body);
        this.fingerprint = request.fingerprint();
        JsonNode input = body.path("input");
        if (!input.isTextual() && input.isEmpty()) {
            throw EchoRefusal.invalid("input must be a string or an array of at least one item", "input");
        }
        Conversation conversation = Conversation.of(input.isArray() ? input : asMessages(input));
        this.promptTokens = conversation.tokens();
        this.text = Words.first(EchoAnswers.limit(body, "max_output_tokens"), conversation.said());
        this.complete = text.length() == conversation.said().length();
    }

    private static ArrayNode asMessages(JsonNode text) {
        ArrayNode messages = EchoJson.MAPPER.createArrayNode();
        messages.addObject().put("role", "user").set("content", text);
        return messages;
    }

    static EchoAnswer answer(EchoRequest request) {
        EchoResponses responses = new EchoResponses(request);
        return responses.body.path("stream").asBoolean()
                ? responses.stream()
                : EchoAnswer.json(responses.response(responses.lastStatus(), true));
    }

    private String lastStatus() {
        return complete ? "completed" : "incomplete";
    }

    private ObjectNode response(String status, boolean ended) {
        ObjectNode response = EchoJson.object()
                .put("id", "resp_" + fingerprint)
                .put("object", "response")
                .put("created_at", EchoAnswers.CREATED)
                .put("status", status)
                .putNull("error");
        if (ended && !complete) {
            response.putObject("incomplete_details").put("reason", "max_output_tokens");
        } else {
            response.putNull("incomplete_details");
        }
        response.put("instructions", body.path("instructions").textValue());
        response.putObject("metadata");
        response.put("model", model);
        ArrayNode output = response.putArray("output");
        if (ended) {
            output.add(item(lastStatus(), text));
        }
        response.put("parallel_tool_calls", true)
                .put("temperature", 1.0)
                .put("tool_choice", "auto")
                .put("top_p", 1.0);
        response.putArray("tools");
        if (ended) {
            response.set("usage", usage());
        } else {
            response.putNull("usage");
        }
        return response;
    }

    private ObjectNode item(String status, String said) {
        ObjectNode item = EchoJson.object()
                .put("id", "msg_" + fingerprint)
                .put("type", "message")
                .put("status", status)
                .put("role", "assistant");
        ArrayNode content = item.putArray("content");
        if (!status.equals("in_progress")) {
            content.add(part(said));
        }
        return item;
    }

    private static ObjectNode part(String said) {
        ObjectNode part = EchoJson.object().put("type", "output_text").put("text", said);
        part.putArray("annotations");
        part.putArray("logprobs");
        return part;
    }

    private ObjectNode usage() {
        int answered = Words.of(text).size();
        ObjectNode usage = EchoJson.object().put("input_tokens", promptTokens);
        usage.putObject("input_tokens_details").put("cached_tokens", 0);
        usage.put("output_tokens", answered);
        usage.putObject("output_tokens_details").put("reasoning_tokens", 0);
        return usage.put("total_tokens", promptTokens + answered);
    }

    private EchoAnswer stream() {
        ObjectNode started = EchoJson.object();
        started.set("response", response("in_progress", false));
        event("response.created", started);
        event("response.in_progress", started);
        event("response.output_item.added", itemEvent(item("in_progress", "")));
        event("response.content_part.added", partEvent(part("")));
        for (String word : Words.of(text)) {
            event("response.output_text.delta", textEvent("delta", word));
        }
        event("response.output_text.done", textEvent("text", text));
        event("response.content_part.done", partEvent(part(text)));
        event("response.output_item.done", itemEvent(item(lastStatus(), text)));
        ObjectNode ended = EchoJson.object();
        ended.set("response", response(lastStatus(), true));
        event("response." + lastStatus(), ended);
        return EchoAnswer.events(events);
    }

    private void event(String type, ObjectNode fields) {
        ObjectNode data = EchoJson.object().put("type", type).put("sequence_number", events.size());
        events.add(EchoJson.event(type, data.setAll(fields)));
    }

    private static ObjectNode itemEvent(ObjectNode item) {
        ObjectNode fields = EchoJson.object().put("output_index", 0);
        fields.set("item", item);
        return fields;
    }

    private ObjectNode partEvent(ObjectNode part) {
        ObjectNode fields = withinItem();
        fields.set("part", part);
        return fields;
    }

    private ObjectNode textEvent(String field, String value) {
        ObjectNode fields = withinItem().put(field, value);
        fields.putArray("logprobs");
        return fields;
    }

    private ObjectNode withinItem() {
        return EchoJson.object()
                .put("item_id", "msg_" + fingerprint)
                .put("output_index", 0)
                .put("content_index", 0);
    }
}
