package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.magicapi.gateway.api.Model;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The models of {@code models.json}, and what each lets itself be asked for. Immutable. */
final class Catalogue {

    private final List<Model> models;
    private final Map<String, Abilities> abilities;

    private Catalogue(List<Model> models, Map<String, Abilities> abilities) {
        this.models = models;
        this.abilities = abilities;
    }

    /** Reads the catalogue that is part of this jar. */
    static Catalogue read() {
        Map<String, Abilities> abilities = new HashMap<>();
        try (InputStream file = file()) {
            for (JsonNode entry : new JsonMapper().readTree(file).path("models")) {
                abilities.put(entry.path("id").asText(), Abilities.of(entry));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Catalogue(Model.readCatalogue(file()), Map.copyOf(abilities));
    }

    private static InputStream file() {
        return Objects.requireNonNull(
                Catalogue.class.getResourceAsStream("models.json"), "models.json is part of this jar");
    }

    List<Model> models() {
        return models;
    }

    /** {@return what a model can be asked for; of one that is not listed, what the newest can} */
    Abilities abilities(String model) {
        return abilities.getOrDefault(model, Abilities.UNKNOWN);
    }
}
