package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Asks a model to think as hard as the client said. Older models are given a budget of tokens, a share of those the
 * answer may have; newer ones an effort, and they see for themselves ("Thinking" and "Effort" in Anthropic's
 * documentation). Newer ones keep their thoughts to themselves unless told to sum them up.
 */
final class Reasoning {

    private static final String FIELD = "reasoning_effort";
    private static final int SMALLEST_BUDGET = 1024;

    private final Abilities model;
    private final Losses losses;

    Reasoning(Abilities model, Losses losses) {
        this.model = model;
        this.losses = losses;
    }

    /** {@return the request's {@code output_config}, which is made if there is none; not the client's own} */
    static ObjectNode outputConfig(ObjectNode made) {
        ObjectNode config =
                made.path("output_config") instanceof ObjectNode given ? given.deepCopy() : made.objectNode();
        made.set("output_config", config);
        return config;
    }

    /**
     * Adds what {@code reasoning_effort} becomes.
     *
     * @param made has {@code max_tokens}, and whatever passes
     * @param toolForced whether the model must call a tool, which it cannot after thinking
     * @param thoughtsLost whether it would have to go on with thoughts that the client has not sent back
     */
    void apply(JsonNode chat, ObjectNode made, boolean toolForced, boolean thoughtsLost) {
        String effort = chat.path(FIELD).asText("");
        if (effort.isEmpty()) {
            return;
        }
        if (made.has("thinking")) {
            losses.lose(FIELD + " beside thinking", FIELD);
        } else if (effort.equals("none")) {
            turnOff(made);
        } else if (toolForced) {
            losses.lose(FIELD + " with a forced tool", FIELD);
        } else if (model.adaptiveThinking()) {
            made.putObject("thinking").put("type", "adaptive").put("display", "summarized");
            outputConfig(made).put("effort", effort.equals("minimal") ? "low" : effort);
        } else if (thoughtsLost) {
            losses.lose(FIELD + " without the thinking_blocks of the last tool calls", FIELD);
        } else {
            addBudget(effort, made);
        }
    }

    private void turnOff(ObjectNode made) {
        switch (model.thinkingOff()) {
            case "" -> {}
            case Abilities.NEVER -> {
                losses.lose(FIELD + " none with this model", FIELD);
                outputConfig(made).put("effort", "low");
            }
            default -> made.putObject("thinking").put("type", model.thinkingOff());
        }
    }

    private void addBudget(String effort, ObjectNode made) {
        int maxTokens = made.path("max_tokens").asInt();
        if (maxTokens <= SMALLEST_BUDGET) {
            losses.lose(FIELD + " with so few tokens", FIELD);
            return;
        }
        int budget = Math.max(SMALLEST_BUDGET, (int) (maxTokens * share(effort)));
        made.putObject("thinking").put("type", "enabled").put("budget_tokens", Math.min(budget, maxTokens - 1));
    }

    private static double share(String effort) {
        return switch (effort) {
            case "minimal", "low" -> 0.2;
            case "medium" -> 0.5;
            case "high" -> 0.8;
            case "xhigh", "max" -> 0.95;
            default -> throw MessagesRequest.invalid(FIELD, "must be none, minimal, low, medium, high or xhigh");
        };
    }
}
