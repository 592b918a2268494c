package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Headers;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** Whatever headers come in, what goes upstream can be written as it is and holds nothing that must stay here. */
public final class HeaderPolicyFuzz {

    private static final List<String> NEVER = List.of(
            "authorization", "cookie", "host", "connection", "transfer-encoding", "content-length", "x-provider", "te");

    private HeaderPolicyFuzz() {}

    /** The input is a block of lines {@code name: value}, in Latin-1. */
    public static void fuzzerTestOneInput(byte[] input) {
        MultiMap client = MultiMap.caseInsensitiveMultiMap();
        for (String line : new String(input, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                try {
                    client.add(line.substring(0, colon), line.substring(colon + 1));
                } catch (IllegalArgumentException netty) {
                    return; // refused by the decoder before it gets to the policy
                }
            }
        }
        Headers passed;
        try {
            passed = HeaderPolicy.toUpstream(HeaderPolicy.fromClient(client), "agent");
        } catch (IllegalArgumentException malformed) {
            return; // becomes a 400
        }
        passed.forEach((name, value) -> {
            if (NEVER.contains(name) || !name.equals(name.toLowerCase(Locale.ROOT)) || name.isEmpty()) {
                throw new AssertionError("passed: " + name);
            }
            if (value.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
                throw new AssertionError("a value that splits the head");
            }
        });
        if (passed.all("user-agent").isEmpty() || passed.all("accept-encoding").size() != 1) {
            throw new AssertionError("the gateway's own headers are missing");
        }
    }
}
