package io.magicapi.gateway.http;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.config.GatewayConfig;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.magicapi.gateway.plugins.Lease;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.magicapi.gateway.routing.ProviderChoice;
import io.magicapi.gateway.routing.RequestPeek;
import io.magicapi.gateway.upstream.GatewayCall;
import io.magicapi.gateway.upstream.HeaderPolicy;
import io.magicapi.gateway.upstream.PluginBoundary;
import io.magicapi.gateway.upstream.Relay;
import io.magicapi.gateway.upstream.Upload;
import io.magicapi.gateway.upstream.UpstreamClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Serves the OpenAI routes: reads of a request what routing needs, chooses the provider, and hands over to a {@link
 * Relay}. For one event loop.
 *
 * <p>A JSON body is held in memory and read once; an upload passes through while it is received. Of an upload that does
 * not name its provider by header, as much is held as must be read to find its {@code model} field.
 */
final class ApiHandler {

    /** Operations whose request is a JSON object, and so is refused here if it is not one. */
    private static final Set<Operation> JSON = Set.of(
            Operation.CHAT_COMPLETIONS,
            Operation.COMPLETIONS,
            Operation.EMBEDDINGS,
            Operation.RESPONSES,
            Operation.MODERATIONS,
            Operation.AUDIO_SPEECH);

    private static final Set<Operation> MODEL_REQUIRED =
            Set.of(Operation.CHAT_COMPLETIONS, Operation.COMPLETIONS, Operation.EMBEDDINGS, Operation.AUDIO_SPEECH);

    /** Uploads that name a model. */
    private static final Set<Operation> MODEL_IN_FORM =
            Set.of(Operation.AUDIO_TRANSCRIPTIONS, Operation.AUDIO_TRANSLATIONS, Operation.IMAGES);

    private final Vertx vertx;
    private final GatewayConfig config;
    private final ProviderCatalog catalog;
    private final UpstreamClient upstreams;
    private final PluginBoundary boundary;
    private final ErrorAnswers errors;
    private final ModelList models = new ModelList();

    ApiHandler(
            Vertx vertx,
            GatewayConfig config,
            ProviderCatalog catalog,
            UpstreamClient upstreams,
            PluginBoundary boundary,
            ErrorAnswers errors) {
        this.vertx = vertx;
        this.config = config;
        this.catalog = catalog;
        this.upstreams = upstreams;
        this.boundary = boundary;
        this.errors = errors;
    }

    /** Serves one request, which is paused; never throws. */
    void handle(HttpServerRequest request, ApiPath path, RequestRecord record) {
        Future<Void> served;
        try {
            served = serve(request, path, record);
        } catch (GatewayException refusal) {
            served = Future.failedFuture(refusal);
        }
        served.onFailure(failure -> errors.send(request, record, failure));
    }

    private Future<Void> serve(HttpServerRequest request, ApiPath path, RequestRecord record) {
        Operation operation = path.operation();
        List<String> header = request.headers().getAll(ProviderChoice.HEADER);
        boolean reads =
                request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
        if (operation.equals(Operation.MODELS) && header.isEmpty() && reads) {
            return listModels(request, path, record);
        }
        if (!header.isEmpty()) {
            // Refuse what cannot be served before its body is asked for.
            choose(header, Optional.empty(), operation);
        }
        String contentType = Optional.ofNullable(request.getHeader("content-type"))
                .orElse("")
                .toLowerCase(Locale.ROOT);
        if (contentType.startsWith("multipart/")) {
            requireLength(request, config.server().limits().upload().bytes(), true);
            sayContinue(request);
            return header.isEmpty() && MODEL_IN_FORM.contains(operation)
                    ? routeUpload(request, path, record)
                    : startUpload(request, path, record, header, Optional.empty(), Buffer.buffer(), false, 0);
        }
        boolean json = JSON.contains(operation)
                && operation.path().equals(path.below())
                && request.method().equals(HttpMethod.POST);
        if (json) {
            requireJson(contentType);
        }
        long limit = config.server().limits().body().bytes();
        requireLength(request, limit, false);
        sayContinue(request);
        return BodyReader.read(request, limit)
                .compose(body -> json
                        ? relayJson(request, path, record, header, body)
                        : relayOther(request, path, record, header, body));
    }

    private Future<Void> listModels(HttpServerRequest request, ApiPath path, RequestRecord record) {
        String below = path.below();
        Buffer body = below.equals(Operation.MODELS.path())
                ? models.all(catalog.snapshot())
                : models.one(
                        catalog.snapshot(),
                        decode(below.substring(Operation.MODELS.path().length() + 1)));
        request.response()
                .putHeader("content-type", "application/json")
                .putHeader("content-length", Integer.toString(body.length()))
                .putHeader("x-request-id", record.id());
        record.answered(200);
        record.close(Outcome.COMPLETED);
        request.resume();
        return request.method().equals(HttpMethod.HEAD)
                ? request.response().end()
                : request.response().end(body);
    }

    private static String decode(String raw) {
        return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static void requireJson(String contentType) {
        String type = contentType.split(";", 2)[0].strip();
        // curl -d says x-www-form-urlencoded when it is told nothing; the body then decides.
        boolean plausible = type.isEmpty()
                || type.equals("application/json")
                || type.equals("application/x-www-form-urlencoded")
                || (type.startsWith("application/") && type.endsWith("+json"));
        if (!plausible) {
            throw new GatewayException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "this operation takes Content-Type: application/json, not \"" + type + "\"",
                    Optional.of("content-type"));
        }
    }

    private static void requireLength(HttpServerRequest request, long limit, boolean upload) {
        String length = request.getHeader("content-length");
        // The decoder lets only digits through.
        if (length != null && Long.parseLong(length.strip()) > limit) {
            throw upload ? Upload.tooLarge(limit) : BodyReader.tooLarge(limit);
        }
    }

    private static void sayContinue(HttpServerRequest request) {
        if (request.headers().contains("expect")) {
            request.response().writeContinue();
        }
    }

    private Future<Void> relayJson(
            HttpServerRequest request, ApiPath path, RequestRecord record, List<String> header, Buffer body) {
        RequestPeek peek = RequestPeek.strict(body);
        if (MODEL_REQUIRED.contains(path.operation())) {
            peek.requireModel();
        }
        Route route = lease(header, peek.model(), path.operation());
        Buffer sent = route.choice().modelChanged()
                ? peek.withModel(body, route.choice().model().orElseThrow())
                : body;
        return relay(
                request,
                path,
                record,
                route,
                GatewayCall.heldBody(sent),
                jsonHeaders(request),
                peek.stream(),
                peek.includeUsage(),
                null);
    }

    private static Headers jsonHeaders(HttpServerRequest request) {
        Headers headers = clientHeaders(request);
        String contentType = headers.get("content-type").orElse("");
        return contentType.toLowerCase(Locale.ROOT).contains("json")
                ? headers
                : headers.with("content-type", "application/json");
    }

    private Future<Void> relayOther(
            HttpServerRequest request, ApiPath path, RequestRecord record, List<String> header, Buffer body) {
        return relay(
                request,
                path,
                record,
                lease(header, Optional.empty(), path.operation()),
                GatewayCall.heldBody(body),
                clientHeaders(request),
                false,
                false,
                null);
    }

    /** Holds what comes of an upload until its model is known, then lets it pass. */
    private Future<Void> routeUpload(HttpServerRequest request, ApiPath path, RequestRecord record) {
        long limit = config.server().limits().body().bytes();
        return FormReader.read(request, limit).compose(form -> {
            Optional<String> named = form.peek().model();
            ProviderChoice choice = choose(List.of(), named, path.operation());
            Buffer sent = choice.modelChanged() ? form.withModel(choice.model().orElseThrow()) : form.read();
            long grown = (long) sent.length() - form.read().length();
            return startUpload(request, path, record, List.of(), named, sent, form.whole(), grown);
        });
    }

    private Future<Void> startUpload(
            HttpServerRequest request,
            ApiPath path,
            RequestRecord record,
            List<String> header,
            Optional<String> model,
            Buffer read,
            boolean whole,
            long grown) {
        Route route = lease(header, model, path.operation());
        String announced = request.getHeader("content-length");
        long length = announced == null ? -1 : Long.parseLong(announced.strip()) + grown;
        Upload upload = new Upload(
                request, read, whole, length, config.server().limits().upload().bytes());
        return relay(
                request, path, record, route, GatewayCall.streamedBody(), clientHeaders(request), false, false, upload);
    }

    private Future<Void> relay(
            HttpServerRequest request,
            ApiPath path,
            RequestRecord record,
            Route route,
            Body body,
            Headers headers,
            boolean stream,
            boolean includeUsage,
            @Nullable Upload upload) {
        ProviderChoice choice = route.choice();
        record.routed(choice.provider().name(), choice.model(), stream);
        GatewayCall call = new GatewayCall(
                record.id(),
                path.operation(),
                request.method().name(),
                path.target(),
                choice.model(),
                stream,
                includeUsage,
                headers,
                credential(request, choice),
                body);
        return new Relay(vertx, upstreams, boundary, request, call, route.lease(), record, choice.warning())
                .run(upload);
    }

    private static Headers clientHeaders(HttpServerRequest request) {
        try {
            return HeaderPolicy.fromClient(request.headers());
        } catch (IllegalArgumentException malformed) {
            throw new GatewayException(ErrorCode.INVALID_REQUEST, "a header is malformed");
        }
    }

    private Optional<Secret> credential(HttpServerRequest request, ProviderChoice choice) {
        Optional<Secret> own = config.auth().passthrough() ? Bearer.of(request) : Optional.empty();
        return own.or(() -> choice.provider().keys().choose());
    }

    private ProviderChoice choose(List<String> header, Optional<String> model, Operation operation) {
        return ProviderChoice.choose(catalog.snapshot(), config.routing(), header, model, operation);
    }

    private record Route(ProviderChoice choice, Lease lease) {}

    /** Chooses until the choice can be leased: a generation may retire between the two. */
    private Route lease(List<String> header, Optional<String> model, Operation operation) {
        while (true) {
            ProviderChoice choice = choose(header, model, operation);
            Lease lease = choice.provider().lease();
            if (lease != null) {
                return new Route(choice, lease);
            }
        }
    }
}
