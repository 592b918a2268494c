package io.magicapi.gateway.http;

import io.magicapi.gateway.api.Operation;
import io.magicapi.gateway.error.ErrorCode;
import io.magicapi.gateway.error.GatewayException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A request target, taken apart without being decoded: what goes upstream are the client's own bytes, so {@code %2F}
 * stays {@code %2F}. Targets that could mean something else to the next server than they do here are refused: dot
 * segments in any encoding and with parameters ({@code ..;x}), empty segments, backslashes, control characters, encoded
 * bytes that are not UTF-8, anything that is no path.
 *
 * @param operation the operation the path belongs to
 * @param below the raw path below {@code /v1/}, without query: {@code chat/completions}
 * @param target the path and query to send upstream, starting with {@code /v1/}
 */
record ApiPath(Operation operation, String below, String target) {

    private static final String[] PREFIXES = {"/v1/", "/openai/v1/"};

    /** The targets that nearly all requests have, each with what comes of taking it apart. */
    private static final Map<String, ApiPath> USUAL = Operation.COMMON.stream()
            .map(operation -> of(operation.path(), ""))
            .collect(Collectors.toUnmodifiableMap(ApiPath::target, path -> path));

    /** Decoding stops to change anything long before this; a server behind that decodes more often is beyond help. */
    private static final int MAX_DECODINGS = 4;

    /**
     * {@return the parts of a target, if it lies under {@code /v1}, {@code /openai/v1}, or names an OpenAI operation
     * without any prefix}
     *
     * @param uri the request target as it was sent; starts with a slash
     * @throws GatewayException {@link ErrorCode#INVALID_PATH} if it is not a plain path and query
     */
    static Optional<ApiPath> parse(String uri) {
        ApiPath usual = USUAL.get(uri);
        return usual == null ? takeApart(uri) : Optional.of(usual);
    }

    private static Optional<ApiPath> takeApart(String uri) {
        requirePlain(uri);
        int mark = uri.indexOf('?');
        String path = mark < 0 ? uri : uri.substring(0, mark);
        String query = mark < 0 ? "" : uri.substring(mark);
        requireNoTricks(path);
        if (path.length() > 1 && path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        for (String prefix : PREFIXES) {
            if (path.startsWith(prefix)) {
                return Optional.of(of(path.substring(prefix.length()), query));
            }
        }
        ApiPath bare = of(path.substring(1), query);
        return Operation.COMMON.contains(bare.operation()) ? Optional.of(bare) : Optional.empty();
    }

    /** @param query the raw query with its question mark; empty if there is none */
    private static ApiPath of(String below, String query) {
        return new ApiPath(Operation.at(below), below, "/v1/" + below + query);
    }

    private static void requirePlain(String uri) {
        if (!uri.startsWith("/")) {
            throw invalid("the request target must be a path");
        }
        for (int i = 0; i < uri.length(); i++) {
            char c = uri.charAt(i);
            if (c <= ' ' || c >= 0x7f || c == '#' || c == '\\') {
                throw invalid("the request target has a character that must be percent-encoded");
            }
        }
    }

    private static void requireNoTricks(String path) {
        String decoded = path;
        for (int i = 0; i < MAX_DECODINGS; i++) {
            requireNoDots(decoded);
            if (decoded.indexOf('%') < 0) {
                return;
            }
            decoded = decode(decoded, i == 0);
            if (i == 0) {
                requireUtf8(decoded);
            }
        }
        requireNoDots(decoded);
    }

    /** A lax decoder reads a dot from the two bytes C0 AE. */
    private static void requireUtf8(String decoded) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(decoded.getBytes(StandardCharsets.ISO_8859_1)));
        } catch (CharacterCodingException e) {
            throw invalid("the path has percent-encoded bytes that are not UTF-8");
        }
    }

    private static void requireNoDots(String path) {
        int start = 1;
        while (start <= path.length()) {
            int end = path.indexOf('/', start);
            end = end < 0 ? path.length() : end;
            boolean last = end == path.length();
            int parameters = path.indexOf(';', start);
            String segment = path.substring(start, parameters < 0 ? end : Math.min(parameters, end));
            if (segment.equals(".") || segment.equals("..") || (segment.isEmpty() && !last)) {
                throw invalid("the path has an empty or dot segment");
            }
            start = end + 1;
        }
    }

    private static String decode(String path, boolean strict) {
        StringBuilder decoded = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c != '%') {
                decoded.append(c);
                continue;
            }
            boolean room = i + 2 < path.length();
            int high = room ? Character.digit(path.charAt(i + 1), 16) : -1;
            int low = room ? Character.digit(path.charAt(i + 2), 16) : -1;
            if (high < 0 || low < 0) {
                if (strict) {
                    throw invalid("the path has a malformed percent-encoding");
                }
                decoded.append(c);
                continue;
            }
            char value = (char) (high * 16 + low);
            if (value < ' ' || value == 0x7f || value == '\\') {
                throw invalid("the path has an encoded control character or backslash");
            }
            decoded.append(value);
            i += 2;
        }
        return decoded.toString();
    }

    private static GatewayException invalid(String message) {
        return new GatewayException(ErrorCode.INVALID_PATH, message);
    }
}
