package io.magicapi.gateway.provider.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.magicapi.gateway.api.Body;
import java.time.DateTimeException;
import java.time.OffsetDateTime;

/** Makes OpenAI's list of models, or one of its entries, of Anthropic's. */
final class ModelsAnswer {

    private ModelsAnswer() {}

    /** {@return the list or the entry} */
    static Body translate(Body received) {
        JsonNode answer = received.json();
        if (!answer.path("data").isArray()) {
            return Body.of(model(answer));
        }
        ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
        ArrayNode data = list.putArray("data");
        answer.path("data").forEach(entry -> data.add(model(entry)));
        return Body.of(list);
    }

    private static ObjectNode model(JsonNode entry) {
        if (!entry.path("id").isTextual()) {
            throw MessagesAnswer.bad("a model without id");
        }
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", entry.path("id").textValue())
                .put("object", "model")
                .put("created", created(entry.path("created_at").asText()))
                .put("owned_by", "anthropic");
    }

    /** {@return seconds since 1970; 0 where no time is told} */
    private static long created(String time) {
        try {
            return OffsetDateTime.parse(time).toEpochSecond();
        } catch (DateTimeException e) {
            return 0;
        }
    }
}
