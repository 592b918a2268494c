package io.magicapi.gateway.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.magicapi.gateway.api.Body;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderException;
import io.magicapi.gateway.api.ProviderException.Kind;
import io.magicapi.gateway.api.UpstreamRequest;
import java.util.List;
import org.pf4j.Extension;

/** Translates requests: puts them into an envelope, and the key into a header of its own. */
@Extension
public class TranslatingProvider implements Provider {

    @Override
    public String name() {
        return "trans-late";
    }

    @Override
    public String baseUrl() {
        return "https://invoke.test";
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.CHAT_COMPLETIONS);
    }

    @Override
    public Exchange open(Call call) {
        String key = call.credential()
                .orElseThrow(() -> new ProviderException(Kind.UNAUTHENTICATED, "no key"))
                .reveal();
        Headers headers = Headers.of("x-api-key", key).with("content-type", "application/json");
        return Exchange.of(UpstreamRequest.of("POST", "/invoke", headers, envelope(call)));
    }

    Body envelope(Call call) {
        JsonNode envelope =
                JsonNodeFactory.instance.objectNode().set("request", call.body().json());
        return Body.of(envelope);
    }

    /** Translates no more than plain text, and says so. */
    @Extension
    public static class OfTextOnly extends TranslatingProvider {

        @Override
        public Exchange open(Call call) {
            if (call.stream()) {
                throw new ProviderException(Kind.INVALID_REQUEST, "no streams here", "stream");
            }
            if (call.body().json().has("tools")) {
                throw new ProviderException(Kind.INVALID_REQUEST, "no tools here", "tools");
            }
            if (call.body().json().toString().contains("image_url")) {
                throw new ProviderException(Kind.INVALID_REQUEST, "no images here", "messages");
            }
            return super.open(call);
        }
    }
}
