package io.magicapi.gateway.provider.openai;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import org.pf4j.Extension;

/**
 * Any service that speaks OpenAI's API, at the base URL that the configuration gives. The key is optional.
 *
 * <p>The one option, {@code auth-header}, names the header that carries the key as it is, where {@code Authorization:
 * Bearer} is not what the service expects.
 */
@Extension
public final class OpenAiCompatible extends OpenAiShaped {

    /** Empty: a bearer token. */
    private volatile String authHeader = "";

    public OpenAiCompatible() {
        super("openai-compatible", "");
    }

    @Override
    boolean configure(String option, JsonNode value) {
        if (!option.equals("auth-header")) {
            return false;
        }
        authHeader = Headers.of(value.asText(), "").entries().iterator().next().getKey();
        return true;
    }

    @Override
    public Headers processHeaders(Headers client, Call call) {
        return authHeader.isEmpty() || call.credential().isEmpty()
                ? super.processHeaders(client, call)
                : client.with(authHeader, call.requireCredential().reveal());
    }
}
