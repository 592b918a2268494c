package io.magicapi.gateway.provider.groq;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.ProviderException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What becomes of the chat fields Groq answers with a 400, as listed in "OpenAI Compatibility" of its documentation
 * (console.groq.com/docs/openai, read 2026-11-22).
 */
enum UnsupportedFields {
    PASS,
    DROP,
    REJECT;

    private static final String OPTION = "unsupported-fields";

    private static final List<String> ALWAYS_REFUSED = List.of("logprobs", "top_logprobs", "logit_bias");

    /** A field that is there: its object, its name in it, and where it is, in words. */
    private record Found(ObjectNode owner, String field, String place) {

        /** {@return where such fields are, whichever message has it} */
        String kind() {
            return place.replaceFirst("\\d+", "");
        }
    }

    /**
     * What is to be sent.
     *
     * @param body the call's own unless something is dropped
     * @param warning names what is dropped, for the client's developer
     */
    record Outcome(Body body, Optional<String> warning) {}

    /** @throws IllegalArgumentException if an option is unknown, or has a value that is */
    static UnsupportedFields of(JsonNode options) {
        for (Iterator<String> names = options.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!name.equals(OPTION)) {
                throw new IllegalArgumentException(
                        "providers.groq.options has no \"" + name + "\"; it may have: " + OPTION);
            }
        }
        if (!options.has(OPTION)) {
            return PASS;
        }
        String word = options.path(OPTION).asText();
        for (UnsupportedFields policy : values()) {
            if (policy.name().toLowerCase(Locale.ROOT).equals(word)) {
                return policy;
            }
        }
        throw new IllegalArgumentException(
                "providers.groq.options." + OPTION + " must be pass, drop or reject, but was: " + word);
    }

    /**
     * {@return what to send of a call}
     *
     * @throws ProviderException if a field is rejected, or must be looked for in what is not JSON
     */
    Outcome applyTo(Call call) {
        boolean looksInside = this != PASS
                && call.operation().equals(Operation.CHAT_COMPLETIONS)
                && !call.body().isStreamed();
        if (!looksInside || find(call.body().json()).isEmpty()) {
            return new Outcome(call.body(), Optional.empty());
        }
        if (this == REJECT) {
            throw refusal(find(call.body().json()).get(0));
        }
        JsonNode copy = call.body().json().deepCopy();
        List<Found> dropped = find(copy);
        dropped.forEach(found -> found.owner().remove(found.field()));
        String named = dropped.stream().map(Found::kind).distinct().collect(Collectors.joining(", "));
        return new Outcome(Body.of(copy), Optional.of("not supported by Groq, and dropped: " + named));
    }

    private static ProviderException refusal(Found found) {
        return new ProviderException(
                ProviderException.Kind.INVALID_REQUEST,
                found.field().equals("n")
                        ? "Groq makes one choice only: n must be 1"
                        : "Groq does not support " + found.place() + ": leave it out",
                found.place());
    }

    private static List<Found> find(JsonNode body) {
        List<Found> found = new ArrayList<>();
        if (body instanceof ObjectNode request) {
            for (String field : ALWAYS_REFUSED) {
                if (request.hasNonNull(field)) {
                    found.add(new Found(request, field, field));
                }
            }
            if (request.hasNonNull("n") && request.get("n").asInt() != 1) {
                found.add(new Found(request, "n", "n"));
            }
            JsonNode messages = request.path("messages");
            for (int i = 0; i < messages.size(); i++) {
                if (messages.path(i) instanceof ObjectNode message && message.hasNonNull("name")) {
                    found.add(new Found(message, "name", "messages[" + i + "].name"));
                }
            }
        }
        return found;
    }
}
