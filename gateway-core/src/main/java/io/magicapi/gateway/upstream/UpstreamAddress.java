package io.magicapi.gateway.upstream;

import java.net.URI;

/**
 * A provider's base URL, taken apart once.
 *
 * @param host host name or address, IPv6 without brackets
 * @param port the port
 * @param ssl whether it is https
 * @param path what comes before each request's own path: empty, or {@code /openai}
 */
record UpstreamAddress(String host, int port, boolean ssl, String path) {

    private static final String V1 = "/v1";

    static UpstreamAddress of(String baseUrl) {
        URI uri = URI.create(baseUrl);
        boolean ssl = "https".equalsIgnoreCase(uri.getScheme());
        String host = uri.getHost();
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : ssl ? 443 : 80;
        String path = uri.getRawPath();
        return new UpstreamAddress(host, port, ssl, path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
    }

    /**
     * {@return the request target for a path}
     *
     * <p>Base URLs are customary with and without {@code /v1} at the end; paths begin with it. It is sent once.
     *
     * @param requestPath path and query, starting with a slash
     */
    String target(String requestPath) {
        boolean twice = path.endsWith(V1) && (requestPath.equals(V1) || requestPath.startsWith(V1 + "/"));
        return twice ? path + requestPath.substring(V1.length()) : path + requestPath;
    }
}
