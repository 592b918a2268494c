package io.magicapi.gateway.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EchoAnswersTest {

    private static final String TOOLS = """
            "tools":[
              {"type":"function","function":{"name":"get_current_weather","parameters":{"type":"object","properties":{
                "location":{"type":"string","description":"a city"},
                "unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["location"]}}},
              {"type":"function","function":{"name":"get_time"}}]""";

    private static EchoAnswer post(String operation, String body) {
        return EchoAnswers.answer(EchoRequest.of("POST", "/v1/" + operation, body.getBytes(StandardCharsets.UTF_8)));
    }

    private static EchoAnswer get(String target) {
        return EchoAnswers.answer(EchoRequest.of("GET", target, new byte[0]));
    }

    private static JsonNode json(byte[] bytes) {
        try {
            return EchoJson.MAPPER.readTree(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode json(EchoAnswer answer) {
        return json(answer.body());
    }

    private static String chat(String messages, String more) {
        return "{\"model\":\"hi\",\"messages\":" + messages + more + "}";
    }

    private static String say(String text) {
        return "[{\"role\":\"system\",\"content\":\"Be kind.\"},{\"role\":\"user\",\"content\":\"" + text + "\"}]";
    }

    /** {@return the data of all events but the last, which must be the end} */
    private static List<JsonNode> events(EchoAnswer answer) {
        List<JsonNode> events = new ArrayList<>();
        for (byte[] chunk : answer.chunks()) {
            String event = new String(chunk, StandardCharsets.UTF_8);
            assertThat(event).startsWith("data: ").endsWith("\n\n");
            if (event.equals("data: [DONE]\n\n")) {
                assertThat(chunk).isSameAs(answer.chunks().get(answer.chunks().size() - 1));
            } else {
                events.add(json(event.substring("data: ".length()).getBytes(StandardCharsets.UTF_8)));
            }
        }
        assertThat(events).as("all but [DONE]").hasSize(answer.chunks().size() - 1);
        return events;
    }

    private static String joined(List<JsonNode> events, String pointer) {
        return events.stream().map(event -> event.at(pointer).asText("")).collect(Collectors.joining());
    }

    // Chat

    @Test
    @DisplayName("a chat gets back what the user said last")
    void chat() {
        JsonNode completion = json(post("chat/completions", chat(say("Grüße, Welt!"), "")));

        assertThat(completion.path("object").asText()).isEqualTo("chat.completion");
        assertThat(completion.path("model").asText()).isEqualTo("hi");
        assertThat(completion.at("/choices/0/message/role").asText()).isEqualTo("assistant");
        assertThat(completion.at("/choices/0/message/content").asText()).isEqualTo("Grüße, Welt!");
        assertThat(completion.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(completion.at("/usage/prompt_tokens").asInt()).isEqualTo(4);
        assertThat(completion.at("/usage/completion_tokens").asInt()).isEqualTo(2);
        assertThat(completion.at("/usage/total_tokens").asInt()).isEqualTo(6);
    }

    @Test
    @DisplayName("the same request gets the same bytes, another one another id")
    void deterministic() {
        String body = chat(say("hi"), ",\"stream\":true");

        assertThat(post("chat/completions", body).body())
                .isEqualTo(post("chat/completions", body).body());
        assertThat(json(post("chat/completions", chat(say("hi"), ""))).path("id"))
                .isNotEqualTo(
                        json(post("chat/completions", chat(say("ho"), ""))).path("id"));
    }

    @Test
    @DisplayName("a stream brings role, words, finish reason and end, and together the same text")
    void stream() {
        EchoAnswer answer = post("chat/completions", chat(say("one  two\\nthree"), ",\"stream\":true"));

        List<JsonNode> events = events(answer);
        assertThat(answer.headers().get("content-type")).hasValue("text/event-stream; charset=utf-8");
        assertThat(events).hasSize(5);
        assertThat(events.get(0).at("/choices/0/delta/role").asText()).isEqualTo("assistant");
        assertThat(joined(events, "/choices/0/delta/content")).isEqualTo("one  two\nthree");
        assertThat(events.get(4).at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(events).noneMatch(event -> event.has("usage"));
    }

    @Test
    @DisplayName("usage comes in a last chunk without choices when asked for, and is null before")
    void streamUsage() {
        List<JsonNode> events = events(post(
                "chat/completions",
                chat(say("one two"), ",\"stream\":true,\"stream_options\":{\"include_usage\":true}")));

        JsonNode last = events.get(events.size() - 1);
        assertThat(last.path("choices")).isEmpty();
        assertThat(last.at("/usage/completion_tokens").asInt()).isEqualTo(2);
        assertThat(events.subList(0, events.size() - 1))
                .allMatch(event -> event.path("usage").isNull());
    }

    @Test
    @DisplayName("images are counted, and the text with them said back")
    void vision() {
        String messages = """
                [{"role":"user","content":[{"type":"text","text":"What's in this image?"},
                  {"type":"image_url","image_url":{"url":"https://example.com/die.jpg"}}]}]""";

        JsonNode completion = json(post("chat/completions", chat(messages, "")));

        assertThat(completion.at("/choices/0/message/content").asText()).isEqualTo("[1 image] What's in this image?");
        assertThat(completion.at("/usage/prompt_tokens").asInt()).isEqualTo(85 + 4);
    }

    @Test
    @DisplayName("a limit of tokens cuts the answer, and says so")
    void limit() {
        JsonNode completion = json(post("chat/completions", chat(say("one two three"), ",\"max_tokens\":2")));

        assertThat(completion.at("/choices/0/message/content").asText()).isEqualTo("one two ");
        assertThat(completion.at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(completion.at("/usage/completion_tokens").asInt()).isEqualTo(2);
    }

    @Test
    @DisplayName("no request, however full of words, gets more than 4096 events of them")
    void bounded() {
        EchoAnswer answer = post("chat/completions", chat(say("a ".repeat(100_000)), ",\"stream\":true"));

        assertThat(answer.chunks()).hasSize(4096 + 3);
    }

    @Test
    @DisplayName("half a character in the request is half a character in the answer")
    void loneSurrogates() {
        EchoAnswer answer = post("chat/completions", chat(say("a\\ud800b \\u0000 \\ud83d\\udc4b"), ""));

        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).contains("\"a\\ud800b \\u0000 👋\"");
    }

    @Test
    @DisplayName("JSON is answered when JSON is asked for")
    void structured() {
        String schema = """
                ,"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{
                  "$defs":{"pet":{"type":"object","properties":{"age":{"type":"integer","minimum":3}}}},
                  "type":"object","properties":{"name":{"type":"string"},"pets":{"type":"array",
                  "items":{"$ref":"#/$defs/pet"}},"kind":{"anyOf":[{"const":"x"}]},"at":{"type":["string","null"],
                  "format":"date"}}}}}""";

        assertThat(json(post("chat/completions", chat(say("hi"), schema)))
                        .at("/choices/0/message/content")
                        .asText())
                .isEqualTo("{\"name\":\"name\",\"pets\":[{\"age\":3}],\"kind\":\"x\",\"at\":\"2024-01-02\"}");
        assertThat(json(post("chat/completions", chat(say("hi"), ",\"response_format\":{\"type\":\"json_object\"}")))
                        .at("/choices/0/message/content")
                        .asText())
                .isEqualTo("{\"echo\":\"hi\"}");
    }

    @Test
    @DisplayName("a schema that refers to itself comes to an end")
    void recursiveSchema() throws Exception {
        JsonNode schema = EchoJson.MAPPER.readTree(
                "{\"type\":\"object\",\"properties\":{\"next\":{\"$ref\":\"#\"}},\"required\":[\"next\"]}");

        assertThat(EchoJson.text(SchemaSample.of(schema, "x")))
                .startsWith("{\"next\":{\"next\":")
                .contains("null");
    }

    // Tools

    @Test
    @DisplayName("with tools the first one is called, with arguments that fit its schema")
    void tool() {
        JsonNode choice = json(post("chat/completions", chat(say("weather?"), "," + TOOLS)))
                .at("/choices/0");

        assertThat(choice.path("finish_reason").asText()).isEqualTo("tool_calls");
        assertThat(choice.at("/message/content").isNull()).isTrue();
        assertThat(choice.at("/message/tool_calls/0/type").asText()).isEqualTo("function");
        assertThat(choice.at("/message/tool_calls/0/function/name").asText()).isEqualTo("get_current_weather");
        assertThat(choice.at("/message/tool_calls/0/function/arguments").asText())
                .isEqualTo("{\"location\":\"location\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"type\":\"function\",\"function\":{\"name\":\"get_time\"}} | get_time",
                "\"required\" | get_current_weather",
                "\"auto\"     | get_current_weather",
                "\"none\"     | ''"
            })
    @DisplayName("tool_choice is obeyed")
    void toolChoice(String choice, String called) {
        JsonNode message = json(post(
                        "chat/completions", chat(say("weather?"), ",\"tool_choice\":" + choice + "," + TOOLS)))
                .at("/choices/0/message");

        assertThat(message.at("/tool_calls/0/function/name").asText("")).isEqualTo(called);
    }

    @Test
    @DisplayName("tool results get a final text")
    void toolResult() {
        String messages = """
                [{"role":"user","content":"weather?"},
                 {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
                 {"role":"tool","tool_call_id":"c","content":"21 degrees"}]""";

        JsonNode choice =
                json(post("chat/completions", chat(messages, "," + TOOLS))).at("/choices/0");

        assertThat(choice.at("/message/content").asText()).isEqualTo("The tool answered: 21 degrees");
        assertThat(choice.path("finish_reason").asText()).isEqualTo("stop");
    }

    @Test
    @DisplayName("a streamed tool call names itself once and brings its arguments in pieces")
    void toolStream() {
        List<JsonNode> events = events(post("chat/completions", chat(say("weather?"), ",\"stream\":true," + TOOLS)));

        assertThat(joined(events, "/choices/0/delta/tool_calls/0/function/name"))
                .isEqualTo("get_current_weather");
        assertThat(joined(events, "/choices/0/delta/tool_calls/0/function/arguments"))
                .isEqualTo("{\"location\":\"location\"}");
        assertThat(events.get(events.size() - 1).at("/choices/0/finish_reason").asText())
                .isEqualTo("tool_calls");
    }

    // The rest of the API

    @Test
    @DisplayName("old completions say their prompts back, streamed too")
    void completions() {
        String body = "{\"model\":\"hi\",\"prompt\":[\"one two\",\"three\"]";

        JsonNode completion = json(post("completions", body + "}"));
        List<JsonNode> events = events(post("completions", body + ",\"stream\":true}"));

        assertThat(completion.at("/choices/1/text").asText()).isEqualTo("three");
        assertThat(completion.at("/usage/total_tokens").asInt()).isEqualTo(6);
        assertThat(joined(events, "/choices/0/text")).isEqualTo("one twothree");
    }

    @Test
    @DisplayName("embeddings are vectors of length 1, the same as numbers and as base64")
    void embeddings() {
        String body = "{\"model\":\"hi\",\"input\":[\"one\",\"two\"],\"dimensions\":8";

        JsonNode numbers = json(post("embeddings", body + "}")).at("/data/1/embedding");
        String base64 = json(post("embeddings", body + ",\"encoding_format\":\"base64\"}"))
                .at("/data/1/embedding")
                .asText();

        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        double squares = 0;
        assertThat(numbers).hasSize(8);
        for (JsonNode number : numbers) {
            assertThat(bytes.getFloat()).isEqualTo((float) number.asDouble());
            squares += number.asDouble() * number.asDouble();
        }
        assertThat(squares).isCloseTo(1, within(1e-6));
    }

    @Test
    @DisplayName("responses are answered with output text")
    void responses() {
        JsonNode response = json(
                post(
                        "responses",
                        "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"Hello!\"}]}]}"));

        assertThat(response.path("status").asText()).isEqualTo("completed");
        assertThat(response.at("/output/0/content/0/text").asText()).isEqualTo("Hello!");
        assertThat(response.at("/usage/output_tokens").asInt()).isEqualTo(1);
        assertThat(json(post("responses", "{\"model\":\"m\",\"input\":\"hi\"}"))
                        .at("/output/0/content/0/text")
                        .asText())
                .isEqualTo("hi");
    }

    @Test
    @DisplayName("streamed responses are named events, numbered, the last one complete, without [DONE]")
    void responseStream() {
        EchoAnswer answer = post("responses", "{\"model\":\"m\",\"input\":\"one two\",\"stream\":true}");

        List<String> names = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (byte[] chunk : answer.chunks()) {
            String[] lines = new String(chunk, StandardCharsets.UTF_8).split("\n", -1);
            JsonNode data = json(lines[1].substring("data: ".length()).getBytes(StandardCharsets.UTF_8));
            assertThat(lines[0]).isEqualTo("event: " + data.path("type").asText());
            assertThat(data.path("sequence_number").asInt()).isEqualTo(names.size());
            names.add(data.path("type").asText());
            text.append(data.path("delta").asText(""));
        }
        assertThat(text).hasToString("one two");
        assertThat(names).startsWith("response.created").endsWith("response.completed");
    }

    @Test
    @DisplayName("the models are its own; others are not found, slashes and all")
    void models() {
        assertThat(json(get("/v1/models")).at("/data/0/id").asText()).isEqualTo("hello");
        assertThat(json(get("/v1/models/hi?x=1")).path("object").asText()).isEqualTo("model");
        EchoAnswer unknown = get("/v1/models/openai%2Fgpt-oss-120b");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(json(unknown).at("/error/code").asText()).isEqualTo("model_not_found");
        assertThat(json(unknown).at("/error/message").asText()).contains("openai/gpt-oss-120b");
    }

    @Test
    @DisplayName("audio, images, files and moderations are answered in their forms")
    void others() {
        assertThat(json(post("audio/transcriptions", "12345")).path("text").asText())
                .isEqualTo("transcribed 5 bytes received");
        assertThat(json(post("audio/translations", "12345")).path("text").asText())
                .isEqualTo("translated 5 bytes received");
        EchoAnswer speech = post("audio/speech", "{\"model\":\"m\",\"input\":\"hi\",\"voice\":\"v\"}");
        assertThat(speech.headers().get("content-type")).hasValue("audio/wav");
        assertThat(new String(speech.body(), 0, 4, StandardCharsets.US_ASCII)).isEqualTo("RIFF");
        assertThat(Base64.getDecoder()
                        .decode(json(post("images/generations", "{\"prompt\":\"a dot\",\"n\":2}"))
                                .at("/data/1/b64_json")
                                .asText()))
                .startsWith(0x89, 'P', 'N', 'G');
        assertThat(json(post("files", "12345")).path("bytes").asInt()).isEqualTo(5);
        assertThat(json(EchoAnswers.answer(EchoRequest.of("DELETE", "/v1/files/f", new byte[0])))
                        .path("deleted")
                        .asBoolean())
                .isTrue();
        assertThat(json(post("moderations", "{\"input\":[\"a\",\"b\"]}")).path("results"))
                .hasSize(2);
    }

    // Errors

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "chat/completions | no JSON                             | 400 |          |",
                "chat/completions | []                                  | 400 |          |",
                "chat/completions | {} {}                               | 400 |          |",
                "chat/completions | {}                                  | 400 | model    |",
                "chat/completions | {\"model\":\"m\"}                   | 400 | messages |",
                "chat/completions | {\"model\":\"m\",\"messages\":[{}],\"max_tokens\":0} | 400 | max_tokens |",
                "chat/completions | {\"model\":\"m\",\"messages\":[{}],\"tools\":[{}],\"tool_choice\":{\"function\":{\"name\":\"f\"}}} | 400 | tool_choice |",
                "embeddings       | {\"model\":\"m\"}                   | 400 | input    |",
                "embeddings       | {\"model\":\"m\",\"input\":\"a\",\"dimensions\":100000} | 400 | dimensions |",
                "responses        | {\"model\":\"m\",\"input\":[]}      | 400 | input    |",
                "images/generations | {\"n\":11}                         | 400 | n        |",
                "batches          | {}                                  | 404 |          | unknown_url",
                "nonsense         | {}                                  | 404 |          | unknown_url",
            })
    @DisplayName("what cannot be answered is refused with an OpenAI-shaped error")
    void refusals(String operation, String body, int status, String param, String code) {
        EchoAnswer answer = post(operation, body);

        JsonNode error = json(answer).path("error");
        assertThat(answer.status()).isEqualTo(status);
        assertThat(error.path("message").asText()).isNotEmpty();
        assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
        assertThat(error.path("param").textValue()).isEqualTo(param);
        assertThat(error.path("code").textValue()).isEqualTo(code);
    }

    @Test
    @DisplayName("every answer, errors too, carries the headers OpenAI sends")
    void headers() {
        for (EchoAnswer answer : List.of(get("/v1/models"), get("/else"))) {
            assertThat(answer.headers().get("content-type")).hasValue("application/json");
            assertThat(answer.headers().get("x-request-id").orElseThrow()).matches("req_[0-9a-f]{24}");
            assertThat(answer.headers().get("openai-processing-ms")).isPresent();
            assertThat(answer.headers().get("x-ratelimit-remaining-tokens")).isPresent();
            assertThat(answer.headers().get("x-ratelimit-reset-requests")).isPresent();
        }
    }
}
