package io.magicapi.gateway.plugins;

import org.pf4j.ClassLoadingStrategy;
import org.pf4j.PluginClassLoader;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginManager;

/**
 * The class loader of one generation of a plugin: what {@link HostClasses} has comes from there, all else from the jar.
 *
 * <p>Shared packages are forced on the plugin, not just preferred: were a plugin the first to pass its own {@code
 * ObjectNode} through the API, the host could never load Jackson's again (JVMS 5.3.4, loader constraints).
 */
final class PluginClasses extends PluginClassLoader {

    PluginClasses(PluginManager manager, PluginDescriptor descriptor, ClassLoader host) {
        super(manager, descriptor, new HostClasses(host), ClassLoadingStrategy.APD);
    }

    @Override
    public Class<?> loadClass(String name) throws ClassNotFoundException {
        return HostClasses.shares(name) ? getParent().loadClass(name) : super.loadClass(name);
    }
}
