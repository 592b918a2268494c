package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the server behind a provider answers to a chat, in its own format, byte for byte as it would come over the wire.
 * A provider that translates answers brings one to its {@link ProviderContract}, which then looks at what the client
 * gets; best taken from the server's documentation or a recording.
 *
 * <p>Each method may be called often, and from any thread.
 */
public interface Wire {

    /** What an answer says that is whole. */
    String TEXT = "Hello there";

    /** What an error says. */
    String FAILURE = "it broke";

    /** {@return a whole answer that is no stream: it says {@value #TEXT}, for 9 prompt tokens and 2 completion tokens} */
    Message plain();

    /**
     * {@return a whole stream: it says {@value #TEXT}, for 9 prompt tokens and 2 completion tokens}
     *
     * <p>Asked for only if streaming is declared. Its first half must not yet be a whole answer.
     */
    Message stream();

    /** {@return a stream that begins to answer and then tells of an error, which says {@value #FAILURE}, and ends} */
    Message streamError();

    /** {@return a refusal with this status, of 400 or above, which says {@value #FAILURE}} */
    Message error(int status);

    /**
     * {@return a whole answer that calls the tool {@code get_weather} with the arguments {@code {"city":"Pune"}}}
     *
     * <p>Asked for only if tools are declared.
     */
    default Message toolCall() {
        throw new UnsupportedOperationException(
                "tools() is declared, so Wire.toolCall() must say what the server sends");
    }

    /**
     * {@return the same as a stream}
     *
     * <p>Asked for only if tools and streaming are declared.
     */
    default Message toolCallStream() {
        throw new UnsupportedOperationException(
                "tools() and streaming() are declared, so Wire.toolCallStream() must say what the server sends");
    }

    /** {@return OpenAI's own format} */
    static Wire openAi() {
        return OpenAiWire.INSTANCE;
    }

    /**
     * One answer.
     *
     * @param headers all but those that frame the body
     * @param body not to be changed
     */
    record Message(int status, Headers headers, byte[] body) {

        /** {@return a JSON answer} */
        public static Message json(int status, String body) {
            return new Message(
                    status, Headers.of("content-type", "application/json"), body.getBytes(StandardCharsets.UTF_8));
        }

        /** {@return a stream of these events, each with the empty line that ends it} */
        public static Message events(List<String> events) {
            return new Message(200, Answer.EVENT_STREAM, String.join("", events).getBytes(StandardCharsets.UTF_8));
        }

        /** {@return this message with one more header} */
        public Message with(String name, String value) {
            return new Message(status, headers.with(name, value), body);
        }

        Answer answer() {
            return Answer.http(status, headers, body);
        }

        /** {@return the same in chunks of {@code size} bytes, but for the first and the last one} */
        Answer cut(int first, int size) {
            List<byte[]> chunks = new ArrayList<>();
            int from = 0;
            for (int to = first; from < body.length; to += size) {
                chunks.add(Arrays.copyOfRange(body, from, Math.min(to, body.length)));
                from = to;
            }
            return Answer.chunks(status, headers, chunks, Duration.ZERO);
        }

        /** {@return the same up to this many bytes, to which an end of some kind is to be added} */
        Answer begin(int length) {
            List<byte[]> chunks = length == 0 ? List.of() : List.of(Arrays.copyOf(body, length));
            return Answer.openChunks(status, headers, chunks, Duration.ZERO);
        }
    }
}
