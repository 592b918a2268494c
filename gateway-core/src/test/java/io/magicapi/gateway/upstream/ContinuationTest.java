package io.magicapi.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is delivered of a stream that goes on with another's: exactly what that one did not say. */
class ContinuationTest {

    private static final String WHOLE = "Grüße, \"you\"!\n नमस्ते 你好 👋🏽 – the end";
    private static final String DONE = "data: [DONE]\n\n";
    private static final String FINISH = chunk("{}", "\"stop\"");

    private static String chunk(String delta, String finish) {
        return "data: {\"id\":\"second\",\"created\":2,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":" + delta
                + ",\"finish_reason\":" + finish + "}]}\n\n";
    }

    private static String says(String text) {
        ObjectNode delta =
                JsonNodeFactory.instance.objectNode().put("role", "assistant").put("content", text);
        return chunk(delta.toString(), "null");
    }

    private static DeliveredText delivered(String text) {
        DeliveredText delivered = new DeliveredText();
        delivered.note(Buffer.buffer(
                says("").replace("second", "first").replace("\"created\":2", "\"created\":1") + says(text)));
        return delivered;
    }

    /** {@return the texts of all chunks, put together as clients do} */
    private static String text(Buffer events) {
        DeliveredText text = new DeliveredText();
        for (EventLines event : EventLines.split(events)) {
            JsonNode json = Json.parse(event.data());
            if (json.isObject()) {
                ((ObjectNode) json.path("choices").path(0)).putNull("finish_reason");
                text.note(Buffer.buffer("data: " + json + "\n\n"));
            }
        }
        return text.text();
    }

    @Test
    @DisplayName(
            "a text that is said once more is delivered from where it broke off, wherever that was and however it is cut")
    void everyPosition() {
        int[] places = WHOLE.codePoints().map(Character::charCount).toArray();
        int cut = 0;
        for (int i = 0; i <= places.length; i++) {
            String before = WHOLE.substring(0, cut);
            int pieceEnd = 0;
            for (int j = 0; j <= places.length; j++) {
                Continuation continuation = new Continuation(delivered(before), false);
                Buffer out = continuation.take(Buffer.buffer(says("")));
                out.appendBuffer(continuation.take(Buffer.buffer(says(WHOLE.substring(0, pieceEnd)))));
                out.appendBuffer(continuation.take(Buffer.buffer(says(WHOLE.substring(pieceEnd)) + FINISH + DONE)));

                assertThat(before + text(out)).isEqualTo(WHOLE);
                assertThat(continuation.isJoined()).isTrue();
                assertThat(continuation.isUnusable()).isFalse();
                pieceEnd += j < places.length ? places[j] : 0;
            }
            cut += i < places.length ? places[i] : 0;
        }
    }

    @Test
    @DisplayName("what passes is of the answer that was begun: its id and time, no second role, the rest as it came")
    void sameAnswer() {
        Continuation continuation = new Continuation(delivered("Hello"), false);

        String out = continuation
                .take(Buffer.buffer(says("Hello there").replace("\"m\"", "\"m\",\"x\":1.50") + FINISH
                        + "data: {\"id\":\"second\",\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n: comment\n\n"
                        + DONE))
                .toString();

        assertThat(out)
                .isEqualTo("data: {\"id\":\"first\",\"created\":1,\"model\":\"m\",\"x\":1.50,\"choices\":[{\"index\":0,"
                        + "\"delta\":{\"content\":\" there\"},\"finish_reason\":null}]}\n\n"
                        + FINISH.replace("second", "first").replace("\"created\":2", "\"created\":1")
                        + "data: {\"id\":\"first\",\"choices\":[],\"usage\":{\"prompt_tokens\":1},\"created\":1}\n\n"
                        + ": comment\n\n" + DONE);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"Hello, the", "Hello their", "hello there", "H", "Hello ther"})
    @DisplayName("a text that differs, or ends before it has come so far, is of no use, and nothing of it is delivered")
    void differs(String again) {
        Continuation continuation = new Continuation(delivered("Hello there"), false);

        Buffer out = continuation.take(Buffer.buffer(says(again) + FINISH + DONE));

        assertThat(continuation.isUnusable()).isTrue();
        assertThat(out.length()).isZero();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "{\"tool_calls\":[{\"index\":0}]}",
                "{\"content\":\"Hel\",\"reasoning\":\"hm\"}",
                "{\"refusal\":\"no\"}",
                "{\"audio\":{\"id\":\"a\"}}"
            })
    @DisplayName("whoever says something else than the text that was delivered is of no use")
    void somethingElse(String delta) {
        Continuation continuation = new Continuation(delivered("Hello there"), false);

        assertThat(continuation.take(Buffer.buffer(chunk(delta, "null"))).length())
                .isZero();
        assertThat(continuation.isUnusable()).isTrue();
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "Here it is. Hello, ' there'",
        "Here it is. Hello, '!'",
        "The first few words of it, ' and'",
    })
    @DisplayName("what a target says that was given the beginning is appended")
    void prefilled(String before, String after) {
        Continuation continuation = new Continuation(delivered(before), true);

        Buffer out = continuation.take(Buffer.buffer(says("") + says(after) + says(" more") + FINISH + DONE));

        assertThat(text(out)).isEqualTo(after + " more");
        assertThat(continuation.isJoined()).isTrue();
    }

    @Test
    @DisplayName("a target that was given the beginning and has nothing to add ends the answer")
    void prefilledAndOver() {
        Continuation continuation = new Continuation(delivered("That is all."), true);

        Buffer out = continuation.take(Buffer.buffer(says("") + FINISH + DONE));

        assertThat(out.toString()).contains("\"finish_reason\":\"stop\"").endsWith(DONE);
    }

    @Test
    @DisplayName("a target that says the beginning once more although it was given it delivers the rest only")
    void prefilledAndRepeated() {
        String before = "A beginning of many letters";
        Continuation continuation = new Continuation(delivered(before), true);

        Buffer out = continuation.take(Buffer.buffer(says("A begin") + says("ning of many letters and") + FINISH));

        assertThat(text(out)).isEqualTo(" and");
    }

    @ParameterizedTest(name = "{0} | {1}")
    @CsvSource({
        "A beginning of many letters, A beginning of a few",
        "ha ha, ha ha ha",
        "1, 1",
        "A beginning of many letters, A beginn",
    })
    @DisplayName(
            "a target that was given the beginning and may or may not be repeating it is of no use: nothing is guessed")
    void prefilledAndAmbiguous(String before, String again) {
        Continuation continuation = new Continuation(delivered(before), true);

        Buffer out = continuation.take(Buffer.buffer(says(again) + FINISH + DONE));

        assertThat(continuation.isUnusable()).isTrue();
        assertThat(out.length()).isZero();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "{\"tool_calls\":[{\"index\":0,\"id\":\"c\"}]}",
                "{\"reasoning_content\":\"hm\"}",
                "{\"reasoning\":\"hm\"}",
                "{\"refusal\":\"no\"}",
                "{\"function_call\":{\"name\":\"f\"}}"
            })
    @DisplayName("whoever has been told more than text cannot be told the rest by somebody else")
    void moreThanText(String delta) {
        DeliveredText delivered = delivered("Hello");
        assertThat(delivered.isUnfinishedText()).isTrue();

        delivered.note(Buffer.buffer(chunk(delta, "null")));

        assertThat(delivered.isUnfinishedText()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}",
                "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}},{\"index\":1,\"delta\":{}}]}",
                "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"logprobs\":{\"content\":[{}]}}]}",
                "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
                "{\"hello\":1}",
                "[DONE]",
                "not json"
            })
    @DisplayName("several choices, logprobs, an end, and what is not known here count as more than text")
    void unknown(String data) {
        DeliveredText delivered = delivered("Hello");

        delivered.note(Buffer.buffer("data: " + data + "\n\n"));

        assertThat(delivered.isUnfinishedText()).isFalse();
    }

    @Test
    @DisplayName("texts of more than a megabyte are not remembered")
    void bounded() {
        DeliveredText delivered = delivered("");
        String chunk = says("x".repeat(100_000));

        for (int i = 0; i < 10; i++) {
            delivered.note(Buffer.buffer(chunk));
        }
        assertThat(delivered.isUnfinishedText()).isTrue();

        delivered.note(Buffer.buffer(chunk));
        assertThat(delivered.isUnfinishedText()).isFalse();
    }

    @Test
    @DisplayName("a request is extended by what was said, and is the same otherwise")
    void prefill() {
        String request =
                "{\"model\":\"m\",\"temperature\":0.10,\"messages\":[{\"role\":\"user\",\"content\":\"hé\"}],\"stream\":true}";

        byte[] extended = Prefill.of(ClientBody.held(Buffer.buffer(request), false), "Hällo")
                .orElseThrow()
                .getBytes();

        JsonNode json = Json.parse(extended);
        assertThat(json.at("/messages/1").toString()).isEqualTo("{\"role\":\"assistant\",\"content\":\"Hällo\"}");
        ((com.fasterxml.jackson.databind.node.ArrayNode) json.path("messages")).remove(1);
        assertThat(json).isEqualTo(Json.parse(request.getBytes(StandardCharsets.UTF_8)));
        assertThat(new String(extended, StandardCharsets.UTF_8)).contains("0.10");
    }

    @Test
    @DisplayName("a request whose end would mean something else is not extended")
    void notExtended() {
        List<String> requests = List.of(
                "{\"messages\":[{\"role\":\"assistant\",\"content\":\"He\"}]}",
                "{\"n\":2,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
                "{\"messages\":\"hi\"}",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"" + "x".repeat(256 * 1024) + "\"}]}");

        assertThat(requests)
                .allMatch(request -> Prefill.of(ClientBody.held(Buffer.buffer(request), false), "Hello")
                        .isEmpty());
    }
}
