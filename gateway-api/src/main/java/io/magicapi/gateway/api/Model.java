package io.magicapi.gateway.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One model of a provider's catalogue, with where it stands in its life.
 *
 * <p>Catalogues are data: {@link #readCatalogue} reads a file such as
 *
 * <pre>{@code
 * [{"id": "mixtral-8x7b-32768", "owned-by": "Mistral", "context-window": 32768, "max-tokens": 8192,
 *   "status": "shut-down", "shutdown": "2025-03-20", "replacement": "openai/gpt-oss-120b"}]
 * }</pre>
 *
 * where all but {@code id} may be absent. To say where the facts are from and when they were true, wrap the list: {@code
 * {"source": "https://…", "as-of": "2025-03-20", "models": […]}}; what stands beside {@code models} is for people.
 */
public final class Model {

    /** Where a model stands in its life. */
    public enum Status {
        /** In service. */
        ACTIVE,
        /** In service, but announced as temporary or experimental. */
        PREVIEW,
        /** In service, with an end announced. */
        DEPRECATED,
        /** No longer in service. */
        SHUT_DOWN;

        private static Status of(String word) {
            for (Status status : values()) {
                if (status.word().equals(word)) {
                    return status;
                }
            }
            throw new IllegalArgumentException("no such model status: " + word);
        }

        /** {@return the word in catalogue files: {@code shut-down}} */
        public String word() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    private final String id;
    private final String ownedBy;
    private final OptionalInt contextWindow;
    private final OptionalInt maxTokens;
    private final Status status;
    private final Optional<LocalDate> shutdown;
    private final Optional<String> replacement;

    private Model(JsonNode entry) {
        this.id = entry.path("id").asText();
        if (id.isEmpty()) {
            throw new IllegalArgumentException("a model without id");
        }
        this.ownedBy = entry.path("owned-by").asText("unknown");
        this.contextWindow = number(entry, "context-window");
        this.maxTokens = number(entry, "max-tokens");
        this.status = Status.of(entry.path("status").asText("active"));
        this.shutdown = text(entry, "shutdown").map(LocalDate::parse);
        this.replacement = text(entry, "replacement");
    }

    private static OptionalInt number(JsonNode entry, String field) {
        return entry.hasNonNull(field) ? OptionalInt.of(entry.get(field).asInt()) : OptionalInt.empty();
    }

    private static Optional<String> text(JsonNode entry, String field) {
        return entry.hasNonNull(field) ? Optional.of(entry.get(field).asText()) : Optional.empty();
    }

    /**
     * Reads a catalogue file, in the form shown above, and closes it.
     *
     * @throws IllegalArgumentException if an entry is not of that form
     * @throws UncheckedIOException if it cannot be read or is not JSON
     */
    public static List<Model> readCatalogue(InputStream file) {
        try (file) {
            JsonNode document = new JsonMapper().readTree(file);
            JsonNode entries = document.isObject() ? document.path("models") : document;
            if (!entries.isArray()) {
                throw new IllegalArgumentException(
                        "a catalogue is an array of models, or an object with one as models");
            }
            List<Model> models = new ArrayList<>();
            for (JsonNode entry : entries) {
                models.add(new Model(entry));
            }
            return List.copyOf(models);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the id the upstream knows it by} */
    public String id() {
        return id;
    }

    /** {@return who made it; {@code unknown} if the catalogue does not say} */
    public String ownedBy() {
        return ownedBy;
    }

    /** {@return how many tokens fit into prompt and answer together, if known} */
    public OptionalInt contextWindow() {
        return contextWindow;
    }

    /** {@return how many tokens an answer may have, if limited and known} */
    public OptionalInt maxTokens() {
        return maxTokens;
    }

    /** {@return where it stands in its life, as of when the plugin was built} */
    public Status status() {
        return status;
    }

    /** {@return the day its service ended or will end, if known} */
    public Optional<LocalDate> shutdown() {
        return shutdown;
    }

    /** {@return the id of the model its provider names as successor, if any} */
    public Optional<String> replacement() {
        return replacement;
    }

    @Override
    public String toString() {
        return id;
    }
}
