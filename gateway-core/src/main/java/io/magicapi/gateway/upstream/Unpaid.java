package io.magicapi.gateway.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Set;

/**
 * Whether a provider says that an account has no money left. That is 402 where it is told by its status; OpenAI says 429
 * as for a share that is used up, and Anthropic 400 as for a request that is wrong.
 */
final class Unpaid {

    /** Where the words are looked at. */
    private static final Set<Integer> STATUSES = Set.of(400, 403, 429);

    /** OpenAI's and those that speak like it; Moonshot's. */
    private static final Set<String> CODES =
            Set.of("insufficient_quota", "billing_hard_limit_reached", "exceeded_current_quota_error");

    private Unpaid() {}

    /** {@return whether an answer says so} */
    static boolean isSaid(AttemptFailure.Answered answered) {
        return answered.status() == 402 || (STATUSES.contains(answered.status()) && isSaid(error(answered)));
    }

    private static boolean isSaid(JsonNode error) {
        return CODES.contains(error.path("code").asText())
                || CODES.contains(error.path("type").asText())
                || error.path("message").asText().toLowerCase(Locale.ROOT).contains("credit balance is too low");
    }

    private static JsonNode error(AttemptFailure.Answered answered) {
        return Json.parse(answered.body().getBytes()).path("error");
    }
}
