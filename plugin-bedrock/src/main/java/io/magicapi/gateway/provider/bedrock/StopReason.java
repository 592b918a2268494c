package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.ProviderException;

/** Why a model stopped, in Converse's words and in OpenAI's. */
final class StopReason {

    private StopReason() {}

    /**
     * {@return OpenAI's {@code finish_reason}; {@code stop} for a reason nobody knows yet}
     *
     * @throws ProviderException if the reason is that the model's output was of no use
     */
    static String finishReason(String stopReason) {
        return switch (stopReason) {
            case "tool_use" -> "tool_calls";
            case "max_tokens", "model_context_window_exceeded" -> "length";
            case "guardrail_intervened", "content_filtered" -> "content_filter";
            case "malformed_model_output", "malformed_tool_use", "" ->
                throw new ProviderException(
                        ProviderException.Kind.BAD_ANSWER,
                        stopReason.isEmpty()
                                ? "Bedrock did not say why the model stopped"
                                : "the model's output was malformed (" + stopReason + ")");
            default -> "stop";
        };
    }
}
