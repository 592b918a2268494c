package io.magicapi.gateway.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ModelCatalogueTest {

    private static List<Model> read(String file) {
        return Model.readCatalogue(new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    @DisplayName("a catalogue is a list of models, of which all but the id may be absent")
    void list() {
        List<Model> models = read("""
                [{"id": "old", "owned-by": "Ann", "context-window": 8192, "max-tokens": 10, "status": "shut-down",
                  "shutdown": "2025-03-20", "replacement": "new"},
                 {"id": "new"}]""");

        assertThat(models).extracting(Model::id).containsExactly("old", "new");
        Model old = models.get(0);
        assertThat(old.ownedBy()).isEqualTo("Ann");
        assertThat(old.contextWindow()).hasValue(8192);
        assertThat(old.maxTokens()).hasValue(10);
        assertThat(old.status()).isEqualTo(Model.Status.SHUT_DOWN);
        assertThat(old.shutdown()).hasValue(LocalDate.of(2025, 3, 20));
        assertThat(old.replacement()).hasValue("new");
        assertThat(models.get(1).status()).isEqualTo(Model.Status.ACTIVE);
        assertThat(models.get(1).contextWindow()).isEmpty();
    }

    @Test
    @DisplayName("an object around the list may tell people where it is from")
    void object() {
        assertThat(
                        read(
                                "{\"source\": \"https://example.com\", \"as-of\": \"2026-11-22\", \"models\": [{\"id\": \"m\"}]}"))
                .extracting(Model::id)
                .containsExactly("m");
    }

    @Test
    @DisplayName("what is no catalogue is refused, rather than read as an empty one")
    void refused() {
        assertThatThrownBy(() -> read("{\"model\": []}")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read("[{\"owned-by\": \"Ann\"}]")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read("[{\"id\": \"m\", \"status\": \"gone\"}]"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read("[")).isInstanceOf(UncheckedIOException.class);
    }
}
