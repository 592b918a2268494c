package io.magicapi.gateway.http;

import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import io.magicapi.gateway.upstream.UpstreamTargets;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A target that is let through stays below the provider's base path and is safe to write into a request line. */
public final class ApiPathFuzz {

    private ApiPathFuzz() {}

    /** The input is the request target, in Latin-1. */
    public static void fuzzerTestOneInput(byte[] input) {
        String uri = new String(input, StandardCharsets.ISO_8859_1);
        Optional<ApiPath> path;
        try {
            path = ApiPath.parse(uri);
        } catch (GatewayException refusal) {
            if (refusal.code() != ErrorCode.INVALID_PATH) {
                throw new AssertionError("refused as " + refusal.code());
            }
            return;
        }
        path.ifPresent(ApiPathFuzz::check);
    }

    private static void check(ApiPath path) {
        String target = UpstreamTargets.target("https://provider.example/base", path.target());
        if (!target.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new AssertionError("not safe for a request line: " + target);
        }
        int mark = target.indexOf('?');
        String raw = mark < 0 ? target : target.substring(0, mark);
        if (!raw.startsWith("/base/v1/")) {
            throw new AssertionError("outside of the base path: " + raw);
        }
        try {
            String normal =
                    URI.create("https://provider.example" + raw).normalize().getRawPath();
            if (!normal.startsWith("/base/v1/")) {
                throw new AssertionError("escapes the base path: " + raw);
            }
        } catch (IllegalArgumentException notAUri) {
            return; // characters such as | that RFC 3986 does not know and servers take as they are
        }
    }
}
