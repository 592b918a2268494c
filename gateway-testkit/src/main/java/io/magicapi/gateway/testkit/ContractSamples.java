package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.Operation;
import java.util.List;
import java.util.stream.Stream;

/** Requests of clients. */
final class ContractSamples {

    /** In each request, where its words are. */
    static final String WORDS = "words of the client, 4711";

    /** The beginning of an answer that the model is to go on with. */
    static final String BEGUN = "so far the answer, 4712";

    static final String CHAT = "/v1/chat/completions";

    /** One pixel. */
    static final String IMAGE =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

    private ContractSamples() {}

    /** A request that is JSON. */
    record Sample(Operation operation, String path, String body) {}

    /** {@return the simplest request of each operation whose request is JSON} */
    static List<Sample> plain(String model) {
        return List.of(
                new Sample(Operation.CHAT_COMPLETIONS, CHAT, chat(model)),
                input(Operation.RESPONSES, "/v1/responses", model),
                new Sample(
                        Operation.COMPLETIONS,
                        "/v1/completions",
                        "{\"model\":\"%s\",\"prompt\":\"%s\"}".formatted(model, WORDS)),
                input(Operation.EMBEDDINGS, "/v1/embeddings", model),
                input(Operation.MODERATIONS, "/v1/moderations", model),
                new Sample(
                        Operation.AUDIO_SPEECH,
                        "/v1/audio/speech",
                        "{\"model\":\"%s\",\"input\":\"%s\",\"voice\":\"alloy\"}".formatted(model, WORDS)),
                new Sample(
                        Operation.IMAGES,
                        "/v1/images/generations",
                        "{\"model\":\"%s\",\"prompt\":\"%s\"}".formatted(model, WORDS)));
    }

    private static Sample input(Operation operation, String path, String model) {
        return new Sample(operation, path, "{\"model\":\"%s\",\"input\":\"%s\"}".formatted(model, WORDS));
    }

    static String chat(String model) {
        return "{\"model\":\"%s\",\"max_tokens\":16,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
                .formatted(model, WORDS);
    }

    static String stream(String model) {
        return chat(model).replaceFirst("\\{", "{\"stream\":true,");
    }

    /** {@return a chat whose last message is the beginning of the answer} */
    static String begun(String model) {
        return chat(model).replaceFirst("}]}$", "},{\"role\":\"assistant\",\"content\":\"%s\"}]}".formatted(BEGUN));
    }

    /** {@return a chat full of what a parser would not give back as it was} */
    static String exotic(String model) {
        return """
                { "seed" : 9007199254740993, "model":"%s", "temperature":1e-8, "top_p":1.0,
                  "messages":[{"role":"user","content":"%s é \\ud83d\\ude00 \\ud800 \\u0000 \\/"}],
                  "x_vendor":{"b":null,"a":[1.50,2E3]}, "n":1 }
                """.formatted(model, WORDS);
    }

    static String tools(String model) {
        return """
                {"model":"%s","max_tokens":16,"messages":[
                  {"role":"user","content":"%s"},
                  {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",
                    "function":{"name":"get_weather","arguments":"{\\"city\\":\\"Pune\\"}"}}]},
                  {"role":"tool","tool_call_id":"call_1","content":"31 degrees"}],
                 "tools":[{"type":"function","function":{"name":"get_weather","description":"the weather of a city",
                   "strict":true,"parameters":{"type":"object","properties":{"city":{"type":"string"}},
                   "required":["city"],"additionalProperties":false}}}],"tool_choice":"auto"}
                """.formatted(model, WORDS);
    }

    static String vision(String model) {
        return """
                {"model":"%s","max_tokens":16,"messages":[{"role":"user","content":[{"type":"text","text":"%s"},
                  {"type":"image_url","image_url":{"detail":"low","url":"data:image/png;base64,%s"}}]}]}
                """.formatted(model, WORDS, IMAGE);
    }

    /** {@return chats that are JSON objects with a model and are wrong in one way each} */
    static List<String> odd(String model) {
        return Stream.of(
                        "\"max_tokens\":16",
                        "\"messages\":null",
                        "\"messages\":\"hi\"",
                        "\"messages\":{}",
                        "\"messages\":[]",
                        "\"messages\":[null]",
                        "\"messages\":[\"hi\"]",
                        "\"messages\":[{}]",
                        "\"messages\":[{\"role\":7,\"content\":8}]",
                        "\"messages\":[{\"role\":\"user\",\"content\":[null]}]",
                        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]",
                        "\"messages\":[{\"role\":\"tool\"}]",
                        "\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{}]}]",
                        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"tools\":\"x\"",
                        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"tools\":[null]",
                        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":\"many\"",
                        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stop\":{}",
                        "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"response_format\":[]")
                .map(fields -> "{\"model\":\"" + model + "\"," + fields + "}")
                .toList();
    }
}
