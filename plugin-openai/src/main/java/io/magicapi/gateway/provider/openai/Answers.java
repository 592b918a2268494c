package io.magicapi.gateway.provider.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ProviderException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What some services say in a way that only one who knows them understands. All else the gateway puts right by itself:
 * these touch nothing but what they know, and return what they are given if it is not that.
 */
final class Answers {

    private Answers() {}

    /**
     * {@return an error of DeepSeek's with type and code where OpenAI has them}
     *
     * <p>It says {@code "type":"authentication_error","code":"invalid_request_error"}.
     */
    static Body deepSeekError(Body received) {
        JsonNode error = received.json().path("error");
        JsonNode code = error.path("code");
        if (!code.asText().equals("invalid_request_error") || code.equals(error.path("type"))) {
            return received;
        }
        ObjectNode swapped = received.json().deepCopy();
        swapped.withObject("/error").<ObjectNode>set("type", code).set("code", error.path("type"));
        return Body.of(swapped);
    }

    /**
     * {@return an error of Gemini's, a refused key being named as OpenAI names it}
     *
     * <p>It is a 400 like any other mistake; only the details tell.
     */
    static Body geminiError(Body received) {
        JsonNode document = received.json();
        JsonNode error = (document.isArray() ? document.path(0) : document).path("error");
        boolean refusedKey = error.findValuesAsText("reason").contains("API_KEY_INVALID");
        return refusedKey
                ? error(error.path("message").asText(), "invalid_request_error", "invalid_api_key")
                : received;
    }

    /**
     * {@return an error of OpenRouter's with the words of the provider behind it}
     *
     * <p>It says "Provider returned error", and what the provider returned stands in {@code metadata.raw}, as text that
     * may be JSON.
     */
    static Body openRouterError(Body received) {
        JsonNode error = received.json().path("error");
        String raw = error.path("metadata").path("raw").asText();
        if (raw.isBlank()) {
            return received;
        }
        String message = error.path("message").asText() + " ("
                + error.at("/metadata/provider_name").asText("unnamed") + "): "
                + inner(raw).orElse(raw);
        return error(message, "upstream_error", error.path("code").asText());
    }

    private static Optional<String> inner(String raw) {
        try {
            JsonNode message =
                    Body.of(raw.getBytes(StandardCharsets.UTF_8)).json().at("/error/message");
            return Optional.ofNullable(message.textValue());
        } catch (ProviderException notJson) {
            return Optional.empty();
        }
    }

    /**
     * {@return an answer of OpenRouter's that is one}
     *
     * <p>It may answer 200 with an error, if a provider fails after it has begun.
     *
     * @throws ProviderException if it is an error
     */
    static Body openRouterAnswer(Body received) {
        JsonNode error = received.json().path("error");
        if (error.isObject() && !received.json().has("choices")) {
            throw new ProviderException(
                    kind(error.path("code").asInt()),
                    openRouterError(received).json().at("/error/message").asText());
        }
        return received;
    }

    private static Kind kind(int status) {
        return switch (status) {
            case 401 -> Kind.UNAUTHENTICATED;
            case 408, 429, 503, 529 -> Kind.UNAVAILABLE;
            default -> status >= 400 && status < 500 ? Kind.INVALID_REQUEST : Kind.BAD_ANSWER;
        };
    }

    private static Body error(String message, String type, String code) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.putObject("error")
                .put("message", message)
                .put("type", type)
                .putNull("param")
                .put("code", code);
        return Body.of(document);
    }
}
