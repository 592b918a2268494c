package io.magicapi.gateway.tests;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.testkit.Answer;
import io.magicapi.gateway.testkit.GatewayExtension;
import io.magicapi.gateway.testkit.ReceivedRequest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

/** Our Bedrock plugin as the build made it, and a server that answers as Bedrock does, with AWS's own encoder. */
public final class BedrockFake {

    /** The jar; the build copies it here before the tests run. */
    static final Path JAR = Path.of("target/plugin-jars/bedrock.jar");

    /** A model that it serves. */
    public static final String MODEL = "anthropic.claude-haiku-4-5-20251001-v1:0";

    static final String PATH = "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/";

    static final Headers ANSWERED = Headers.of("x-amzn-requestid", "request-1");
    private static final Headers STREAM = ANSWERED.with("content-type", "application/vnd.amazon.eventstream");

    private BedrockFake() {}

    /** {@return a gateway that has the plugin, pointed at the fake upstream} */
    static GatewayExtension gateway() {
        return new GatewayExtension().plugin(JAR).provider("bedrock", "");
    }

    /**
     * {@return an answer that does what a model might: it calls the first tool it is shown, unless it has a tool's
     * result, and otherwise repeats what it was told, with the number of images}
     */
    public static Answer model() {
        return Answer.from(BedrockFake::answer);
    }

    /** {@return what such a model answers to this request} */
    static Answer answer(ReceivedRequest request) {
        JsonNode asked = request.json();
        boolean stream = request.target().endsWith("/converse-stream");
        JsonNode messages = asked.path("messages");
        JsonNode content = messages.path(messages.size() - 1).path("content");
        JsonNode result = content.findValue("toolResult");
        JsonNode tool = asked.at("/toolConfig/tools/0/toolSpec");
        if (tool.isObject() && result == null) {
            String name = tool.path("name").asText();
            return stream ? streamed(toolEvents(name)) : Answer.json(200, ANSWERED, plainTool(name));
        }
        String said = result == null
                ? content.findValuesAsText("text").get(0)
                : "The tool answered: " + result.at("/content/0/text").asText();
        int seen = content.findValues("image").size();
        String images = seen == 0 ? "" : "[" + seen + " image] ";
        return stream ? streamed(textEvents(images + said)) : Answer.json(200, ANSWERED, plainText(images + said));
    }

    static String plainText(String text) {
        return """
                {"metrics":{"latencyMs":100},"output":{"message":{"role":"assistant","content":[{"text":"%s"}]}},
                 "stopReason":"end_turn","usage":{"inputTokens":8,"outputTokens":3,"totalTokens":11}}""".formatted(text);
    }

    private static String plainTool(String name) {
        return """
                {"metrics":{"latencyMs":100},"output":{"message":{"role":"assistant","content":[{"toolUse":
                   {"toolUseId":"tooluse_1","name":"%s","input":{"location":"Bangalore"}}}]}},
                 "stopReason":"tool_use","usage":{"inputTokens":8,"outputTokens":3,"totalTokens":11}}""".formatted(name);
    }

    static List<byte[]> textEvents(String text) {
        List<byte[]> events = new ArrayList<>();
        events.add(event("messageStart", "{\"role\":\"assistant\"}"));
        for (String word : text.split("(?<= )", -1)) {
            events.add(event("contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"" + word + "\"}}"));
        }
        events.add(event("contentBlockStop", "{\"contentBlockIndex\":0}"));
        events.addAll(ending("end_turn"));
        return events;
    }

    private static List<byte[]> toolEvents(String name) {
        List<byte[]> events = new ArrayList<>();
        events.add(event("messageStart", "{\"role\":\"assistant\"}"));
        events.add(event(
                "contentBlockStart",
                "{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{\"toolUseId\":\"tooluse_1\",\"name\":\"" + name
                        + "\"}}}"));
        for (String part : List.of("{\\\"location\\\":", "\\\"Bangalore\\\"}")) {
            events.add(event(
                    "contentBlockDelta",
                    "{\"contentBlockIndex\":0,\"delta\":{\"toolUse\":{\"input\":\"" + part + "\"}}}"));
        }
        events.add(event("contentBlockStop", "{\"contentBlockIndex\":0}"));
        events.addAll(ending("tool_use"));
        return events;
    }

    private static List<byte[]> ending(String stopReason) {
        return List.of(
                event("messageStop", "{\"stopReason\":\"" + stopReason + "\"}"),
                event(
                        "metadata",
                        "{\"usage\":{\"inputTokens\":8,\"outputTokens\":3,\"totalTokens\":11},"
                                + "\"metrics\":{\"latencyMs\":100}}"));
    }

    /** {@return a whole stream, each message as one chunk} */
    static Answer streamed(List<byte[]> messages) {
        return Answer.chunks(200, STREAM, messages, Duration.ZERO);
    }

    /** {@return the head of a stream, and a body whose end is up to what follows} */
    static Answer begun(byte[] bytes) {
        return Answer.raw("HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n"
                        + "transfer-encoding: chunked\r\n\r\n")
                .chunk(bytes);
    }

    static byte[] joined(List<byte[]> messages) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        messages.forEach(out::writeBytes);
        return out.toByteArray();
    }

    static byte[] event(String type, String payload) {
        return message(Map.of(":event-type", type, ":message-type", "event"), payload);
    }

    static byte[] exception(String type, String words) {
        return message(
                Map.of(":exception-type", type, ":message-type", "exception"), "{\"message\":\"" + words + "\"}");
    }

    private static byte[] message(Map<String, String> headers, String payload) {
        Map<String, HeaderValue> values = new LinkedHashMap<>();
        headers.forEach((name, value) -> values.put(name, HeaderValue.fromString(value)));
        values.put(":content-type", HeaderValue.fromString("application/json"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Message(values, payload.getBytes(StandardCharsets.UTF_8)).encode(out);
        return out.toByteArray();
    }
}
