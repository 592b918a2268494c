package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class UsageTest {

    private static Optional<Usage> read(String json) throws Exception {
        return Usage.from(new ObjectMapper().readTree(json));
    }

    @Test
    @DisplayName("R42: the names of chat completions, embeddings and responses are read")
    void r42_names() throws Exception {
        assertThat(read("{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":4}"))
                .contains(new Usage(1, 2, 4));
        assertThat(read("{\"prompt_tokens\":8,\"total_tokens\":8}")).contains(new Usage(8, 0, 8));
        assertThat(read("{\"input_tokens\":1,\"output_tokens\":2}")).contains(new Usage(1, 2, 3));
    }

    @Test
    @DisplayName("What is no usage is none")
    void none() throws Exception {
        assertThat(read("null")).isEmpty();
        assertThat(read("{}")).isEmpty();
        assertThat(read("[1]")).isEmpty();
        assertThat(read("{\"prompt_tokens\":-1}")).isEmpty();
        assertThat(read("{\"prompt_tokens\":99999999999}")).isEmpty();
        assertThatThrownBy(() -> new Usage(-1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
