package io.magicapi.gateway.provider.openai;

import io.magicapi.gateway.api.Model;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import org.pf4j.Extension;

/** OpenAI itself. A caller's {@code OpenAI-Organization} and {@code OpenAI-Project} headers pass. */
@Extension
public final class OpenAi extends OpenAiShaped {

    private final List<Model> models = Model.readCatalogue(catalogue());

    public OpenAi() {
        super("openai", "https://api.openai.com/v1", "OPENAI_API_KEY");
    }

    private static InputStream catalogue() {
        return Objects.requireNonNull(
                OpenAi.class.getResourceAsStream("models.json"), "models.json is part of this jar");
    }

    @Override
    public List<Model> models() {
        return models;
    }
}
