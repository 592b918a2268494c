package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.ProviderException;
import java.util.Locale;

/** Why Claude stopped ("Stop reasons" in Anthropic's documentation), and what OpenAI calls that. */
enum StopReason {
    END_TURN("stop"),
    STOP_SEQUENCE("stop"),
    PAUSE_TURN("stop"),
    TOOL_USE("tool_calls"),
    MAX_TOKENS("length"),
    MODEL_CONTEXT_WINDOW_EXCEEDED("length"),
    REFUSAL("content_filter");

    private final String finishReason;

    StopReason(String finishReason) {
        this.finishReason = finishReason;
    }

    /** {@return its name in the Messages API} */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** {@return its name in OpenAI's API} */
    String finishReason() {
        return finishReason;
    }

    /**
     * {@return OpenAI's name for a stop reason; of one that is new, {@code stop}}
     *
     * @throws ProviderException of kind {@link ProviderException.Kind#BAD_ANSWER} if there is none: the answer is not
     *     whole
     */
    static String finishReason(JsonNode stopReason) {
        if (!stopReason.isTextual()) {
            throw MessagesAnswer.bad("the answer does not say why it ended");
        }
        for (StopReason known : values()) {
            if (known.word().equals(stopReason.textValue())) {
                return known.finishReason;
            }
        }
        return END_TURN.finishReason;
    }
}
