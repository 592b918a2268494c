package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * How freely a model chooses its words. Anthropic takes temperature or top_p, and the former up to 1; none of them, nor
 * top_k, while it reasons; and newer models take none at all.
 */
final class Sampling {

    private static final String TEMPERATURE = "temperature";
    private static final String TOP_P = "top_p";
    private static final String TOP_K = "top_k";

    private final JsonNode chat;
    private final Losses losses;

    Sampling(JsonNode chat, Losses losses) {
        this.chat = chat;
        this.losses = losses;
    }

    /**
     * Adds what can be added.
     *
     * @param made has {@code thinking} by now, if it is to have it, and whatever passes
     */
    void addTo(ObjectNode made, Abilities model) {
        boolean reasons = !made.path("thinking").path("type").asText("disabled").equals("disabled");
        if (!model.sampling()) {
            loseAll("with this model", made);
        } else if (reasons) {
            loseAll("with reasoning", made);
        } else {
            addTemperature(made);
            addTopP(made);
        }
    }

    private void loseAll(String why, ObjectNode made) {
        made.remove(TOP_K);
        for (String field : new String[] {TEMPERATURE, TOP_P, TOP_K}) {
            if (matters(field)) {
                losses.lose(field + " " + why, field);
            }
        }
    }

    /** {@return whether the field is there, and not at the value it has anyway} */
    private boolean matters(String field) {
        JsonNode value = chat.path(field);
        return value.isNumber() && (field.equals(TOP_K) || value.doubleValue() != 1);
    }

    private void addTemperature(ObjectNode made) {
        JsonNode temperature = chat.path(TEMPERATURE);
        if (temperature.doubleValue() > 1) {
            losses.lose("temperature above 1", TEMPERATURE);
            made.put(TEMPERATURE, 1);
        } else if (temperature.isNumber()) {
            made.set(TEMPERATURE, temperature);
        }
    }

    private void addTopP(ObjectNode made) {
        if (matters(TOP_P) && made.has(TEMPERATURE)) {
            losses.lose("top_p beside temperature", TOP_P);
        } else if (matters(TOP_P)) {
            made.set(TOP_P, chat.get(TOP_P));
        }
    }
}
