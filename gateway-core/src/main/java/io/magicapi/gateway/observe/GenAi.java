package io.magicapi.gateway.observe;

import io.magicapi.gateway.config.GatewayConfig.GenAiNames;

/**
 * What OpenTelemetry calls things of generative AI: all such names that the gateway uses, by version of the semantic
 * conventions. {@code docs/observability.md} shows the same table.
 *
 * @param version which version
 * @param provider attribute: the provider, by the name that the gateway knows it by
 * @param requestModel attribute: the model that the provider is asked for
 * @param operationName attribute: what kind of operation
 * @param tokenType attribute: whether tokens were read or written
 * @param inputTokens attribute: tokens read
 * @param outputTokens attribute: tokens written
 * @param cachedTokens attribute: tokens read from the cache
 * @param tokenUsage metric: tokens of an attempt
 * @param duration metric: how long an attempt took
 * @param firstToken metric: how long a stream took to its first byte
 */
record GenAi(
        GenAiNames version,
        String provider,
        String requestModel,
        String operationName,
        String tokenType,
        String inputTokens,
        String outputTokens,
        String cachedTokens,
        String tokenUsage,
        String duration,
        String firstToken) {

    /** {@return the names of a version} */
    static GenAi of(GenAiNames version) {
        return new GenAi(
                version,
                switch (version) {
                    case V1_36 -> "gen_ai.system";
                    case V1_37 -> "gen_ai.provider.name";
                },
                "gen_ai.request.model",
                "gen_ai.operation.name",
                "gen_ai.token.type",
                "gen_ai.usage.input_tokens",
                "gen_ai.usage.output_tokens",
                "gen_ai.usage.cache_read.input_tokens",
                "gen_ai.client.token.usage",
                "gen_ai.client.operation.duration",
                "gen_ai.server.time_to_first_token");
    }

    /** {@return what an operation of ours is called; its own id if the conventions have no word for it} */
    String operation(String id) {
        return switch (id) {
            case "chat/completions", "responses" -> "chat";
            case "completions" -> "text_completion";
            default -> id;
        };
    }
}
