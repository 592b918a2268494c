package io.magicapi.gateway.upstream;

import io.magicapi.gateway.api.Headers;
import io.vertx.core.MultiMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which headers cross the gateway. Towards the provider everything passes that is not named here: providers have
 * extensions of their own. Towards the client only what is named here passes: a provider's infrastructure is none of
 * the client's business.
 */
public final class HeaderPolicy {

    /** RFC 9110, section 7.6.1, and the framing of bodies, which each connection does by itself. */
    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings",
            "expect",
            "content-length",
            "host");

    private static final Set<String> PRIVATE_TO_CLIENT = Set.of(
            // who the client is and where it came from
            "cookie",
            "origin",
            "referer",
            "accept-language",
            "forwarded",
            "via",
            "x-real-ip",
            "true-client-ip",
            "cf-connecting-ip",
            // the gateway decides what it can read
            "accept-encoding",
            // credentials: the chosen provider gets its own, and no other
            "authorization",
            "x-api-key",
            "api-key",
            "x-goog-api-key",
            // meant for the gateway
            "x-provider",
            "x-request-id",
            "x-project-id",
            "x-organisation-id",
            "x-organization-id",
            "x-user-id",
            "x-experiment-id");

    private static final List<String> PRIVATE_TO_CLIENT_PREFIXES =
            List.of("sec-", "x-forwarded-", "x-gateway-", "x-amz-", "x-aws-");

    private static final Set<String> RESPONSE = Set.of(
            "content-type",
            "content-encoding",
            "content-disposition",
            "content-language",
            "retry-after",
            "retry-after-ms",
            "x-should-retry",
            "x-request-id");

    private static final List<String> RESPONSE_PREFIXES =
            List.of("x-ratelimit-", "anthropic-ratelimit-", "openai-", "x-groq-");

    /** By which an answer says where it is from. */
    private static final Set<String> SIGNATURE =
            Set.of("x-gateway-provider", "x-gateway-model", "x-gateway-attempts", "x-gateway-overhead-ms");

    private static final Pattern UNPRINTABLE = Pattern.compile("[^!-~ ]");

    private HeaderPolicy() {}

    /**
     * {@return what a provider may see of the client's headers}
     *
     * @throws IllegalArgumentException if a header could not be sent on
     */
    public static Headers fromClient(MultiMap client) {
        Set<String> named = namedByConnection(client);
        Headers.Builder kept = Headers.builder();
        for (Map.Entry<String, String> header : client) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (!HOP_BY_HOP.contains(name)
                    && !PRIVATE_TO_CLIENT.contains(name)
                    && !startsWithAny(name, PRIVATE_TO_CLIENT_PREFIXES)
                    && !named.contains(name)) {
                kept.add(name, header.getValue());
            }
        }
        return kept.build();
    }

    /** {@return the same and, as far as the client sent them well-formed, the headers of these names} */
    public static Headers withCredentials(Headers headers, MultiMap client, List<String> names) {
        Headers all = headers;
        for (String name : names) {
            String value = client.get(name);
            try {
                all = value == null ? all : all.with(name, value);
            } catch (IllegalArgumentException malformed) {
                continue; // then it is missing, and the provider says so
            }
        }
        return all;
    }

    /** {@return what is sent of the headers a provider asks for} */
    static Headers toUpstream(Headers wanted, String userAgent) {
        Headers.Builder kept = Headers.builder();
        wanted.forEach((name, value) -> {
            if (!HOP_BY_HOP.contains(name) && !name.equals("accept-encoding") && !name.equals("user-agent")) {
                kept.add(name, value);
            }
        });
        kept.add("accept-encoding", "identity");
        // Some providers' edge refuses requests that do not say what sent them.
        kept.add(
                "user-agent",
                wanted.get("user-agent").filter(text -> !text.isBlank()).orElse(userAgent));
        return kept.build();
    }

    /** {@return what a provider may see of its upstream's headers: all that are well-formed} */
    static Headers fromUpstream(MultiMap upstream) {
        Headers.Builder known = Headers.builder();
        for (Map.Entry<String, String> header : upstream) {
            try {
                known.add(header.getKey(), header.getValue());
            } catch (IllegalArgumentException malformed) {
                continue; // of no use to anybody
            }
        }
        return known.build();
    }

    /** Copies what a client may see of an upstream's headers. */
    static void toClient(Iterable<Map.Entry<String, String>> upstream, MultiMap client) {
        for (Map.Entry<String, String> header : upstream) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (RESPONSE.contains(name) || startsWithAny(name, RESPONSE_PREFIXES)) {
                client.add(name, header.getValue());
            }
        }
    }

    /**
     * Removes what an answer that was never written left. But a page's script must be allowed to read the next one, too,
     * and who was asked stays said.
     */
    public static void forgetAnswer(MultiMap client) {
        for (String name : List.copyOf(client.names())) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!lower.equals("vary") && !lower.startsWith("access-control-") && !SIGNATURE.contains(lower)) {
                client.remove(name);
            }
        }
    }

    /** {@return a text that may hold anything, as the value of a header} */
    static String printable(String text) {
        return UNPRINTABLE.matcher(text).replaceAll("?");
    }

    private static Set<String> namedByConnection(MultiMap headers) {
        List<String> lines = headers.getAll("connection");
        if (lines.isEmpty() || (lines.size() == 1 && lines.get(0).equalsIgnoreCase("keep-alive"))) {
            return Set.of();
        }
        Set<String> names = new HashSet<>();
        for (String line : lines) {
            for (String name : line.split(",", -1)) {
                names.add(name.strip().toLowerCase(Locale.ROOT));
            }
        }
        return names;
    }

    private static boolean startsWithAny(String name, List<String> prefixes) {
        for (String prefix : prefixes) {
            if (name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
