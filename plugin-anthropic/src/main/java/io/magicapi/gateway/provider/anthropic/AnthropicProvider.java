package io.magicapi.gateway.provider.anthropic;

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
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.pf4j.Extension;

/**
 * Anthropic, whose Messages API is made to speak OpenAI's chat completions. Its options:
 *
 * <ul>
 *   <li>{@code unmapped-fields}: what becomes of fields that the Messages API has no place for. {@code drop}, the default,
 *       leaves them out and names them in {@code x-gateway-warning}; {@code reject} answers 400.
 *   <li>{@code max-tokens}: how long answers may be whose request does not say it. The Messages API wants to be told; by
 *       default it is told what the model can do.
 * </ul>
 */
@Extension
public final class AnthropicProvider implements Provider {

    private static final String MESSAGES = "/v1/messages";
    private static final String CHAT = "/v1/chat/completions";
    private static final String MODELS = "/v1/models";

    /** Of the dated versions of the API, the one that is translated here. */
    private static final String VERSION = "2023-06-01";

    private final Catalogue catalogue = Catalogue.read();
    private final InstantSource clock;
    private volatile Options options = Options.DEFAULT;

    /** A provider with its options at their defaults. */
    public AnthropicProvider() {
        this(InstantSource.system());
    }

    AnthropicProvider(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "anthropic";
    }

    @Override
    public String baseUrl() {
        return "https://api.anthropic.com";
    }

    @Override
    public Optional<String> keyVariable() {
        return Optional.of("ANTHROPIC_API_KEY");
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.CHAT_COMPLETIONS, Operation.MODELS);
    }

    @Override
    public List<Model> models() {
        return catalogue.models();
    }

    @Override
    public boolean continuesAnswers(String model) {
        return catalogue.abilities(model).prefill();
    }

    /** The key goes where Anthropic looks for it. What names an account at OpenAI is none of Anthropic's business. */
    @Override
    public Headers processHeaders(Headers client, Call call) {
        return client.without("openai-organization", "openai-project")
                .with("x-api-key", call.requireCredential().reveal())
                .with("anthropic-version", VERSION);
    }

    @Override
    public Exchange open(Call call) {
        return call.operation().equals(Operation.MODELS) ? openModels(call) : openChat(call);
    }

    private Exchange openModels(Call call) {
        if (!call.method().equals("GET")) {
            throw new ProviderException(
                    ProviderException.Kind.UNSUPPORTED, "Anthropic's models can be listed, and nothing else");
        }
        String path = call.path().equals(MODELS) ? MODELS + "?limit=1000" : call.path();
        return Exchange.of(
                UpstreamRequest.of("GET", path, processHeaders(call.headers(), call), call.body()),
                head -> handler(head, ResponseHandler.body(ModelsAnswer::translate)));
    }

    private Exchange openChat(Call call) {
        if (!call.method().equals("POST") || !pathOf(call).equals(CHAT)) {
            throw new ProviderException(
                    ProviderException.Kind.UNSUPPORTED, "Anthropic stores no completions: POST " + CHAT + " is served");
        }
        Headers headers = processHeaders(call.headers(), call);
        Losses losses = new Losses(options.unmapped());
        Body body = Body.of(MessagesRequest.of(call.body().json(), catalogue, options, losses));
        return Exchange.of(UpstreamRequest.of("POST", MESSAGES, headers, body), head -> {
            ResponseHandler handler = handler(head, chatAnswer(call, head));
            return losses.warning().map(handler::withWarning).orElse(handler);
        });
    }

    private static String pathOf(Call call) {
        int query = call.path().indexOf('?');
        return query < 0 ? call.path() : call.path().substring(0, query);
    }

    private ResponseHandler chatAnswer(Call call, ResponseHead head) {
        boolean whole = head.headers()
                .get("content-type")
                .filter(type -> type.toLowerCase(Locale.ROOT).contains("json"))
                .isPresent();
        Instant now = clock.instant();
        return call.stream() && !whole
                ? ResponseHandler.events(new MessagesStream(now))
                : ResponseHandler.body(received -> MessagesAnswer.translate(received, now));
    }

    private ResponseHandler handler(ResponseHead head, ResponseHandler good) {
        ResponseHandler handler = head.status() < 400 ? good : ResponseHandler.body(ErrorAnswer::translate);
        return handler.withHeaders(AnswerHeaders.translate(head.headers(), clock.instant()));
    }

    /** @throws IllegalArgumentException if an option is unknown, or has a value that is */
    @Override
    public void start(ProviderContext context) {
        options = Options.of(context.name(), context.options());
        Rehearsal.run(catalogue);
    }
}
