package io.magicapi.gateway.http;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Secret;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.loop.LoopClock;
import io.magicapi.gateway.observe.RequestRecord;
import io.magicapi.gateway.observe.RequestRecord.Outcome;
import io.magicapi.gateway.plugins.ProviderCatalog;
import io.magicapi.gateway.plugins.ProviderGeneration;
import io.magicapi.gateway.plugins.ProviderSnapshot;
import io.magicapi.gateway.routing.Planner;
import io.magicapi.gateway.routing.ProviderChoice;
import io.magicapi.gateway.routing.RequestPeek;
import io.magicapi.gateway.routing.Traits;
import io.magicapi.gateway.routing.Versions;
import io.magicapi.gateway.upstream.BodyPatience;
import io.magicapi.gateway.upstream.GatewayCall;
import io.magicapi.gateway.upstream.HeaderPolicy;
import io.magicapi.gateway.upstream.Inquiry;
import io.magicapi.gateway.upstream.Plan;
import io.magicapi.gateway.upstream.Relays;
import io.magicapi.gateway.upstream.Target;
import io.magicapi.gateway.upstream.Upload;
import io.magicapi.gateway.upstream.UpstreamModels;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
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

    private static final Set<HttpMethod> BODILESS =
            Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE, HttpMethod.OPTIONS);

    private static final Set<Operation> MODEL_REQUIRED =
            Set.of(Operation.CHAT_COMPLETIONS, Operation.COMPLETIONS, Operation.EMBEDDINGS, Operation.AUDIO_SPEECH);

    /** Uploads that name a model; their requests may also be JSON. */
    private static final Set<Operation> MODEL_IN_FORM =
            Set.of(Operation.AUDIO_TRANSCRIPTIONS, Operation.AUDIO_TRANSLATIONS, Operation.IMAGES);

    /** Forms that may name a model. */
    private static final Set<Operation> FORMS = Set.of(
            Operation.AUDIO_TRANSCRIPTIONS, Operation.AUDIO_TRANSLATIONS, Operation.IMAGES, Operation.of("videos"));

    /** By which developers of plugins choose between the version that serves and the one that is tried. */
    private static final String CANARY = "x-gateway-canary";

    private final ProviderCatalog catalog;
    private final boolean dev;
    private final Planner planner;
    private final LoopClock clock;
    private final Relays relays;
    private final ErrorAnswers errors;
    private final ModelList models;

    ApiHandler(
            ProviderCatalog catalog,
            UpstreamModels upstreamModels,
            Planner planner,
            LoopClock clock,
            Relays relays,
            ErrorAnswers errors) {
        this.catalog = catalog;
        this.dev = catalog.config().plugins().dev();
        this.planner = planner;
        this.clock = clock;
        this.relays = relays;
        this.errors = errors;
        this.models = new ModelList(upstreamModels);
    }

    /**
     * A request, and what was read of its head. Whatever can be wrong with the head is found here, before a provider is
     * leased.
     *
     * @param provider the values of its {@code x-provider} header
     * @param headers what a provider may see of its headers
     * @param key the caller's own key, if it is to be used
     * @param contentType in lower case; empty if there is none
     * @param isJson whether its body must be a JSON object
     */
    private record Inbound(
            HttpServerRequest request,
            ApiPath path,
            RequestRecord record,
            List<String> provider,
            Headers headers,
            Optional<Secret> key,
            String contentType,
            boolean isJson) {

        Operation operation() {
            return path.operation();
        }

        boolean isUpload() {
            return isUpload(contentType);
        }

        static boolean isUpload(String contentType) {
            return contentType.startsWith("multipart/");
        }

        /** {@return whether the body, of which nothing else is known, may be JSON that names a model} */
        boolean mayNameModel() {
            return provider.isEmpty() && contentType.contains("json") && !BODILESS.contains(request.method());
        }

        /** {@return whether the body has a say in which provider it is for} */
        boolean isRoutedByBody() {
            return provider.isEmpty() && (isJson || (isUpload() ? FORMS.contains(operation()) : mayNameModel()));
        }

        /** {@return the length the client announced; negative if it did not} */
        long length() {
            // The decoder lets only digits through.
            String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
            return length == null ? -1 : Long.parseLong(length.strip());
        }
    }

    /** Serves one request, which is paused; never throws. */
    void handle(HttpServerRequest request, ApiPath path, RequestRecord record) {
        try {
            serve(request, path, record);
        } catch (GatewayException refusal) {
            errors.send(request, record, refusal);
        }
    }

    /**
     * What follows of a request when something of it has come. These steps are called back, where a chain of futures would
     * cost each request about a microsecond; so it is here that nothing they throw leaves a client without an answer.
     */
    private void next(Inbound inbound, Runnable step) {
        inbound.record().works();
        try {
            step.run();
        } catch (RuntimeException | Error failure) {
            fail(inbound, failure);
        }
    }

    private void fail(Inbound inbound, Throwable failure) {
        errors.send(inbound.request(), inbound.record(), failure);
    }

    private void serve(HttpServerRequest request, ApiPath path, RequestRecord record) {
        List<String> provider = request.headers().getAll(ProviderChoice.HEADER);
        boolean reads =
                request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
        if (path.operation().equals(Operation.MODELS) && provider.isEmpty() && reads) {
            listModels(request, path, record);
            return;
        }
        Optional<Secret> key = catalog.config().auth().passthrough() ? Bearer.of(request) : Optional.empty();
        String contentType = Optional.ofNullable(request.getHeader(HttpHeaders.CONTENT_TYPE))
                .orElse("")
                .toLowerCase(Locale.ROOT);
        relay(new Inbound(
                request,
                path,
                record,
                provider,
                clientHeaders(request),
                key,
                contentType,
                isJson(request.method(), path, contentType)));
    }

    private static boolean isJson(HttpMethod method, ApiPath path, String contentType) {
        Operation operation = path.operation();
        boolean body = JSON.contains(operation)
                ? operation.path().equals(path.below())
                : MODEL_IN_FORM.contains(operation) && !Inbound.isUpload(contentType);
        return body && !BODILESS.contains(method);
    }

    /** Refuses what cannot be served before its body is asked for. */
    private void relay(Inbound inbound) {
        if (!inbound.isRoutedByBody()) {
            Plan unused = plan(inbound, Optional.empty()); // for what it refuses
        }
        if (inbound.isJson()) {
            requireJson(inbound.contentType());
            requirePlain(inbound.request());
        } else if (inbound.isUpload()) {
            long limit = catalog.config().server().limits().upload().bytes();
            if (inbound.length() > limit) {
                throw Upload.tooLarge(limit);
            }
            sayContinue(inbound.request());
            if (inbound.isRoutedByBody()) {
                routeUpload(inbound);
            } else {
                startUpload(inbound, plan(inbound, Optional.empty()), Upload.Beginning.none(inbound.length()));
            }
            return;
        }
        long limit = catalog.config().server().limits().body().bytes();
        long length = inbound.length();
        if (length > limit) {
            throw BodyReader.tooLarge(limit);
        }
        sayContinue(inbound.request());
        inbound.record().waits();
        new BodyReader(
                        inbound.request(),
                        length,
                        limit,
                        patience(inbound.request()),
                        body -> next(inbound, () -> relayHeld(inbound, body)),
                        failure -> fail(inbound, failure))
                .read();
    }

    private void relayHeld(Inbound inbound, Buffer body) {
        if (inbound.isJson()) {
            relayJson(inbound, body);
        } else {
            relayOther(inbound, body);
        }
    }

    private void listModels(HttpServerRequest request, ApiPath path, RequestRecord record) {
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
        if (request.method().equals(HttpMethod.HEAD)) {
            request.response().end();
        } else {
            request.response().end(body);
        }
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

    private static void requirePlain(HttpServerRequest request) {
        String coding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
        if (coding != null && !coding.strip().equalsIgnoreCase("identity")) {
            throw new GatewayException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "the body must be sent as it is, without Content-Encoding",
                    Optional.of("content-encoding"));
        }
    }

    private static void sayContinue(HttpServerRequest request) {
        if (request.version() != HttpVersion.HTTP_1_0 && request.headers().contains(HttpHeaders.EXPECT)) {
            request.response().writeContinue();
        }
    }

    private void relayJson(Inbound inbound, Buffer body) {
        RequestPeek peek = RequestPeek.of(body);
        if (MODEL_REQUIRED.contains(inbound.operation())) {
            peek.requireModel();
        }
        if (GatewayCall.isMetered(inbound.operation())) {
            inbound.record().metered(body.length(), !inbound.operation().equals(Operation.EMBEDDINGS));
        }
        relayRead(inbound, body, peek);
    }

    private void relayRead(Inbound inbound, Buffer body, RequestPeek peek) {
        relay(
                inbound,
                plan(inbound, peek.model(), name -> RequestPeek.field(body, name)),
                asJson(inbound.headers()),
                peek.stream(),
                peek.includeUsage(),
                target -> bodyFor(target, inbound.operation(), peek, body),
                null);
    }

    /** The client's bytes, with what must be another for this target. */
    private Body bodyFor(Target target, Operation operation, RequestPeek peek, Buffer body) {
        Optional<String> model = target.modelChanged() ? target.model() : Optional.empty();
        boolean asksUsage = operation.equals(Operation.CHAT_COMPLETIONS)
                && peek.stream()
                && !peek.includeUsage()
                && catalog.config().provider(target.provider()).askUsage();
        return asksUsage
                ? GatewayCall.heldBodyAskingUsage(peek.withUsage(body, model))
                : GatewayCall.heldBody(
                        model.map(name -> peek.withModel(body, name)).orElse(body));
    }

    private static Headers asJson(Headers headers) {
        String contentType = headers.get("content-type").orElse("");
        return contentType.toLowerCase(Locale.ROOT).contains("json")
                ? headers
                : headers.with("content-type", "application/json");
    }

    /** Nothing need be right about the body of an operation that is not known here; if it is, its model counts. */
    private void relayOther(Inbound inbound, Buffer body) {
        if (inbound.mayNameModel()) {
            RequestPeek peek;
            try {
                peek = RequestPeek.of(body);
            } catch (GatewayException unreadable) {
                relayUnread(inbound, body);
                return;
            }
            relayRead(inbound, body, peek);
        } else {
            relayUnread(inbound, body);
        }
    }

    private void relayUnread(Inbound inbound, Buffer body) {
        relay(
                inbound,
                plan(inbound, Optional.empty()),
                inbound.headers(),
                false,
                false,
                target -> GatewayCall.heldBody(body),
                null);
    }

    /** Holds what comes of an upload until its model is known, then lets it pass. */
    private void routeUpload(Inbound inbound) {
        long limit = catalog.config().server().limits().body().bytes();
        inbound.record().waits();
        FormReader.read(inbound.request(), limit, patience(inbound.request()))
                .onSuccess(form -> next(inbound, () -> startUpload(inbound, form)))
                .onFailure(failure -> fail(inbound, failure));
    }

    private void startUpload(Inbound inbound, FormReader.Form form) {
        startUpload(
                inbound,
                plan(inbound, form.peek().model()),
                new Upload.Beginning(
                        target -> target.modelChanged()
                                ? form.withModel(target.model().orElseThrow())
                                : form.read(),
                        form.whole(),
                        inbound.length(),
                        form.read().length()));
    }

    private void startUpload(Inbound inbound, Plan plan, Upload.Beginning beginning) {
        Upload upload = relays.upload(
                inbound.request(),
                patience(inbound.request()),
                beginning,
                catalog.config().server().limits().upload().bytes(),
                mayRepeat(plan)
                        ? OptionalLong.of(
                                catalog.config().server().limits().body().bytes())
                        : OptionalLong.empty());
        relay(inbound, plan, inbound.headers(), false, false, target -> GatewayCall.streamedBody(), upload);
    }

    private boolean mayRepeat(Plan plan) {
        return plan.route().isPresent()
                || catalog.config()
                                .provider(plan.targets().get(0).provider())
                                .retries()
                                .attempts()
                                .orElse(1)
                        > 1;
    }

    private void relay(
            Inbound inbound,
            Plan plan,
            Headers headers,
            boolean stream,
            boolean includeUsage,
            Function<Target, Body> body,
            @Nullable Upload upload) {
        inbound.record().asked(inbound.operation().path(), stream);
        plan.route().ifPresent(inbound.record()::route);
        Inquiry inquiry = new Inquiry(
                inbound.record().id(),
                inbound.operation(),
                inbound.request().method().name(),
                inbound.path().target(),
                stream,
                includeUsage,
                provider -> plan.crossesProviders() ? headers : withCredentials(inbound, provider, headers),
                inbound.key(),
                body);
        Versions versions = new Versions(
                catalog,
                inbound.operation(),
                wanted(inbound.request()),
                plan.route().map(route -> "models." + route).orElse("the request"));
        relays.serve(
                inbound.request(),
                inquiry,
                plan,
                versions,
                inbound.record(),
                upload,
                failure -> fail(inbound, failure));
    }

    /** The caller's credentials that are no bearer token are for the one provider, if it knows such, and no other. */
    private Headers withCredentials(Inbound inbound, ProviderGeneration provider, Headers headers) {
        return catalog.config().auth().passthrough()
                ? HeaderPolicy.withCredentials(headers, inbound.request().headers(), provider.credentialHeaders())
                : headers;
    }

    private BodyPatience patience(HttpServerRequest request) {
        return new BodyPatience(
                clock, request, catalog.config().server().timeouts().requestBody());
    }

    private static Headers clientHeaders(HttpServerRequest request) {
        try {
            return HeaderPolicy.fromClient(request.headers());
        } catch (IllegalArgumentException malformed) {
            throw new GatewayException(ErrorCode.INVALID_REQUEST, "a header is malformed");
        }
    }

    private Plan plan(Inbound inbound, Optional<String> model) {
        return plan(inbound, model, field -> Optional.empty());
    }

    private Plan plan(Inbound inbound, Optional<String> model, Function<String, Optional<String>> fields) {
        Traits traits = new Traits() {
            @Override
            public Optional<String> header(String name) {
                return Optional.ofNullable(inbound.request().getHeader(name)).filter(value -> !value.isBlank());
            }

            @Override
            public Optional<String> field(String name) {
                return fields.apply(name);
            }
        };
        ProviderSnapshot snapshot = catalog.snapshot();
        return planner.plan(snapshot, snapshot.config(), inbound.provider(), model, traits, inbound.operation());
    }

    /** {@return which version of a provider the request asks for, where it may ask} */
    private Versions.Wanted wanted(HttpServerRequest request) {
        String wanted = dev ? request.getHeader(CANARY) : null;
        if (wanted == null) {
            return Versions.Wanted.NEXT;
        }
        return switch (wanted.strip().toLowerCase(Locale.ROOT)) {
            case "new" -> Versions.Wanted.NEW;
            case "old" -> Versions.Wanted.OLD;
            default ->
                throw new GatewayException(
                        ErrorCode.INVALID_REQUEST, "header " + CANARY + " must be new or old", Optional.of(CANARY));
        };
    }
}
