/**
 * What this gateway remembers of how providers, their models and their keys behave. What enters is how attempts ended;
 * what leaves is whether, and with which key, the next one may be made. It is this process's own knowledge, outlives the
 * versions of plugins, has no threads and no timers, and may be asked from every thread.
 */
@NullMarked
package io.magicapi.gateway.health;

import org.jspecify.annotations.NullMarked;
