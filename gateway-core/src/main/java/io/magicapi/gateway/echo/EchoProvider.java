package io.magicapi.gateway.echo;

import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import java.util.List;
import java.util.Objects;

/** The built-in provider {@code echo}: says back what it is told, and needs neither key nor network. */
public final class EchoProvider implements Provider {

    /** The name callers choose it by. */
    public static final String NAME = "echo";

    private final String baseUrl;
    private final List<Model> models = EchoAnswers.models();

    /**
     * A provider in front of a running server.
     *
     * @param baseUrl such as {@link EchoServer#baseUrl}
     */
    public EchoProvider(String baseUrl) {
        this.baseUrl = Objects.requireNonNull(baseUrl, "baseUrl");
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String baseUrl() {
        return baseUrl;
    }

    /** Sends no credential: the caller's key, if there is one, belongs to somebody else. */
    @Override
    public Headers processHeaders(Headers client, Call call) {
        return client.without("authorization");
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.CHAT_COMPLETIONS,
                Operation.COMPLETIONS,
                Operation.EMBEDDINGS,
                Operation.MODELS,
                Operation.RESPONSES,
                Operation.MODERATIONS,
                Operation.AUDIO_SPEECH,
                Operation.AUDIO_TRANSCRIPTIONS,
                Operation.AUDIO_TRANSLATIONS,
                Operation.IMAGES,
                Operation.FILES);
    }

    @Override
    public List<Model> models() {
        return models;
    }
}
