package io.magicapi.gateway;

/** INTERIM. The versions of the gateway and of the plugin API. */
public final class Version {

    private Version() {}

    /** {@return the gateway's version} */
    public static String gateway() {
        return "0.1.0-SNAPSHOT";
    }

    /** {@return the version of the plugin API that plugins may require} */
    public static String api() {
        return "0.1.0";
    }
}
