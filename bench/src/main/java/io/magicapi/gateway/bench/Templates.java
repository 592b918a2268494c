package io.magicapi.gateway.bench;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

/** The bytes that the upstream answers with, framed for HTTP/1.1. */
public final class Templates {

    private static final String SERVER = "HTTP/1.1 200 OK\r\nserver: bench\r\ndate: Tue, 24 Nov 2026 00:00:00 GMT\r\n";

    private static final String STREAM_HEAD = SERVER
            + "content-type: %s\r\ncache-control: no-cache\r\n"
            // nginx buffers streams unless it is asked not to.
            + "x-accel-buffering: no\r\nx-request-id: req_01bench\r\ntransfer-encoding: chunked\r\n\r\n";

    private static final byte[] LAST_CHUNK = ascii("0\r\n\r\n");

    private Templates() {}

    /**
     * A stream, framed.
     *
     * @param head the response's head
     * @param begin what comes before the first event
     * @param event what comes again and again; has the stamp at {@code stamp}, unless that is negative
     * @param end what comes after the last event
     */
    record Stream(byte[] head, byte[] begin, byte[] event, int stamp, byte[] end) {}

    /** {@return a chat completion of about 1 KB} */
    static byte[] plain() {
        String words = "All the words of an answer that has about one kilobyte in all. ".repeat(10);
        return answer("{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1764000000,"
                + "\"model\":\"llama-3.3-70b-versatile\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                + "\"content\":\"" + words + "\"},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
                + "\"usage\":{\"queue_time\":0.05,\"prompt_tokens\":42,\"prompt_time\":0.001,\"completion_tokens\":128,"
                + "\"completion_time\":0.5,\"total_tokens\":170,\"total_time\":0.501},"
                + "\"system_fingerprint\":\"fp_bench\",\"x_groq\":{\"id\":\"req_01bench\"}}");
    }

    /** {@return an empty list of models} */
    static byte[] models() {
        return answer("{\"object\":\"list\",\"data\":[]}");
    }

    private static byte[] answer(String body) {
        return ascii(SERVER + "content-type: application/json\r\nx-request-id: req_01bench\r\ncontent-length: "
                + body.length() + "\r\n\r\n" + body);
    }

    /** {@return the stream of a script} */
    static Stream stream(Script.Form form) {
        return switch (form) {
            case PLAIN -> throw new IllegalArgumentException("no stream");
            case SSE -> chat();
            case ANTHROPIC -> anthropic();
            case BEDROCK -> bedrock();
        };
    }

    private static Stream chat() {
        String event = "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,"
                + "\"model\":\"llama-3.3-70b-versatile\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},"
                + "\"logprobs\":null,\"finish_reason\":null}]," + Stamp.PLACEHOLDER + "}\n\n";
        String last = "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,"
                + "\"model\":\"llama-3.3-70b-versatile\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
                + "\"x_groq\":{\"usage\":{\"prompt_tokens\":42,\"completion_tokens\":100,\"total_tokens\":142}}}\n\n";
        return stream("text/event-stream", "", event, last + "data: [DONE]\n\n");
    }

    private static Stream anthropic() {
        String begin = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\","
                + "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\",\"content\":[],"
                + "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":42,\"output_tokens\":1}}}\n\n"
                + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
                + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
        String event = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                + "\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}\n\n";
        String end = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
                + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
                + "\"stop_sequence\":null},\"usage\":{\"output_tokens\":100}}\n\n"
                + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        return stream("text/event-stream", begin, event, end);
    }

    private static Stream bedrock() {
        byte[] begin = chunk(converse("messageStart", "{\"role\":\"assistant\"}"));
        byte[] event = chunk(converse(
                "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\" word\"},\"p\":\"abcd\"}"));
        byte[] end = concat(List.of(
                chunk(converse("contentBlockStop", "{\"contentBlockIndex\":0}")),
                chunk(converse("messageStop", "{\"stopReason\":\"end_turn\"}")),
                chunk(converse(
                        "metadata",
                        "{\"usage\":{\"inputTokens\":42,\"outputTokens\":100,\"totalTokens\":142},"
                                + "\"metrics\":{\"latencyMs\":1}}")),
                LAST_CHUNK));
        return new Stream(ascii(STREAM_HEAD.formatted("application/vnd.amazon.eventstream")), begin, event, -1, end);
    }

    /** {@return an event of Bedrock's Converse API} */
    public static byte[] converse(String type, String payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Message(
                        Map.of(
                                ":message-type", HeaderValue.fromString("event"),
                                ":event-type", HeaderValue.fromString(type),
                                ":content-type", HeaderValue.fromString("application/json")),
                        payload.getBytes(StandardCharsets.UTF_8))
                .encode(out);
        return out.toByteArray();
    }

    private static Stream stream(String contentType, String begin, String event, String end) {
        byte[] framed = chunk(ascii(event));
        int stamp = new String(framed, StandardCharsets.US_ASCII).indexOf(Stamp.PLACEHOLDER);
        return new Stream(
                ascii(STREAM_HEAD.formatted(contentType)),
                begin.isEmpty() ? new byte[0] : chunk(ascii(begin)),
                framed,
                stamp,
                concat(List.of(chunk(ascii(end)), LAST_CHUNK)));
    }

    private static byte[] chunk(byte[] content) {
        return concat(List.of(ascii(Integer.toHexString(content.length) + "\r\n"), content, ascii("\r\n")));
    }

    private static byte[] concat(List<byte[]> parts) {
        int length = parts.stream().mapToInt(part -> part.length).sum();
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
