package io.magicapi.gateway.provider.bedrock;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

/** Messages of an event stream, as AWS's own encoder writes them. */
final class Frames {

    private Frames() {}

    /** {@return an event} */
    static byte[] event(String type, String payload) {
        return message(
                Map.of(
                        ":event-type", HeaderValue.fromString(type),
                        ":content-type", HeaderValue.fromString("application/json"),
                        ":message-type", HeaderValue.fromString("event")),
                payload);
    }

    /** {@return a failure that the service's model knows} */
    static byte[] exception(String type, String payload) {
        return message(
                Map.of(
                        ":exception-type", HeaderValue.fromString(type),
                        ":content-type", HeaderValue.fromString("application/json"),
                        ":message-type", HeaderValue.fromString("exception")),
                payload);
    }

    /** {@return a failure that it does not know} */
    static byte[] error(String code, String words) {
        return message(
                Map.of(
                        ":error-code", HeaderValue.fromString(code),
                        ":error-message", HeaderValue.fromString(words),
                        ":message-type", HeaderValue.fromString("error")),
                "");
    }

    static byte[] message(Map<String, HeaderValue> headers, String payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new Message(new LinkedHashMap<>(headers), payload.getBytes(StandardCharsets.UTF_8)).encode(out);
        return out.toByteArray();
    }

    static byte[] joined(byte[]... messages) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            out.writeBytes(message);
        }
        return out.toByteArray();
    }
}
