package io.magicapi.gateway.upstream;

import io.magicapi.gateway.plugins.ProviderGeneration;
import java.lang.reflect.Proxy;

/** Finds the line of a stack trace that tells a plugin's author where to look. */
final class PluginFrame {

    private PluginFrame() {}

    /**
     * {@return the frame, as stack traces show it}
     *
     * <p>That is the innermost one in the provider's own code: in the package of its class, or below. If there is none,
     * it is the innermost one outside of the JDK.
     */
    static String of(StackTraceElement[] stack, ProviderGeneration generation) {
        Class<?> type = generation.provider().getClass();
        boolean wrapped = Proxy.isProxyClass(type); // as the contract's are; no line of it is anybody's
        String home = type.getPackageName() + ".";
        for (StackTraceElement frame : stack) {
            if (!wrapped && frame.getClassName().startsWith(home)) {
                return frame.toString();
            }
        }
        for (StackTraceElement frame : stack) {
            if (frame.getModuleName() == null) {
                return frame.toString();
            }
        }
        return "unknown";
    }
}
