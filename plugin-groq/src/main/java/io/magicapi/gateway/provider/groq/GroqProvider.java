package io.magicapi.gateway.provider.groq;

import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderContext;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import io.magicapi.gateway.api.UpstreamRequest;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.pf4j.Extension;

/**
 * Groq. Its one option, {@code unsupported-fields}, says what becomes of chat fields that Groq refuses with a 400:
 * {@code logprobs}, {@code top_logprobs}, {@code logit_bias}, {@code n} other than 1, and {@code messages[].name}.
 *
 * <ul>
 *   <li>{@code pass}, the default: they are sent, and Groq answers. The body is not even parsed.
 *   <li>{@code drop}: they are left out, so that a client made for OpenAI works as it is, and named in a warning.
 *   <li>{@code reject}: the gateway refuses them itself, and names the field.
 * </ul>
 */
@Extension
public final class GroqProvider implements Provider {

    /** Capacity exceeded, on the flex service tier; may succeed a moment later. */
    private static final int FLEX_CAPACITY = 498;

    private final List<Model> models = Model.readCatalogue(catalogue());
    private volatile UnsupportedFields unsupportedFields = UnsupportedFields.PASS;

    private static InputStream catalogue() {
        return Objects.requireNonNull(
                GroqProvider.class.getResourceAsStream("models.json"), "models.json is part of this jar");
    }

    @Override
    public String name() {
        return "groq";
    }

    @Override
    public String baseUrl() {
        return "https://api.groq.com/openai";
    }

    @Override
    public Optional<String> keyVariable() {
        return Optional.of("GROQ_API_KEY");
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.CHAT_COMPLETIONS,
                Operation.EMBEDDINGS,
                Operation.AUDIO_SPEECH,
                Operation.AUDIO_TRANSCRIPTIONS,
                Operation.AUDIO_TRANSLATIONS,
                Operation.MODELS,
                Operation.RESPONSES,
                Operation.FILES,
                Operation.BATCHES);
    }

    @Override
    public List<Model> models() {
        return models;
    }

    /** In a stream Groq sends usage as {@code x_groq.usage}, asked or not; otherwise where OpenAI does. */
    @Override
    public List<String> usagePointers() {
        return List.of("/x_groq/usage", "/usage");
    }

    /** Groq documents it for all that write text, and shows it with Llama; models that think first are another matter. */
    @Override
    public boolean continuesAnswers(String model) {
        return model.startsWith("llama-");
    }

    @Override
    public boolean retryable(ResponseHead head) {
        return head.status() == FLEX_CAPACITY || Provider.super.retryable(head);
    }

    @Override
    public Exchange open(Call call) {
        UnsupportedFields.Outcome outcome = unsupportedFields.applyTo(call);
        UpstreamRequest request =
                UpstreamRequest.of(call.method(), path(call), processHeaders(call.headers(), call), outcome.body());
        ResponseHandler answer = ResponseHandler.passThrough();
        ResponseHandler handler = outcome.warning().map(answer::withWarning).orElse(answer);
        return Exchange.of(request, head -> handler);
    }

    /** To look for unsupported fields is to parse whole bodies, images and all, which an event loop must not do. */
    @Override
    public boolean blocking() {
        return unsupportedFields != UnsupportedFields.PASS;
    }

    /** @throws IllegalArgumentException if an option is unknown, or has a value that is */
    @Override
    public void start(ProviderContext context) {
        unsupportedFields = UnsupportedFields.of(context.options());
    }
}
