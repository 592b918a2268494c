package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class UsageTest {

    private static Optional<Usage> read(String json) throws Exception {
        Optional<Usage> usage = Usage.from(new ObjectMapper().readTree(json));
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        assertThat(Usage.parse(bytes, 0, bytes.length)).isEqualTo(usage);
        return usage;
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
    @DisplayName("what the cache and thoughts had is read, under the names of OpenAI, Anthropic and DeepSeek")
    void parts() throws Exception {
        assertThat(read("{\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":64,\"audio_tokens\":0},"
                        + "\"completion_tokens_details\":{\"reasoning_tokens\":8}}"))
                .contains(new Usage(100, 64, 0, 20, 8, 120, false));
        assertThat(read("{\"input_tokens\":10,\"output_tokens\":2,\"input_tokens_details\":{\"cached_tokens\":4},"
                        + "\"output_tokens_details\":{\"reasoning_tokens\":1}}"))
                .contains(new Usage(10, 4, 0, 2, 1, 12, false));
        assertThat(read("{\"prompt_tokens\":9,\"completion_tokens\":1,\"prompt_tokens_details\":null,"
                        + "\"cache_creation_input_tokens\":5,\"cache_read_input_tokens\":3}"))
                .contains(new Usage(9, 3, 5, 1, 0, 10, false));
        assertThat(read("{\"prompt_tokens\":9,\"completion_tokens\":1,\"prompt_cache_hit_tokens\":7}"))
                .contains(new Usage(9, 7, 0, 1, 0, 10, false));
    }

    @Test
    @DisplayName("a part is never more than the whole")
    void partsOfMore() throws Exception {
        assertThat(read("{\"prompt_tokens\":5,\"completion_tokens\":1,\"cache_creation_input_tokens\":4,"
                        + "\"cache_read_input_tokens\":3,\"completion_tokens_details\":{\"reasoning_tokens\":9}}"))
                .contains(new Usage(5, 3, 2, 1, 1, 6, false));
    }

    @Test
    @DisplayName("R42: of two names for one count, the first that has a value counts, in any order")
    void r42_bothNames() throws Exception {
        assertThat(read("{\"input_tokens\":5,\"prompt_tokens\":1}")).contains(new Usage(1, 0, 0, 0, 0, 1, false));
        assertThat(read("{\"prompt_tokens\":1,\"input_tokens\":5}")).contains(new Usage(1, 0, 0, 0, 0, 1, false));
        assertThat(read("{\"input_tokens\":5,\"prompt_tokens\":null}")).contains(new Usage(5, 0, 0, 0, 0, 5, false));
    }

    @Test
    @DisplayName("What is no usage is none")
    void none() throws Exception {
        assertThat(read("null")).isEmpty();
        assertThat(read("{}")).isEmpty();
        assertThat(read("[1]")).isEmpty();
        assertThat(read("{\"prompt_tokens\":-1}")).isEmpty();
        assertThat(read("{\"prompt_tokens\":\"1\",\"details\":{\"prompt_tokens\":1},\"list\":[{\"total_tokens\":1}]}"))
                .isEmpty();
        assertThat(read("{\"prompt_tokens\":99999999999}")).isEmpty();
        assertThatThrownBy(() -> new Usage(-1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
