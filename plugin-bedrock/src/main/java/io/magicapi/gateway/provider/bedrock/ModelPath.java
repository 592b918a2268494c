package io.magicapi.gateway.provider.bedrock;

import io.magicapi.gateway.api.Call;
import io.magicapi.gateway.api.ProviderException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * The path of a model's Converse operation. An id may be an ARN, with colons and slashes, and is one segment: whatever
 * RFC 3986 does not call unreserved is percent-encoded.
 */
final class ModelPath {

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private ModelPath() {}

    /** @throws ProviderException if the call names no model, or one that would point elsewhere */
    static String of(Call call) {
        String model = call.model()
                .filter(id -> !id.isBlank())
                .orElseThrow(() -> BedrockProvider.invalid("Bedrock needs a model", "model"));
        if (model.equals(".") || model.equals("..")) {
            throw BedrockProvider.invalid("there is no model of that name", "model");
        }
        return "/model/" + encode(model) + (call.stream() ? "/converse-stream" : "/converse");
    }

    private static String encode(String id) {
        StringBuilder encoded = new StringBuilder(id.length() + 16);
        for (byte octet : id.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xff);
            boolean unreserved = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || "-._~".indexOf(c) >= 0;
            if (unreserved) {
                encoded.append(c);
            } else {
                encoded.append('%').append(HEX.toHexDigits(octet));
            }
        }
        return encoded.toString();
    }
}
