package io.magicapi.gateway.testkit;

import java.util.ArrayList;
import java.util.List;

/** OpenAI's format, usage as when it is asked for. */
final class OpenAiWire implements Wire {

    static final OpenAiWire INSTANCE = new OpenAiWire();

    private static final String ERROR =
            "{\"error\":{\"message\":\"" + FAILURE + "\",\"type\":\"fake_error\",\"param\":null,\"code\":\"broken\"}}";

    private OpenAiWire() {}

    @Override
    public Message plain() {
        return Message.json(200, Faults.COMPLETION);
    }

    @Override
    public Message stream() {
        List<String> events = new ArrayList<>(Streams.chat("Hello", " there"));
        events.add(events.size() - 1, Streams.usage(9, 2));
        return Message.events(events);
    }

    @Override
    public Message streamError() {
        List<String> events = new ArrayList<>(Streams.chat("Hello").subList(0, 2));
        events.add("data: " + ERROR + "\n\n");
        return Message.events(events);
    }

    @Override
    public Message error(int status) {
        return Message.json(status, ERROR);
    }

    @Override
    public Message toolCall() {
        return Message.json(200, """
                {"id":"chatcmpl-fake","object":"chat.completion","created":1700000000,"model":"fake","choices":[
                  {"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",
                   "function":{"name":"get_weather","arguments":"{\\"city\\":\\"Pune\\"}"}}]},"finish_reason":"tool_calls"}],
                 "usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}""");
    }

    @Override
    public Message toolCallStream() {
        return Message.events(List.of(
                toolDelta("{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":"
                        + "{\"name\":\"get_weather\",\"arguments\":\"\"}}"),
                toolDelta("{\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\":\"}}"),
                toolDelta("{\"index\":0,\"function\":{\"arguments\":\"\\\"Pune\\\"}\"}}"),
                Streams.finish("tool_calls"),
                Streams.DONE));
    }

    private static String toolDelta(String call) {
        return Streams.word("x").replace("\"content\":\"x\"", "\"tool_calls\":[" + call + "]");
    }
}
