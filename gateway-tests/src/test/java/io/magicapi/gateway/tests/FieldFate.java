package io.magicapi.gateway.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.testkit.ReceivedRequest;
import io.magicapi.gateway.tests.AnswerClient.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What became of a field on its way to a provider: a request with it, compared with the same one without. */
final class FieldFate {

    /** Taken to the provider as it is. */
    static final String PASSED = "passed";

    /** Left out, and the client is told. */
    static final String DROPPED = "dropped";

    /** Answered 400, and nothing is sent. */
    static final String REFUSED = "refused";

    /** What a fate ends with whose field is not taken as it is, and the client is told. */
    static final String CHANGED = "; changed";

    private FieldFate() {}

    /**
     * What a client asked, what it got, and what the provider was sent for it.
     *
     * @param received empty if nothing was sent
     */
    record Asked(String body, Reply reply, Optional<ReceivedRequest> received) {

        List<String> warnings() {
            return reply.headers("x-gateway-warning");
        }
    }

    /**
     * {@return what became of a field, for people}
     *
     * @throws AssertionError if a request failed in another way than by being refused, or a warning does not name the
     *     field
     */
    static String of(String field, Asked without, Asked with) {
        assertThat(without.reply().status()).as("%s", without).isEqualTo(200);
        if (with.received().isEmpty()) {
            assertThat(with.reply().status()).as("%s", with).isEqualTo(400);
            return REFUSED;
        }
        assertThat(with.reply().status()).as("%s", with).isEqualTo(200);
        assertThat(with.warnings()).as("%s", with).allMatch(warning -> warning.contains(field));
        String becomes = sent(field, without, with);
        boolean told = !with.warnings().isEmpty();
        if (becomes.isEmpty()) {
            return told ? DROPPED : answer(without).equals(answer(with)) ? "no effect" : "done by the gateway";
        }
        return told ? becomes + CHANGED : becomes;
    }

    private static String sent(String field, Asked without, Asked with) {
        ReceivedRequest received = with.received().orElseThrow();
        if (received.text().equals(with.body())) {
            return PASSED;
        }
        Map<String, List<String>> before = places(without.received().orElseThrow());
        Map<String, List<String>> after = places(received);
        Set<String> changed = new LinkedHashSet<>(after.keySet());
        changed.removeIf(place -> Objects.equals(before.get(place), after.get(place)));
        if (!changed.isEmpty()) {
            boolean same =
                    received.json().path(field).equals(parsed(with.body()).get(field));
            return same ? PASSED : "mapped: " + String.join(", ", changed);
        }
        before.keySet().removeAll(after.keySet());
        return before.isEmpty() ? "" : "mapped: without " + String.join(", ", before.keySet());
    }

    private static JsonNode parsed(String text) {
        return Body.of(text.getBytes(StandardCharsets.UTF_8)).json();
    }

    /** {@return the body of the answer but for the time, which is another each time} */
    private static String answer(Asked asked) {
        return asked.reply().text().replaceAll("\"created\":\\d+", "");
    }

    /** {@return what stands where in a request, as far down as the place tells what it is} */
    private static Map<String, List<String>> places(ReceivedRequest request) {
        Map<String, List<String>> places = new LinkedHashMap<>();
        places.put("the path", List.of(request.target()));
        request.json().properties().forEach(field -> {
            boolean said = field.getKey().equals("messages") || field.getKey().equals("system");
            collect(field.getValue(), field.getKey(), said ? 3 : 2, places);
        });
        return places.entrySet().stream()
                .filter(place -> !place.getKey().endsWith(".role`"))
                .collect(Collectors.toMap(
                        Map.Entry::getKey, Map.Entry::getValue, (one, other) -> one, LinkedHashMap::new));
    }

    /** Elements of an array that say what they are stand at places of their own: {@code content[image]}. */
    private static void collect(JsonNode node, String path, int depth, Map<String, List<String>> places) {
        if (node.isArray()) {
            for (JsonNode element : node) {
                JsonNode type = element.path("type");
                collect(element, path + "[" + type.asText() + "]", type.isTextual() ? 1 : depth, places);
            }
        } else if (depth > 1 && node.isObject() && !node.isEmpty()) {
            node.properties()
                    .forEach(field -> collect(field.getValue(), path + "." + field.getKey(), depth - 1, places));
        } else {
            places.computeIfAbsent("`" + path + "`", first -> new ArrayList<>()).add(node.toString());
        }
    }
}
