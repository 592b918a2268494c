/**
 * What operators ask of a running gateway: a listener of its own, on loopback, with a key of its own. What enters are
 * requests below {@code /admin}, what leaves is how the plugins stand, as JSON. All of it runs on one event loop, except
 * for what reads or writes files, and what {@link io.magicapi.gateway.plugins.PluginRegistry} does on its thread.
 *
 * <p>Nothing on the side of the clients knows this package.
 */
@NullMarked
package io.magicapi.gateway.admin;

import org.jspecify.annotations.NullMarked;
