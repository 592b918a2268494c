package io.magicapi.gateway.testkit;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The access lines of all gateways of this process, by the ids of their requests. Any thread may read them. */
final class AccessLines implements AutoCloseable {

    private static final Pattern PAIR = Pattern.compile("([a-z-]+)=\"([^\"]*)\"");

    private final LogCapture log = LogCapture.of("io.magicapi.gateway.access").alone();

    private final Map<String, Map<String, String>> byId = new HashMap<>();
    private int read;

    /**
     * {@return what the line of a request says, by key}
     *
     * @throws AssertionError if there is none within five seconds
     */
    Map<String, String> awaitLine(String id) throws InterruptedException {
        Waiting.until("an access line of request " + id, () -> has(id));
        return line(id);
    }

    private synchronized boolean has(String id) {
        List<String> lines = log.lines();
        for (; read < lines.size(); read++) {
            Map<String, String> pairs = new HashMap<>();
            Matcher pair = PAIR.matcher(lines.get(read));
            while (pair.find()) {
                pairs.put(pair.group(1), pair.group(2));
            }
            byId.put(pairs.getOrDefault("id", ""), pairs);
        }
        return byId.containsKey(id);
    }

    private synchronized Map<String, String> line(String id) {
        return Objects.requireNonNull(byId.get(id), id);
    }

    @Override
    public void close() {
        log.close();
    }
}
