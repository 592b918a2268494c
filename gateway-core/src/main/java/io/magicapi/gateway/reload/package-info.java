/**
 * Reloading: reads the configuration again while the gateway runs, and has the gateway follow it whole or not at all.
 * Asked by operators (a signal, the admin API), or by a change of the files.
 */
@NullMarked
package io.magicapi.gateway.reload;

import org.jspecify.annotations.NullMarked;
