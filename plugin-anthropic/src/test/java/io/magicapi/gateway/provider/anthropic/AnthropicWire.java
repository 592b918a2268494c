package io.magicapi.gateway.provider.anthropic;

import io.magicapi.gateway.testkit.Wire;
import java.util.List;

/** What Anthropic's server answers, by its documentation. */
final class AnthropicWire implements Wire {

    private static final String BEGIN = event(
            "message_start",
            "\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-opus-5-5\","
                    + "\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}");
    private static final String TEXT_BLOCK =
            event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
    private static final String END_BLOCK = event("content_block_stop", "\"index\":0");
    private static final String END = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    private static String event(String type, String fields) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + fields + "}\n\n";
    }

    private static String delta(String delta) {
        return event("content_block_delta", "\"index\":0,\"delta\":{" + delta + "}");
    }

    private static String text(String text) {
        return delta("\"type\":\"text_delta\",\"text\":\"" + text + "\"");
    }

    private static String finish(String reason) {
        return event(
                "message_delta",
                "\"delta\":{\"stop_reason\":\"" + reason
                        + "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}");
    }

    private static Message message(String block, String reason) {
        return Message.json(
                200,
                "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-opus-5-5\",\"content\":["
                        + block + "],\"stop_reason\":\"" + reason
                        + "\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":2}}");
    }

    @Override
    public Message plain() {
        return message("{\"type\":\"text\",\"text\":\"" + TEXT + "\"}", "end_turn");
    }

    @Override
    public Message stream() {
        return Message.events(
                List.of(BEGIN, TEXT_BLOCK, text("Hello"), text(" there"), END_BLOCK, finish("end_turn"), END));
    }

    @Override
    public Message streamError() {
        String error = event("error", "\"error\":{\"type\":\"overloaded_error\",\"message\":\"" + FAILURE + "\"}");
        return Message.events(List.of(BEGIN, TEXT_BLOCK, text("Hello"), error));
    }

    @Override
    public Message error(int status) {
        return Message.json(
                status,
                "{\"type\":\"error\",\"error\":{\"type\":\"some_error\",\"message\":\"" + FAILURE
                        + "\"},\"request_id\":\"req_1\"}");
    }

    @Override
    public Message toolCall() {
        return message(
                "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{\"city\":\"Pune\"}}",
                "tool_use");
    }

    @Override
    public Message toolCallStream() {
        return Message.events(List.of(
                BEGIN,
                event(
                        "content_block_start",
                        "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\","
                                + "\"input\":{}}"),
                delta("\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"city\\\":\""),
                delta("\"type\":\"input_json_delta\",\"partial_json\":\"\\\"Pune\\\"}\""),
                END_BLOCK,
                finish("tool_use"),
                END));
    }
}
