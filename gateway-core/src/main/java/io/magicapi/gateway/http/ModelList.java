package io.magicapi.gateway.http;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import io.vertx.core.buffer.Buffer;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The gateway's own answer to {@code GET /v1/models}: the catalogues of all loaded providers, each id as {@code
 * provider/model}, which is also a model that requests may name. Needs no network. For one event loop, which keeps the
 * list until the providers change.
 */
final class ModelList {

    private static final JsonMapper JSON = new JsonMapper();

    /** OpenAI requires a creation time, which no catalogue knows. */
    private static final long CREATED = 0;

    private ProviderSnapshot listed = ProviderSnapshot.EMPTY;
    private Buffer list = render(ProviderSnapshot.EMPTY);

    /** {@return the list, as the body of an answer} */
    Buffer all(ProviderSnapshot snapshot) {
        if (snapshot != listed) {
            list = render(snapshot);
            listed = snapshot;
        }
        return list;
    }

    /**
     * {@return one entry of the list, as the body of an answer}
     *
     * @param id {@code provider/model}, or a model's own id if only one provider has it
     * @throws GatewayException {@link ErrorCode#MODEL_NOT_FOUND}, naming similar ids
     */
    Buffer one(ProviderSnapshot snapshot, String id) {
        int slash = id.indexOf('/');
        if (slash > 0) {
            Optional<ProviderGeneration> provider =
                    snapshot.find(id.substring(0, slash).toLowerCase(Locale.ROOT));
            Optional<Model> model = provider.flatMap(some -> some.model(id.substring(slash + 1)));
            if (model.isPresent()) {
                return bytes(entry(provider.orElseThrow(), model.get()));
            }
        }
        List<ProviderGeneration> listing = snapshot.listing(id);
        if (listing.size() == 1) {
            return bytes(entry(listing.get(0), listing.get(0).model(id).orElseThrow()));
        }
        throw new GatewayException(
                ErrorCode.MODEL_NOT_FOUND,
                "no provider lists a model \"" + shorten(id) + "\"" + similar(snapshot, id),
                Optional.of("model"));
    }

    private static Buffer render(ProviderSnapshot snapshot) {
        ObjectNode root = JSON.createObjectNode().put("object", "list");
        ArrayNode data = root.putArray("data");
        for (ProviderGeneration provider : snapshot.all()) {
            provider.models().forEach(model -> data.add(entry(provider, model)));
        }
        return bytes(root);
    }

    private static ObjectNode entry(ProviderGeneration provider, Model model) {
        ObjectNode entry = JSON.createObjectNode()
                .put("id", provider.name() + "/" + model.id())
                .put("object", "model")
                .put("created", CREATED)
                .put("owned_by", model.ownedBy())
                .put("provider", provider.name())
                .put("active", model.status() != Model.Status.SHUT_DOWN)
                .put("status", model.status().word());
        model.contextWindow().ifPresent(tokens -> entry.put("context_window", tokens));
        model.maxTokens().ifPresent(tokens -> entry.put("max_completion_tokens", tokens));
        model.shutdown().ifPresent(day -> entry.put("shutdown_date", day.toString()));
        model.replacement().ifPresent(id -> entry.put("replacement", provider.name() + "/" + id));
        return entry;
    }

    private static Buffer bytes(ObjectNode document) {
        return Buffer.buffer(document.toString());
    }

    private static String similar(ProviderSnapshot snapshot, String id) {
        String wanted = id.substring(id.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        String start = wanted.substring(0, Math.min(5, wanted.length()));
        List<String> near = snapshot.all().stream()
                .flatMap(provider -> provider.models().stream().map(model -> provider.name() + "/" + model.id()))
                .filter(known -> known.toLowerCase(Locale.ROOT).contains(start))
                .sorted(Comparator.comparingInt((String known) -> Math.abs(known.length() - id.length()))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(3)
                .toList();
        return start.isEmpty() || near.isEmpty() ? "" : "; similar: " + String.join(", ", near);
    }

    private static String shorten(String id) {
        return id.length() > 100 ? id.substring(0, 100) + "…" : id;
    }
}
