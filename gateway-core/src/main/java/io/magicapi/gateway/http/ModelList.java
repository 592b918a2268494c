package io.magicapi.gateway.http;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.config.GatewayConfig.ModelRoute;
import io.magicapi.gateway.config.GatewayConfig.RouteTarget;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import io.magicapi.gateway.upstream.ModelEntries;
import io.magicapi.gateway.upstream.UpstreamModels;
import io.vertx.core.buffer.Buffer;
import java.lang.ref.WeakReference;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The gateway's own answer to {@code GET /v1/models}: what requests may name as their model. First the routes of the
 * configuration, then the catalogues of all loaded providers with what their upstreams were last heard to list, each id
 * as {@code provider/model}. Needs no network. For one event loop, which keeps the list until the configuration, the
 * providers or their lists change.
 */
final class ModelList {

    private final UpstreamModels upstreams;

    /** What the list was made of; weak, since it would keep versions of providers from being unloaded. */
    private WeakReference<ProviderSnapshot> providers = new WeakReference<>(null);

    private WeakReference<Map<ProviderGeneration, ModelEntries>> lists = new WeakReference<>(null);
    private Buffer list = Buffer.buffer();

    ModelList(UpstreamModels upstreams) {
        this.upstreams = upstreams;
    }

    /** {@return the list, as the body of an answer} */
    Buffer all(ProviderSnapshot snapshot) {
        Map<ProviderGeneration, ModelEntries> listed = upstreams.lists();
        if (!providers.refersTo(snapshot) || !lists.refersTo(listed)) {
            list = render(snapshot, listed);
            providers = new WeakReference<>(snapshot);
            lists = new WeakReference<>(listed);
        }
        return list;
    }

    /**
     * {@return one entry of the list, as the body of an answer}
     *
     * @param id a route, {@code provider/model}, or a model's own id if only one provider's catalogue has it: what a
     *     request that names it would go to
     * @throws GatewayException {@link ErrorCode#MODEL_NOT_FOUND}, naming similar ids
     */
    Buffer one(ProviderSnapshot snapshot, String id) {
        Optional<ModelRoute> route = snapshot.config().route(id);
        if (route.isPresent()) {
            return Buffer.buffer(entry(new StringBuilder(), id, route.get()).toString());
        }
        Map<ProviderGeneration, ModelEntries> listed = upstreams.lists();
        int slash = id.indexOf('/');
        if (slash > 0) {
            Optional<Buffer> entry = snapshot.find(id.substring(0, slash).toLowerCase(Locale.ROOT))
                    .flatMap(provider -> entries(provider, listed).find(id.substring(slash + 1)));
            if (entry.isPresent()) {
                return entry.get();
            }
        }
        List<ProviderGeneration> listing = snapshot.listing(id);
        if (listing.size() == 1) {
            return entries(listing.get(0), listed).find(id).orElseThrow();
        }
        throw new GatewayException(
                ErrorCode.MODEL_NOT_FOUND,
                "no provider lists a model \"" + shorten(id) + "\"" + similar(snapshot, listed, id),
                Optional.of("model"));
    }

    private static ModelEntries entries(ProviderGeneration provider, Map<ProviderGeneration, ModelEntries> listed) {
        ModelEntries entries = listed.get(provider);
        return entries == null ? ModelEntries.of(provider) : entries;
    }

    private static Buffer render(ProviderSnapshot snapshot, Map<ProviderGeneration, ModelEntries> listed) {
        GatewayConfig config = snapshot.config();
        StringBuilder routes = new StringBuilder();
        config.models().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(
                        known -> entry(routes, known.getKey(), known.getValue()).append(','));
        Buffer document = Buffer.buffer("{\"object\":\"list\",\"data\":[").appendString(routes.toString());
        for (ProviderGeneration provider : snapshot.all()) {
            ModelEntries entries = entries(provider, listed);
            for (String id : entries.ids()) {
                if (config.route(provider.name() + "/" + id).isEmpty()) {
                    document.appendBuffer(entries.find(id).orElseThrow()).appendString(",");
                }
            }
        }
        int comma = document.getByte(document.length() - 1) == ',' ? 1 : 0;
        return document.slice(0, document.length() - comma).copy().appendString("]}");
    }

    /** Writes the entry of a route. There may be very many, so this is not left to a tree of nodes. */
    private static StringBuilder entry(StringBuilder json, String name, ModelRoute route) {
        quote(json.append("{\"id\":"), name)
                .append(",\"object\":\"model\",\"created\":0,\"owned_by\":\"gateway\",\"active\":true,\"route\":[");
        String comma = "";
        for (RouteTarget target : route.route()) {
            quote(json.append(comma), target.name());
            comma = ",";
        }
        return json.append("]}");
    }

    private static StringBuilder quote(StringBuilder json, String text) {
        json.append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, json);
        return json.append('"');
    }

    private static String similar(ProviderSnapshot snapshot, Map<ProviderGeneration, ModelEntries> listed, String id) {
        String wanted = id.substring(id.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        String start = wanted.substring(0, Math.min(5, wanted.length()));
        Stream<String> models = snapshot.all().stream()
                .flatMap(provider ->
                        entries(provider, listed).ids().stream().map(model -> provider.name() + "/" + model));
        List<String> near = Stream.concat(snapshot.config().models().keySet().stream(), models)
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
