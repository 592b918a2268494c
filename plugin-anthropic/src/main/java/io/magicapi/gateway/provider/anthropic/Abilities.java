package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What a model lets itself be asked for. It answers 400 to what it does not know.
 *
 * @param maxTokens how many tokens an answer may have
 * @param adaptiveThinking whether it thinks as much as it sees fit, by {@code effort}; otherwise by a budget of tokens
 * @param thinkingOff what to set {@code thinking.type} to so that it does not think: empty if that is what it does
 *     anyway, {@code never} if it cannot be stopped
 * @param sampling whether it takes temperature, top_p and top_k
 * @param forcedTools whether it can be made to call a tool
 * @param prefill whether it goes on with an answer of which it is given the beginning
 */
record Abilities(
        int maxTokens,
        boolean adaptiveThinking,
        String thinkingOff,
        boolean sampling,
        boolean forcedTools,
        boolean prefill) {

    static final String NEVER = "never";

    /** Of a model that is not listed: it is newer than the list, and has to say by itself what it refuses. */
    static final Abilities UNKNOWN = new Abilities(32_000, true, "", true, true, false);

    /** {@return what an entry of the catalogue says; what it does not say is as in {@link #UNKNOWN}} */
    static Abilities of(JsonNode entry) {
        return new Abilities(
                entry.path("max-tokens").asInt(UNKNOWN.maxTokens),
                !entry.path("thinking").asText().equals("budget"),
                entry.path("thinking-off").asText(UNKNOWN.thinkingOff),
                entry.path("sampling").asBoolean(UNKNOWN.sampling),
                entry.path("forced-tools").asBoolean(UNKNOWN.forcedTools),
                entry.path("prefill").asBoolean(UNKNOWN.prefill));
    }
}
