package io.magicapi.gateway.testkit;

import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Model;
import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.api.Provider;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.pf4j.Extension;

/** Keeps every rule of the contract. */
@Extension
public class GoodProvider implements Provider {

    @Override
    public String name() {
        return "acme";
    }

    @Override
    public String baseUrl() {
        return "https://api.acme.test/v9";
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.CHAT_COMPLETIONS, Operation.EMBEDDINGS, Operation.AUDIO_TRANSCRIPTIONS);
    }

    @Override
    public List<Model> models() {
        return catalogue("[{\"id\":\"acme-1\"},{\"id\":\"acme-2\"}]");
    }

    static List<Model> catalogue(String json) {
        return Model.readCatalogue(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
    }

    @Override
    public Optional<String> keyVariable() {
        return Optional.of("ACME_API_KEY");
    }

    @Override
    public Headers processHeaders(Headers client, Call call) {
        return Provider.super.processHeaders(client, call);
    }
}
