package io.magicapi.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedactionTest {

    @ParameterizedTest
    @DisplayName("each kind of key is masked, at the beginning of a text and inside, in any case")
    @ValueSource(
            strings = {
                "bearer ",
                "Bearer \t",
                "sk-",
                "SK_",
                "gsk_",
                "gsk-",
                "xai-",
                "pplx-",
                "hf_",
                "r8_",
                "key-",
                "AIza",
                "aiZA"
            })
    void kinds(String beginning) {
        String key = beginning + "CANARY0123456789";

        assertThat(Redaction.mask(key)).doesNotContain("CANARY");
        assertThat(Redaction.mask("it was \"" + key + "\", which is wrong")).doesNotContain("CANARY");
        assertThat(Redaction.mask("a_b-" + key)).isEqualTo("a_b-" + Redaction.mask(key));
    }

    @Test
    @DisplayName("what an access line usually holds stays as it is")
    void usual() {
        for (String text : new String[] {
            "", "-", "/v1/chat/completions", "req_0123456789abcdef0123456789abcdef", "openai/gpt-oss-120b", "task-4711"
        }) {
            assertThat(Redaction.mask(text)).isEqualTo(text);
        }
    }
}
