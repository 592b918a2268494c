package io.magicapi.gateway.plugins;

import java.util.function.Function;

/** What inspecting a jar found: a plugin that may be loaded, or why it may not. */
public sealed interface Inspection permits PluginDescriptor, Rejection {

    /** {@return the result of the function that fits this outcome} */
    default <T> T fold(Function<PluginDescriptor, T> accepted, Function<Rejection, T> rejected) {
        if (this instanceof PluginDescriptor descriptor) {
            return accepted.apply(descriptor);
        }
        return rejected.apply((Rejection) this);
    }
}
