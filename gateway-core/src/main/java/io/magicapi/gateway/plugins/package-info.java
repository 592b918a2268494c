/**
 * Loaded providers. What enters are jars in the drop folder, what leaves is an immutable {@link
 * io.magicapi.gateway.plugins.ProviderSnapshot} in the {@link io.magicapi.gateway.plugins.ProviderCatalog}. Requests read
 * it on their event loops and hold a {@link io.magicapi.gateway.plugins.Lease}; all else happens on one thread named
 * {@code plugins}, or is waited for by it.
 *
 * <p>To be read in this order: {@link io.magicapi.gateway.plugins.PluginRegistry} has the thread; {@code DroppedJars}
 * follows the {@code DropFolder}, copies each jar ({@code PrivateCopies}), has it inspected ({@code JarInspector}) and
 * decides whether it serves; {@code LoadedUnits} loads, swaps and unloads; a {@code PluginUnit} is one loaded version of
 * a plugin, whose classes {@code ApiCheck} resolves and whose providers {@code ProviderStarter} starts.
 */
@NullMarked
package io.magicapi.gateway.plugins;

import org.jspecify.annotations.NullMarked;
