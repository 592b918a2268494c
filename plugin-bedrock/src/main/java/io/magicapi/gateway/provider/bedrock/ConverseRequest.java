package io.magicapi.gateway.provider.bedrock;

import static io.magicapi.gateway.provider.bedrock.BedrockProvider.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.ProviderException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An OpenAI chat request as Converse takes it (Amazon Bedrock API Reference, "Converse").
 *
 * @param document the body to send
 * @param warning what the client's developer should know
 */
record ConverseRequest(ObjectNode document, Optional<String> warning) {

    /** Fields with a place in Converse's request, or that say how the answer is to come. */
    static final Set<String> MAPPED = Set.of(
            "model",
            "messages",
            "stream",
            "stream_options",
            "max_tokens",
            "max_completion_tokens",
            "temperature",
            "top_p",
            "stop",
            "tools",
            "tool_choice",
            "response_format",
            "metadata",
            "service_tier",
            "guardrail_config",
            "performance_config",
            "additional_model_request_fields");

    /** Sampling parameters beyond OpenAI's and Converse's own that several of Bedrock's models take by this name. */
    static final List<String> OF_MODELS = List.of("top_k", "thinking");

    /** What OpenAI does anyway: to say so asks for nothing. */
    private static final Map<String, String> DEFAULTS = Map.of(
            "n", "1",
            "logprobs", "false",
            "parallel_tool_calls", "true",
            "store", "false",
            "frequency_penalty", "0",
            "presence_penalty", "0",
            "logit_bias", "{}",
            "modalities", "[\"text\"]");

    /**
     * Maps a request.
     *
     * @param request as the client sent it
     * @param model as Bedrock knows it
     * @throws ProviderException if it has something that can be neither mapped nor left out
     */
    static ConverseRequest of(JsonNode request, String model, UnmappedFields policy) {
        if (!(request instanceof ObjectNode chat)) {
            throw new ProviderException(ProviderException.Kind.INVALID_REQUEST, "the body is not a JSON object");
        }
        List<String> unmapped = new ArrayList<>();
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        Conversation conversation = Conversation.of(chat.path("messages"));
        document.set("messages", conversation.messages());
        if (conversation.named()) {
            unmapped.add("messages[].name");
        }
        setUnlessEmpty(document, "system", conversation.system());
        setUnlessEmpty(document, "inferenceConfig", inferenceConfig(chat));
        setUnlessEmpty(document, "toolConfig", ToolConfig.of(chat, conversation, unmapped));
        setUnlessEmpty(document, "outputConfig", outputConfig(chat, unmapped));
        setUnlessEmpty(document, "requestMetadata", object(chat, "metadata"));
        setUnlessEmpty(document, "serviceTier", serviceTier(chat));
        setUnlessEmpty(document, "guardrailConfig", object(chat, "guardrail_config"));
        setUnlessEmpty(document, "performanceConfig", object(chat, "performance_config"));
        ObjectNode ofModel = additional(model, chat);
        setUnlessEmpty(document, "additionalModelRequestFields", ofModel);
        chat.properties().forEach(field -> {
            String name = field.getKey();
            if (!MAPPED.contains(name) && !ofModel.has(name) && !asksForNothing(name, field.getValue())) {
                unmapped.add(name);
            }
        });
        return new ConverseRequest(document, policy.judge(unmapped));
    }

    private static boolean asksForNothing(String name, JsonNode value) {
        if (value.isNull()) {
            return true;
        }
        String usual = DEFAULTS.get(name);
        boolean zero = value.isNumber() && value.doubleValue() == 0 && "0".equals(usual);
        return zero || value.toString().equals(usual);
    }

    private static ObjectNode inferenceConfig(ObjectNode chat) {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        String limit = chat.hasNonNull("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
        copyNumber(chat, limit, config, "maxTokens");
        copyNumber(chat, "temperature", config, "temperature");
        copyNumber(chat, "top_p", config, "topP");
        setUnlessEmpty(config, "stopSequences", stopSequences(chat.path("stop")));
        return config;
    }

    private static void copyNumber(ObjectNode chat, String name, ObjectNode config, String as) {
        if (chat.hasNonNull(name)) {
            if (!chat.get(name).isNumber()) {
                throw invalid(name + " must be a number", name);
            }
            config.set(as, chat.get(name));
        }
    }

    private static ArrayNode stopSequences(JsonNode stop) {
        ArrayNode sequences = JsonNodeFactory.instance.arrayNode();
        for (JsonNode sequence : stop.isTextual() ? sequences.arrayNode().add(stop) : list(stop, "stop")) {
            if (!sequence.isTextual()) {
                throw invalid("stop must be a text or a list of texts", "stop");
            }
            sequences.add(sequence);
        }
        return sequences;
    }

    /**
     * {@return the elements of a list; none if there is no list}
     *
     * @throws ProviderException if it is something else
     */
    static JsonNode list(JsonNode value, String name) {
        if (!value.isArray() && !value.isMissingNode() && !value.isNull()) {
            throw invalid(name + " must be a list", name);
        }
        return value;
    }

    private static ObjectNode outputConfig(ObjectNode chat, List<String> unmapped) {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        JsonNode format = chat.path("response_format");
        String type = format.path("type").asText("text");
        if (type.equals("json_schema")) {
            JsonNode wanted = format.path("json_schema");
            ObjectNode schema = config.putObject("textFormat")
                    .put("type", "json_schema")
                    .putObject("structure")
                    .putObject("jsonSchema");
            schema.put("schema", wanted.path("schema").toString());
            copyText(wanted, "name", schema);
            copyText(wanted, "description", schema);
        } else if (!type.equals("text")) {
            unmapped.add("response_format");
        }
        return config;
    }

    static void copyText(JsonNode from, String name, ObjectNode to) {
        String text = from.path(name).asText("");
        if (!text.isBlank()) {
            to.put(name, text);
        }
    }

    private static ObjectNode serviceTier(ObjectNode chat) {
        ObjectNode tier = JsonNodeFactory.instance.objectNode();
        String wanted = chat.path("service_tier").asText("auto");
        if (!wanted.equals("auto") && !wanted.equals("null")) {
            tier.put("type", wanted);
        }
        return tier;
    }

    /** What the model itself is to know. OpenAI's own models on Bedrock take their field by its name at OpenAI. */
    private static ObjectNode additional(String model, ObjectNode chat) {
        ObjectNode fields = object(chat, "additional_model_request_fields").deepCopy();
        OF_MODELS.forEach(name -> copy(chat, name, fields));
        if (model.contains("openai.")) {
            copy(chat, "reasoning_effort", fields);
        }
        return fields;
    }

    private static void copy(ObjectNode chat, String name, ObjectNode fields) {
        if (chat.hasNonNull(name)) {
            fields.set(name, chat.get(name));
        }
    }

    private static ObjectNode object(ObjectNode chat, String name) {
        JsonNode value = chat.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return JsonNodeFactory.instance.objectNode();
        }
        if (!(value instanceof ObjectNode object)) {
            throw invalid(name + " must be an object", name);
        }
        return object;
    }

    private static void setUnlessEmpty(ObjectNode document, String name, JsonNode value) {
        if (!value.isEmpty()) {
            document.set(name, value);
        }
    }
}
