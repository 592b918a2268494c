package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * What servers made with FastAPI find wrong with a request: {@code [{"loc":["body","model"],"msg":"Field required",
 * "input":…}]}. The input is what the request says, prompt and all, and is never repeated.
 */
final class Complaints {

    private Complaints() {}

    /** {@return all complaints in one line, each with its place; null if {@code list} is no list of complaints} */
    static @Nullable String message(JsonNode list) {
        return isList(list)
                ? StreamSupport.stream(list.spliterator(), false)
                        .map(Complaints::line)
                        .collect(Collectors.joining("; "))
                : null;
    }

    /** {@return the field that the first complaint is about; null if there is none} */
    static @Nullable String param(JsonNode list) {
        String place = isList(list) ? place(list.path(0)) : "";
        return place.isEmpty() ? null : place;
    }

    private static boolean isList(JsonNode list) {
        return list.isArray() && list.path(0).path("msg").isTextual();
    }

    private static String line(JsonNode complaint) {
        String place = place(complaint);
        return (place.isEmpty() ? "" : place + ": ") + complaint.path("msg").asText();
    }

    private static String place(JsonNode complaint) {
        return StreamSupport.stream(complaint.path("loc").spliterator(), false)
                .map(JsonNode::asText)
                .filter(step -> !step.equals("body"))
                .collect(Collectors.joining("."));
    }
}
