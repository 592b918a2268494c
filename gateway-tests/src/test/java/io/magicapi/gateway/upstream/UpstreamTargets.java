package io.magicapi.gateway.upstream;

/** Lets tests of other packages build request targets as the gateway does. */
public final class UpstreamTargets {

    private UpstreamTargets() {}

    /** {@return the request target for a path below a base URL} */
    public static String target(String baseUrl, String path) {
        return UpstreamAddress.of(baseUrl).target(path);
    }
}
