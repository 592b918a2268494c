package io.magicapi.gateway.provider.openai;

import com.fasterxml.jackson.databind.JsonNode;
import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.Exchange;
import io.magicapi.gateway.api.Headers;
import io.magicapi.gateway.api.Provider;
import io.magicapi.gateway.api.ProviderContext;
import io.magicapi.gateway.api.ResponseHandler;
import io.magicapi.gateway.api.ResponseHead;
import java.net.URI;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;

/**
 * A service that speaks OpenAI's API.
 *
 * <p><b>Paths.</b> A base URL means here what it means to OpenAI's SDKs: the place below which {@code
 * /chat/completions} is found, such as {@code https://api.together.ai/v1} or {@code
 * https://generativelanguage.googleapis.com/v1beta/openai}. One that names no more than a host, {@code
 * http://localhost:8000}, stands for the service's usual place on it, {@code /v1}. The rule is the same for a preset's
 * own base URL and for a configured one.
 */
abstract class OpenAiShaped implements Provider {

    private static final String V1 = "/v1";

    private final String name;
    private final String baseUrl;
    private final Optional<String> keyVariable;

    /** Whether the base URL in use has no path. Written by {@link #start}, before the first call. */
    private volatile boolean bareHost;

    /**
     * A service on the internet, which answers nobody without a key.
     *
     * @param baseUrl empty if only the operator can know it
     * @param keyVariable the variable that its documentation puts the key in
     */
    OpenAiShaped(String name, String baseUrl, String keyVariable) {
        this(name, baseUrl, Optional.of(keyVariable));
    }

    /** A server of the operator's own, which may or may not want a key. */
    OpenAiShaped(String name, String baseUrl) {
        this(name, baseUrl, Optional.empty());
    }

    private OpenAiShaped(String name, String baseUrl, Optional<String> keyVariable) {
        this.name = name;
        this.baseUrl = baseUrl;
        this.keyVariable = keyVariable;
        this.bareHost = isBareHost(baseUrl);
    }

    private static boolean isBareHost(String url) {
        String path = URI.create(url).getRawPath();
        return path == null || path.isEmpty();
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final String baseUrl() {
        return baseUrl;
    }

    @Override
    public final Optional<String> keyVariable() {
        return keyVariable;
    }

    /** @throws IllegalArgumentException if an option is unknown, or has a value that is */
    @Override
    public final void start(ProviderContext context) {
        bareHost = isBareHost(context.baseUrl());
        for (Iterator<String> names = context.options().fieldNames(); names.hasNext(); ) {
            String option = names.next();
            if (!configure(option, context.options().get(option))) {
                throw new IllegalArgumentException(
                        "providers." + context.name() + ".options has no \"" + option + "\"");
            }
        }
    }

    /**
     * Takes an option.
     *
     * @return whether there is one of this name; unless overridden there is none
     * @throws IllegalArgumentException if there is, and {@code value} is none of its values
     */
    boolean configure(String option, JsonNode value) {
        return false;
    }

    @Override
    public final String path(Call call) {
        return (bareHost ? root(call) : "") + call.path().substring(V1.length());
    }

    /** {@return where on a bare host {@code /chat/completions} and the like are; unless overridden, {@code /v1}} */
    String root(Call call) {
        return V1;
    }

    @Override
    public Headers processHeaders(Headers client, Call call) {
        return keyVariable.isEmpty() && call.credential().isEmpty()
                ? client
                : Provider.super.processHeaders(client, call);
    }

    @Override
    public final Exchange open(Call call) {
        return Exchange.of(Provider.super.open(call).request(), head -> withLimits(head, answer(call, head)));
    }

    /** {@return what becomes of an answer's body; unless overridden it is relayed as it comes} */
    ResponseHandler answer(Call call, ResponseHead head) {
        return ResponseHandler.passThrough();
    }

    /** {@return the service's own names of rate limit headers, with OpenAI's names for them; unless overridden, none} */
    Map<String, String> limits() {
        return Map.of();
    }

    /** What has a name in OpenAI's API is known by that name too. */
    private ResponseHandler withLimits(ResponseHead head, ResponseHandler handler) {
        Map<String, String> openAiNames = limits();
        if (openAiNames.isEmpty()) {
            return handler;
        }
        Headers.Builder headers = Headers.builder();
        head.headers().forEach((name, value) -> {
            headers.add(name, value);
            String openAiName = openAiNames.get(name);
            if (openAiName != null) {
                headers.add(openAiName, value);
            }
        });
        return handler.withHeaders(headers.build());
    }
}
