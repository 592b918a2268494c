package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.ProviderException;
import java.util.Iterator;
import java.util.Map;

/**
 * Makes a Messages request of a chat completions request ("Create a Message" in Anthropic's API reference). Parts that
 * are the same in both are shared between the two trees, so neither may be changed afterwards.
 */
final class MessagesRequest {

    private final JsonNode chat;
    private final Abilities model;
    private final Losses losses;
    private final ObjectNode made = JsonNodeFactory.instance.objectNode();

    private MessagesRequest(JsonNode chat, Abilities model, Losses losses) {
        this.chat = chat;
        this.model = model;
        this.losses = losses;
    }

    /**
     * {@return the request to send}
     *
     * @param chat the client's request
     * @param losses is told what could not be translated
     * @throws ProviderException of kind {@link ProviderException.Kind#INVALID_REQUEST} if this is no such request, or if
     *     something is lost that must not be
     */
    static ObjectNode of(JsonNode chat, Catalogue catalogue, Options options, Losses losses) {
        Abilities model = catalogue.abilities(chat.path("model").asText());
        return new MessagesRequest(chat, model, losses).translate(options);
    }

    /** {@return the refusal of a request that is not as OpenAI's reference has it} */
    static ProviderException invalid(String param, String message) {
        return new ProviderException(ProviderException.Kind.INVALID_REQUEST, param + " " + message, param);
    }

    private ObjectNode translate(Options options) {
        for (Iterator<Map.Entry<String, JsonNode>> fields = chat.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (ChatField.isLost(field.getKey(), field.getValue())) {
                losses.lose(field.getKey());
            }
        }
        made.set("model", chat.path("model"));
        made.set("max_tokens", maxTokens(options));
        Conversation conversation = Conversation.of(chat.path("messages"), losses);
        conversation.addTo(made);
        for (ChatField field : ChatField.values()) {
            if (field.passes() && chat.hasNonNull(field.field())) {
                made.set(field.field(), chat.get(field.field()));
            }
        }
        Tools tools = Tools.of(chat, model, losses);
        tools.addTo(made);
        new Reasoning(model, losses).apply(chat, made, tools.forced(), conversation.resumesWithoutThinking());
        new Sampling(chat, losses).addTo(made, model);
        addStop();
        addFormat();
        addAccount();
        if (chat.path("stream").asBoolean()) {
            made.put("stream", true);
        }
        return made;
    }

    private JsonNode maxTokens(Options options) {
        for (ChatField field : new ChatField[] {ChatField.MAX_COMPLETION_TOKENS, ChatField.MAX_TOKENS}) {
            if (chat.hasNonNull(field.field())) {
                return chat.get(field.field());
            }
        }
        return JsonNodeFactory.instance.numberNode(options.maxTokens().orElse(model.maxTokens()));
    }

    private void addStop() {
        JsonNode stop = chat.path("stop");
        ArrayNode sequences = JsonNodeFactory.instance.arrayNode();
        if (stop.isTextual()) {
            addStop(stop, sequences);
        } else if (stop.isArray()) {
            stop.forEach(each -> addStop(each, sequences));
        } else if (chat.hasNonNull("stop")) {
            throw invalid("stop", "must be a string or an array of strings");
        }
        if (!sequences.isEmpty()) {
            made.set("stop_sequences", sequences);
        }
    }

    private void addStop(JsonNode sequence, ArrayNode sequences) {
        if (sequence.asText().isBlank()) {
            losses.lose("blank stop sequences", "stop");
        } else {
            sequences.add(sequence);
        }
    }

    private void addFormat() {
        JsonNode format = chat.path("response_format");
        switch (format.path("type").asText(chat.hasNonNull("response_format") ? "" : "text")) {
            case "text" -> {}
            case "" -> throw invalid("response_format", "has no type");
            case "json_schema" -> {
                JsonNode schema = format.path("json_schema").path("schema");
                if (!schema.isObject()) {
                    throw invalid("response_format.json_schema.schema", "is not a schema");
                }
                ObjectNode wanted = JsonNodeFactory.instance.objectNode().put("type", "json_schema");
                wanted.set("schema", schema);
                Reasoning.outputConfig(made).set("format", wanted);
            }
            case "json_object" -> losses.lose("response_format json_object", "response_format");
            default -> losses.lose("this response_format", "response_format");
        }
    }

    private void addAccount() {
        String user = chat.path("user").asText(chat.path("safety_identifier").asText(""));
        if (!user.isEmpty()) {
            made.putObject("metadata").put("user_id", user);
        }
        switch (chat.path("service_tier").asText("")) {
            case "" -> {}
            case "auto" -> made.put("service_tier", "auto");
            case "default", "standard_only" -> made.put("service_tier", "standard_only");
            default -> losses.lose("this service_tier", "service_tier");
        }
    }
}
