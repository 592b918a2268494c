package io.magicapi.gateway.testkit;

import java.util.List;

/** The format of {@link ForeignProvider}'s server: JSON of its own, and streams of one JSON document a line. */
class ForeignWire implements Wire {

    @Override
    public Message plain() {
        return Message.json(200, "{\"say\":\"Hello there\",\"spent\":{\"in\":9,\"out\":2}}");
    }

    @Override
    public Message stream() {
        return lines(
                "{\"word\":\"Hello\"}", "{\"word\":\" there\"}", "{\"over\":\"stop\",\"spent\":{\"in\":9,\"out\":2}}");
    }

    @Override
    public Message streamError() {
        return lines("{\"word\":\"Hello\"}", "{\"fault\":\"it broke\"}");
    }

    @Override
    public Message error(int status) {
        return Message.json(status, "{\"fault\":\"it broke\"}");
    }

    @Override
    public Message toolCall() {
        return Message.json(
                200, "{\"use\":\"get_weather\",\"with\":{\"city\":\"Pune\"},\"spent\":{\"in\":9,\"out\":2}}");
    }

    @Override
    public Message toolCallStream() {
        return lines("{\"use\":\"get_weather\",\"with\":{\"city\":\"Pune\"}}", "{\"over\":\"tool_calls\"}");
    }

    private static Message lines(String... lines) {
        Message events = Message.events(List.of(String.join("\n", lines), "\n"));
        return new Message(200, events.headers().with("content-type", "application/x-ndjson"), events.body());
    }
}
