package io.magicapi.gateway.provider.anthropic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.ProviderException;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesRequestTest {

    private static final Catalogue CATALOGUE = Catalogue.read();
    private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    private final Losses losses = new Losses(Losses.Policy.DROP);

    private ObjectNode made(String chat) {
        return MessagesRequest.of(Golden.json(chat), CATALOGUE, Options.DEFAULT, losses);
    }

    private ObjectNode hello(String model, String fields) {
        return made("{\"model\":\"" + model + "\"," + HELLO + fields + "}");
    }

    private void assertRefused(String chat, String param) {
        assertThatThrownBy(() -> made(chat))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> {
                    assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.INVALID_REQUEST);
                    assertThat(refusal.param()).hasValue(param);
                    assertThat(refusal).hasMessageStartingWith(param);
                });
    }

    // What cannot be sent

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "\"x\"",
                "{\"messages\":[]}",
                "{\"messages\":null}",
                "{\"messages\":{\"role\":\"user\"}}"
            })
    @DisplayName("a request without messages is refused")
    void noMessages(String chat) {
        assertRefused(chat, "messages");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"content":"Hi"}                                                         | messages[0].role
            {"role":"function","content":"Hi"}                                       | messages[0].role
            {"role":"user"}                                                          | messages[0].content
            {"role":"user","content":" "}                                            | messages[0].content
            {"role":"user","content":5}                                              | messages[0].content
            {"role":"user","content":[{"type":"input_audio"}]}                       | messages[0].content[0]
            {"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]} | messages[0].content[0].image_url.url
            {"role":"user","content":[{"type":"image_url","image_url":"data:,x"}]}   | messages[0].content[0].image_url.url
            {"role":"user","content":[{"type":"image_url","image_url":"data:x"}]}    | messages[0].content[0].image_url.url
            {"role":"user","content":[{"type":"file","file":{}}]}                    | messages[0].content[0].file
            {"role":"user","content":[{"type":"file","file":{"file_data":"data:video/mp4;base64,AA"}}]} | messages[0].content[0].file.file_data
            {"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain;base64,!"}}]} | messages[0].content[0].file.file_data
            {"role":"assistant","tool_calls":[{"function":{}}]}                      | messages[0].tool_calls[0].function.name
            {"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"[1]"}}]}   | messages[0].tool_calls[0].function.arguments
            {"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\\"a\\""}}]} | messages[0].tool_calls[0].function.arguments
            """)
    @DisplayName("a message that Claude could not be told whole is refused, and the place is named")
    void badMessage(String message, String param) {
        assertRefused("{\"messages\":[" + message + "]}", param);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "tools":"x"                                                             | tools
            "tools":[null]                                                          | tools[0]
            "stop":{}                                                               | stop
            "response_format":[]                                                    | response_format
            "tools":[{"type":"function","function":{}}]                             | tools[0].function.name
            "response_format":{"type":"json_schema","json_schema":{"name":"x"}}     | response_format.json_schema.schema
            "reasoning_effort":"enormous"                                           | reasoning_effort
            """)
    @DisplayName("a field that is not as OpenAI's reference has it is refused")
    void badField(String field, String param) {
        assertRefused("{\"model\":\"claude-haiku-4-5\"," + HELLO + "," + field + "}", param);
    }

    // What is lost

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "seed":1                                      | seed
            "temperature":1.5                             | temperature
            "temperature":0.5,"top_p":0.5                 | top_p
            "stop":[" "]                                  | stop
            "response_format":{"type":"json_object"}      | response_format
            "service_tier":"priority"                     | service_tier
            "tools":[{"type":"custom"}]                   | tools[0]
            "unheard_of":true                             | unheard_of
            "thinking":{"type":"adaptive"},"reasoning_effort":"low" | reasoning_effort
            """)
    @DisplayName("where nothing may be lost, a field that would be is refused and named")
    void reject(String field, String param) {
        JsonNode chat = Golden.json("{\"model\":\"claude-opus-4-6\"," + HELLO + "," + field + "}");

        assertThatThrownBy(() -> MessagesRequest.of(chat, CATALOGUE, Options.DEFAULT, new Losses(Losses.Policy.REJECT)))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> {
                    assertThat(refusal.kind()).isEqualTo(ProviderException.Kind.INVALID_REQUEST);
                    assertThat(refusal.param()).hasValue(param);
                    assertThat(refusal).hasMessageContaining("Anthropic does not support");
                });
    }

    @Test
    @DisplayName("a name of a message is refused with its place")
    void rejectName() {
        JsonNode chat = Golden.json("{\"messages\":[{\"role\":\"user\",\"name\":\"ann\",\"content\":\"Hi\"}]}");

        assertThatThrownBy(() -> MessagesRequest.of(chat, CATALOGUE, Options.DEFAULT, new Losses(Losses.Policy.REJECT)))
                .asInstanceOf(type(ProviderException.class))
                .satisfies(refusal -> assertThat(refusal.param()).hasValue("messages[0].name"));
    }

    @Test
    @DisplayName("fields at the value they have anyway are no loss")
    void harmless() {
        hello("claude-opus-5-5", """
                ,"n":1,"logprobs":false,"top_logprobs":0,"logit_bias":{},"presence_penalty":0.0,"frequency_penalty":0,
                "store":false,"metadata":{},"modalities":["text"],"temperature":1,"top_p":1.0,"seed":null,"stop":null,
                "response_format":{"type":"text"},"service_tier":null,"stream":false""");

        assertThat(losses.warning()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"response_format\":{\"type\":\"a\\nb\"}",
                "\"service_tier\":\"a\\nb\"",
                "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":{\"type\":\"a\\nb\"}",
                "\"a\\nb\":1"
            })
    @DisplayName("a warning can be sent in a header, and tells no value of the request")
    void warningIsSafe(String field) {
        hello("claude-opus-4-6", "," + field);

        assertThat(losses.warning()).hasValueSatisfying(text -> assertThat(text).matches("[ -~]+"));
    }

    @Test
    @DisplayName("a temperature above Anthropic's highest becomes that, and the client is told")
    void hot() {
        ObjectNode made = hello("claude-haiku-4-5", ",\"temperature\":1.7");

        assertThat(made.path("temperature").asInt()).isEqualTo(1);
        assertThat(losses.warning()).hasValueSatisfying(text -> assertThat(text).endsWith(": temperature above 1"));
    }

    // How long an answer may be

    @ParameterizedTest
    @CsvSource({
        "claude-haiku-4-5, 64000",
        "claude-haiku-4-5-20251001, 64000",
        "claude-opus-5-5, 128000",
        "claude-of-tomorrow, 32000"
    })
    @DisplayName("without a limit in the request, the model's own is sent; a model that is not listed gets a safe one")
    void defaultLimit(String model, int limit) {
        assertThat(hello(model, "").path("max_tokens").asInt()).isEqualTo(limit);
    }

    @Test
    @DisplayName("the operator's limit comes before the model's, and the request's before both")
    void limits() {
        Options options = new Options(Losses.Policy.DROP, OptionalInt.of(4096));
        JsonNode without = Golden.json("{\"model\":\"claude-opus-5-5\"," + HELLO + "}");
        JsonNode with = Golden.json("{\"model\":\"claude-opus-5-5\",\"max_tokens\":5," + HELLO + "}");

        assertThat(MessagesRequest.of(without, CATALOGUE, options, losses)
                        .path("max_tokens")
                        .asInt())
                .isEqualTo(4096);
        assertThat(MessagesRequest.of(with, CATALOGUE, options, losses)
                        .path("max_tokens")
                        .asInt())
                .isEqualTo(5);
    }

    // Reasoning

    @ParameterizedTest
    @CsvSource({
        "low, 20000, 4000",
        "medium, 20000, 10000",
        "high, 20000, 16000",
        "xhigh, 20000, 19000",
        "low, 2000, 1024",
        "high, 1025, 1024"
    })
    @DisplayName("an older model gets a budget, a share of the answer's tokens and never all of them")
    void budget(String effort, int maxTokens, int budget) {
        ObjectNode made =
                hello("claude-sonnet-4-5", ",\"max_tokens\":" + maxTokens + ",\"reasoning_effort\":\"" + effort + "\"");

        assertThat(made.path("thinking"))
                .isEqualTo(Golden.json("{\"type\":\"enabled\",\"budget_tokens\":" + budget + "}"));
        assertThat(made.has("output_config")).isFalse();
    }

    @Test
    @DisplayName("an answer of few tokens leaves none to think, and the client is told")
    void tooFewTokens() {
        ObjectNode made = hello("claude-sonnet-4-5", ",\"max_tokens\":1024,\"reasoning_effort\":\"low\"");

        assertThat(made.has("thinking")).isFalse();
        assertThat(losses.warning()).hasValueSatisfying(text -> assertThat(text).contains("reasoning_effort"));
    }

    @ParameterizedTest
    @CsvSource({
        "claude-haiku-4-5, '', ''",
        "claude-opus-4-8, '', ''",
        "claude-opus-5, disabled, ''",
        "claude-sonnet-5-5, between_tools, ''",
        "claude-opus-5-5, '', low",
        "claude-fable-5-1, '', low"
    })
    @DisplayName("no reasoning is asked for in the way that the model has for it, or else as little as it knows")
    void off(String model, String thinking, String effort) {
        ObjectNode made = hello(model, ",\"reasoning_effort\":\"none\"");

        assertThat(made.path("thinking").path("type").asText()).isEqualTo(thinking);
        assertThat(made.path("output_config").path("effort").asText()).isEqualTo(effort);
        assertThat(losses.warning().isPresent()).isEqualTo(!effort.isEmpty());
    }

    @Test
    @DisplayName("a model that must call a tool does not think, as Anthropic refuses both together")
    void forcedTool() {
        ObjectNode made = hello("claude-opus-4-6", """
                ,"tools":[{"type":"function","function":{"name":"f"}}],"reasoning_effort":"high",
                "tool_choice":{"type":"function","function":{"name":"f"}}""");

        assertThat(made.path("tool_choice")).isEqualTo(Golden.json("{\"type\":\"tool\",\"name\":\"f\"}"));
        assertThat(made.has("thinking")).isFalse();
        assertThat(losses.warning()).hasValueSatisfying(text -> assertThat(text).contains("with a forced tool"));
    }

    @Test
    @DisplayName("an older model that goes on after tool calls does not think when its thoughts were not sent back")
    void thoughtsLost() {
        ObjectNode made = made("""
                {"model":"claude-haiku-4-5","max_tokens":9000,"reasoning_effort":"high","messages":[
                 {"role":"user","content":"Hi"},
                 {"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
                 {"role":"tool","tool_call_id":"a","content":"1"}]}""");

        assertThat(made.has("thinking")).isFalse();
        assertThat(losses.warning()).hasValueSatisfying(text -> assertThat(text).contains("thinking_blocks"));
    }

    @Test
    @DisplayName("thinking that a client sends back as it got it, whole or streamed, reaches Anthropic as it was")
    void thinkingReturns() {
        JsonNode golden = Golden.json(Golden.text("answers/thinking.json"));
        ObjectNode whole = golden.at("/completion/choices/0/message").deepCopy();
        ObjectNode streamed =
                Golden.JSON.createObjectNode().put("role", "assistant").put("content", "12231");
        for (JsonNode chunk : Golden.translate(Golden.text("streams/thinking.events.txt")).chunks) {
            chunk.at("/choices/0/delta/thinking_blocks").forEach(streamed.withArray("thinking_blocks")::add);
        }

        assertThat(sentBack(whole)).isEqualTo(Golden.json("""
                        [{"type":"thinking","thinking":"Let me see.","signature":"EqoBCkgI"},
                         {"type":"redacted_thinking","data":"EmwKAhgB"},{"type":"text","text":"42"}]"""));
        assertThat(sentBack(streamed)).isEqualTo(Golden.json("""
                        [{"type":"thinking","thinking":"First, 27 * 453","signature":"EqQBCgIY"},
                         {"type":"redacted_thinking","data":"EmwKAhgB"},{"type":"text","text":"12231"}]"""));
    }

    private JsonNode sentBack(JsonNode message) {
        return made("{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}," + message + "]}")
                .at("/messages/1/content");
    }

    // Tools

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ,"tool_choice":"auto"                              | {"type":"auto"}
            ,"tool_choice":"none"                              | {"type":"none"}
            ,"tool_choice":"none","parallel_tool_calls":false  | {"type":"none"}
            ,"tool_choice":"required"                          | {"type":"any"}
            ,"parallel_tool_calls":false                       | {"type":"auto","disable_parallel_tool_use":true}
            ,"parallel_tool_calls":true                        |
            ,"tool_choice":null                                |
            """)
    @DisplayName("the choice of tools is translated, and not sent where it is not made")
    void toolChoice(String fields, String expected) {
        ObjectNode made =
                hello("claude-opus-4-6", ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]" + fields);

        assertThat(made.path("tool_choice").toString()).isEqualTo(expected == null ? "" : expected);
    }

    @Test
    @DisplayName("without tools nothing is said about choosing one, which Anthropic would refuse")
    void noTools() {
        ObjectNode made =
                hello("claude-opus-4-6", ",\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":false");

        assertThat(made.has("tools")).isFalse();
        assertThat(made.has("tool_choice")).isFalse();
    }

    @Test
    @DisplayName("the client's request is not changed")
    void untouched() {
        JsonNode chat = Golden.json(Golden.text("requests/vision.json")).path("chat");
        String before = chat.toString();

        MessagesRequest.of(chat, CATALOGUE, Options.DEFAULT, losses);

        assertThat(chat).hasToString(before);
    }
}
