package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.vertx.core.buffer.Buffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The models of one provider as {@code GET /v1/models} shows them, each id as {@code provider/model}: first those of its
 * catalogue, then what its upstream lists besides. Written once, and immutable.
 *
 * <p>An upstream knows its models better than a catalogue that was written some time ago, so its fields count, save two
 * things: what OpenAI's clients rely on has the type they expect, and the end of a model that the catalogue knows stands.
 */
public final class ModelEntries {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    /** OpenAI requires a creation time, which no catalogue knows. */
    private static final long CREATED = 0;

    /** Longer names are no models. */
    private static final int MAX_ID = 256;

    private final Map<String, Buffer> byId = new LinkedHashMap<>();

    private ModelEntries(Map<String, ObjectNode> entries) {
        entries.forEach((id, entry) -> byId.put(id, Buffer.buffer(entry.toString())));
    }

    /** {@return what is known of a provider's models without asking its upstream} */
    public static ModelEntries of(ProviderGeneration provider) {
        return new ModelEntries(catalogue(provider));
    }

    /**
     * {@return what is known when its upstream has answered}
     *
     * @param answer the upstream's list of models: OpenAI's, or the array in it alone
     * @throws GatewayException {@link ErrorCode#UPSTREAM_PROTOCOL_ERROR} if it is neither
     */
    static ModelEntries of(ProviderGeneration provider, Buffer answer) {
        JsonNode listed = list(provider, answer);
        Map<String, ObjectNode> entries = catalogue(provider);
        for (JsonNode model : listed) {
            String id = model.path("id").asText();
            if (model instanceof ObjectNode known && !id.isEmpty() && id.length() <= MAX_ID) {
                overlay(entries.computeIfAbsent(id, added -> entry(provider.name(), id, "unknown")), known);
            }
        }
        for (Model model : provider.models()) {
            ObjectNode entry = entries.get(model.id());
            if (entry != null
                    && (model.status() == Model.Status.DEPRECATED || model.status() == Model.Status.SHUT_DOWN)) {
                end(provider, model, entry);
            }
        }
        return new ModelEntries(entries);
    }

    private static JsonNode list(ProviderGeneration provider, Buffer answer) {
        JsonNode document;
        try {
            document = JSON.readTree(answer.toString());
        } catch (JsonProcessingException malformed) { // its message may quote the answer
            throw noList(provider);
        }
        JsonNode listed = document.isArray() ? document : document.path("data");
        if (!listed.isArray()) {
            throw noList(provider);
        }
        return listed;
    }

    private static GatewayException noList(ProviderGeneration provider) {
        return new GatewayException(
                ErrorCode.UPSTREAM_PROTOCOL_ERROR, "provider " + provider.name() + " sent no list of models");
    }

    private static Map<String, ObjectNode> catalogue(ProviderGeneration provider) {
        Map<String, ObjectNode> entries = new LinkedHashMap<>();
        for (Model model : provider.models()) {
            ObjectNode entry = entry(provider.name(), model.id(), model.ownedBy());
            model.contextWindow().ifPresent(tokens -> entry.put("context_window", tokens));
            model.maxTokens().ifPresent(tokens -> entry.put("max_completion_tokens", tokens));
            end(provider, model, entry);
            entries.putIfAbsent(model.id(), entry);
        }
        return entries;
    }

    private static ObjectNode entry(String provider, String id, String ownedBy) {
        return JSON.createObjectNode()
                .put("id", provider + "/" + id)
                .put("object", "model")
                .put("created", CREATED)
                .put("owned_by", ownedBy)
                .put("provider", provider)
                .put("active", true);
    }

    private static void end(ProviderGeneration provider, Model model, ObjectNode entry) {
        entry.put("status", model.status().word());
        if (model.status() == Model.Status.SHUT_DOWN) {
            entry.put("active", false);
        }
        model.shutdown().ifPresent(day -> entry.put("shutdown_date", day.toString()));
        model.replacement().ifPresent(id -> entry.put("replacement", provider.name() + "/" + id));
    }

    private static void overlay(ObjectNode entry, ObjectNode listed) {
        for (Iterator<Map.Entry<String, JsonNode>> fields = listed.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> field = fields.next();
            JsonNode value = field.getValue();
            boolean counts = switch (field.getKey()) {
                case "id", "object", "provider" -> false;
                case "created" -> value.isIntegralNumber();
                case "owned_by" -> value.isTextual();
                case "active" -> value.isBoolean();
                default -> !value.isNull() || !entry.has(field.getKey());
            };
            if (counts) {
                entry.set(field.getKey(), value);
            }
        }
    }

    /** {@return the provider's own ids of the models, in the order in which they are shown} */
    public Set<String> ids() {
        return byId.keySet();
    }

    /** {@return the entry of a model, by the provider's own id} */
    public Optional<Buffer> find(String id) {
        return Optional.ofNullable(byId.get(id));
    }
}
