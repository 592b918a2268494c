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
}
