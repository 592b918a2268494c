package io.magicapi.gateway.plugins;

import java.util.List;

/**
 * The parent of every plugin's class loader: the Java platform and the packages that host and plugin share, and nothing
 * else of the host.
 */
final class HostClasses extends ClassLoader {

    /** Part of the contract with plugins: what crosses the API, and logging. */
    private static final List<String> SHARED = List.of(
            "io.magicapi.gateway.api.",
            "org.pf4j.",
            "org.slf4j.",
            "org.jspecify.",
            "com.fasterxml.jackson.annotation.",
            "com.fasterxml.jackson.core.",
            "com.fasterxml.jackson.databind.");

    private final ClassLoader host;

    HostClasses(ClassLoader host) {
        super(ClassLoader.getPlatformClassLoader());
        this.host = host;
    }

    /** {@return whether a class must come from the host, even if the plugin has a copy} */
    static boolean shares(String className) {
        return SHARED.stream().anyMatch(className::startsWith);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        return shares(name) ? host.loadClass(name) : super.loadClass(name, resolve);
    }
}
