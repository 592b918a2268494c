package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Wire;

/** What Bedrock answers, for the provider contract. */
final class BedrockWire implements Wire {

    private static final String USAGE = "\"usage\":{\"inputTokens\":9,\"outputTokens\":2,\"totalTokens\":11}";

    private static Message answer(String content, String stopReason) {
        return Message.json(200, """
                {"metrics":{"latencyMs":9},"output":{"message":{"role":"assistant","content":[%s]}},"stopReason":"%s",%s}""".formatted(content, stopReason, USAGE));
    }

    private static Message frames(byte[]... messages) {
        return new Message(200, Headers.of("content-type", EventStreamDecoder.CONTENT_TYPE), Frames.joined(messages));
    }

    private static byte[] start() {
        return Frames.event("messageStart", "{\"role\":\"assistant\"}");
    }

    private static byte[] delta(String delta) {
        return Frames.event("contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":" + delta + "}");
    }

    private static byte[] blockStop() {
        return Frames.event("contentBlockStop", "{\"contentBlockIndex\":0}");
    }

    private static byte[] stop(String reason) {
        return Frames.event("messageStop", "{\"stopReason\":\"" + reason + "\"}");
    }

    private static byte[] metadata() {
        return Frames.event("metadata", "{" + USAGE + ",\"metrics\":{\"latencyMs\":9}}");
    }

    @Override
    public Message plain() {
        return answer("{\"text\":\"" + TEXT + "\"}", "end_turn");
    }

    @Override
    public Message stream() {
        return frames(
                start(),
                delta("{\"text\":\"Hello\"}"),
                delta("{\"text\":\" there\"}"),
                blockStop(),
                stop("end_turn"),
                metadata());
    }

    @Override
    public Message streamError() {
        return frames(
                start(),
                delta("{\"text\":\"Hel\"}"),
                Frames.exception("modelStreamErrorException", "{\"message\":\"" + FAILURE + "\"}"));
    }

    @Override
    public Message error(int status) {
        return Message.json(status, "{\"message\":\"" + FAILURE + "\"}").with("x-amzn-errortype", "SomeException");
    }

    @Override
    public Message toolCall() {
        return answer(
                "{\"toolUse\":{\"toolUseId\":\"tooluse_1\",\"name\":\"get_weather\",\"input\":{\"city\":\"Pune\"}}}",
                "tool_use");
    }

    @Override
    public Message toolCallStream() {
        return frames(
                start(),
                Frames.event("contentBlockStart", """
                        {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"tooluse_1","name":"get_weather"}}}"""),
                delta("{\"toolUse\":{\"input\":\"{\\\"city\\\":\"}}"),
                delta("{\"toolUse\":{\"input\":\"\\\"Pune\\\"}\"}}"),
                blockStop(),
                stop("tool_use"),
                metadata());
    }
}
