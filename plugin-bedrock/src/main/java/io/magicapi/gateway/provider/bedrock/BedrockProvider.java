package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderContext;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import java.io.InputStream;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pf4j.Extension;

/**
 * Amazon Bedrock: chat completions by the Converse API, whole ({@code /model/{id}/converse}) and streamed ({@code
 * /model/{id}/converse-stream}).
 *
 * <p>A request is sent with the first of these that is there:
 *
 * <ol>
 *   <li>the caller's own access key, in the headers of {@link #credentialHeaders()};
 *   <li>the call's key, a Bedrock API key: the caller's bearer token, a configured one, or {@code
 *       AWS_BEARER_TOKEN_BEDROCK};
 *   <li>the access key of the gateway's environment: {@code AWS_ACCESS_KEY_ID}, {@code AWS_SECRET_ACCESS_KEY} and, if
 *       set, {@code AWS_SESSION_TOKEN};
 *   <li>the access key of the option {@code credentials-file}.
 * </ol>
 *
 * An access key signs by Signature Version 4; an API key is a bearer token.
 *
 * <p>Options: {@code region}, {@code credentials-file}, {@code profile} and {@code unmapped-fields}; see {@code
 * docs/providers/bedrock.md}.
 */
@Extension
public final class BedrockProvider implements Provider {

    private static final String KEY_VARIABLE = "AWS_BEARER_TOKEN_BEDROCK";

    private final List<Model> models = Model.readCatalogue(catalogue());
    private final Clock clock;
    private volatile Region region = Region.DEFAULT;
    private volatile @Nullable Started started;

    /** What {@link #start} found out. */
    private record Started(Authorization authorization, UnmappedFields unmapped) {}

    /** A provider that goes by the system's clock. */
    public BedrockProvider() {
        this(Clock.systemUTC());
    }

    BedrockProvider(Clock clock) {
        this.clock = clock;
    }

    private static InputStream catalogue() {
        return Objects.requireNonNull(
                BedrockProvider.class.getResourceAsStream("models.json"), "models.json is part of this jar");
    }

    @Override
    public String name() {
        return "bedrock";
    }

    /** Bedrock's endpoint in the region of the option {@code region}, of the environment, or {@code us-east-1}. */
    @Override
    public String baseUrl() {
        return region.endpoint();
    }

    @Override
    public Optional<String> keyVariable() {
        return Optional.of(KEY_VARIABLE);
    }

    @Override
    public List<String> credentialHeaders() {
        return CallerKey.HEADERS;
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.CHAT_COMPLETIONS);
    }

    @Override
    public List<Model> models() {
        return models;
    }

    /**
     * Reads options, environment and, if one is named, the credentials file.
     *
     * @throws IllegalArgumentException if an option is unknown or of no use, as a credentials file that cannot be read is
     */
    @Override
    public void start(ProviderContext context) {
        Options options = Options.of(context.name(), context.options());
        Region chosen = options.region().or(() -> Region.of(context)).orElse(Region.DEFAULT);
        region = chosen;
        Optional<AccessKey> held = AccessKey.ofEnvironment(context);
        if (held.isEmpty()) {
            held = options.accessKey();
        }
        Signer signer = new Signer(URI.create(context.baseUrl()), chosen, clock);
        signer.warmUp();
        Rehearsal.run();
        started = new Started(new Authorization(context.name(), chosen, signer, held), options.unmappedFields());
    }

    @Override
    public Exchange open(Call call) {
        Started with = started;
        if (with == null) {
            throw new IllegalStateException("the provider has not been started");
        }
        ConverseRequest wanted =
                ConverseRequest.of(call.body().json(), call.model().orElse(""), with.unmapped());
        Body body = Body.of(wanted.document());
        String path = ModelPath.of(call);
        Headers headers = with.authorization().sign(call, path, plainHeaders(call), body);
        return Exchange.of(
                UpstreamRequest.of("POST", path, headers, body), head -> handler(call, head, wanted.warning()));
    }

    /** None of the client's: they are made for OpenAI's servers, and would have to be signed. */
    private static Headers plainHeaders(Call call) {
        return Headers.of("content-type", "application/json")
                .with("accept", call.stream() ? EventStreamDecoder.CONTENT_TYPE : "application/json");
    }

    private ResponseHandler handler(Call call, ResponseHead head, Optional<String> warning) {
        ResponseHandler handler = handler(call, head).withHeaders(clientHeaders(head));
        return warning.map(handler::withWarning).orElse(handler);
    }

    private ResponseHandler handler(Call call, ResponseHead head) {
        if (head.status() >= 400) {
            return ResponseHandler.body(new AwsError(head));
        }
        Completion completion = Completion.of(call, head, clock);
        return call.stream()
                ? ResponseHandler.frames(new EventStreamDecoder(), new ConverseStream(completion))
                : ResponseHandler.body(new ConverseAnswer(completion));
    }

    private static Headers clientHeaders(ResponseHead head) {
        Headers headers = Headers.of();
        headers = copy(head, "x-amzn-requestid", headers, "x-request-id");
        return copy(head, "retry-after", headers, "retry-after");
    }

    private static Headers copy(ResponseHead head, String from, Headers headers, String name) {
        return head.headers().get(from).map(value -> headers.with(name, value)).orElse(headers);
    }

    static ProviderException invalid(String message, String param) {
        return new ProviderException(ProviderException.Kind.INVALID_REQUEST, message, param);
    }
}
