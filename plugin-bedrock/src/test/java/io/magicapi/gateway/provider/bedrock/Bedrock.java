package io.magicapi.gateway.provider.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.FrameDecoder;
import io.magicapi.gateway.api.FrameSink;
import io.magicapi.gateway.api.FrameTransform;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.testkit.TestCall;
import io.magicapi.gateway.testkit.TestContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** What the tests of the mapping do with a provider. */
final class Bedrock {

    static final Headers ANSWERED = Headers.of("x-amzn-requestid", "r-1");

    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-24T12:00:00Z"), ZoneOffset.UTC);

    private Bedrock() {}

    /** {@return a provider that has started} */
    static BedrockProvider started(String options) {
        return started(TestContext.of(unstarted(), options));
    }

    static BedrockProvider started(TestContext context) {
        BedrockProvider provider = unstarted();
        provider.start(context);
        return provider;
    }

    static BedrockProvider unstarted() {
        return new BedrockProvider(CLOCK);
    }

    /** {@return the exchange for a chat that comes with an API key} */
    static Exchange open(String chat) {
        return started("{}").open(call(chat));
    }

    static TestCall call(String chat) {
        return TestCall.chat(chat).withCredential("bedrock-api-key-test");
    }

    /** {@return what Converse is sent for a chat} */
    static JsonNode converse(String chat) {
        return open(chat).request().body().json();
    }

    /** {@return the warning that goes with it, or an empty text} */
    static String warning(String chat) {
        return open(chat).response(ResponseHead.of(200, ANSWERED)).warning().orElse("");
    }

    /** {@return what becomes of a whole answer} */
    static JsonNode answer(int status, Headers headers, String body) {
        Call call = call("{\"model\":\"m\",\"messages\":[]}");
        ResponseHandler handler = started("{}").open(call).response(ResponseHead.of(status, headers));
        return handler.bodyTransform()
                .orElseThrow()
                .apply(Body.of(body.getBytes(StandardCharsets.UTF_8)))
                .json();
    }

    /** {@return what becomes of a stream: a chunk's document for each event, DONE, or ERROR with type and message} */
    static List<String> stream(byte[] bytes, int piece) {
        ResponseHandler handler =
                open("{\"model\":\"m\",\"stream\":true,\"messages\":[]}").response(ResponseHead.of(200, ANSWERED));
        FrameDecoder decoder = handler.frameDecoder().orElseThrow();
        FrameTransform transform = handler.frameTransform().orElseThrow();
        Events events = new Events();
        for (int at = 0; at < bytes.length; at += piece) {
            ByteBuffer part = ByteBuffer.wrap(bytes, at, Math.min(piece, bytes.length - at));
            decoder.feed(part.asReadOnlyBuffer(), frame -> transform.onFrame(frame, events));
        }
        decoder.end(frame -> transform.onFrame(frame, events));
        transform.onEnd(events);
        return events.all;
    }

    private static final class Events implements FrameSink {

        private final List<String> all = new ArrayList<>();

        @Override
        public void event(JsonNode chunk) {
            all.add(chunk.toString());
        }

        @Override
        public void done() {
            all.add("DONE");
        }

        @Override
        public void error(String message, String type) {
            all.add("ERROR " + type + ": " + message);
        }
    }

    static JsonNode json(String text) {
        return Body.of(text.getBytes(StandardCharsets.UTF_8)).json();
    }
}
