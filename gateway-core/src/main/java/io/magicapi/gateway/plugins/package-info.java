/**
 * Loaded providers: finding, inspecting, loading and unloading plugin jars on one worker thread; requests read an immutable snapshot and hold a lease.
 */
@NullMarked
package io.magicapi.gateway.plugins;

import org.jspecify.annotations.NullMarked;
