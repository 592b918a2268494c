/**
 * What a provider plugin compiles against: {@link io.magicapi.gateway.api.Provider} and the few types it names.
 *
 * <p>A provider tells the gateway where its upstream is and which headers the upstream wants; the gateway does all
 * the rest: it owns sockets, threads, limits, streaming and back-pressure. Types that a plugin implements grow by
 * default methods only. Types that the gateway implements ({@link io.magicapi.gateway.api.Call}, {@link
 * io.magicapi.gateway.api.Body}, {@link io.magicapi.gateway.api.ProviderContext}) may gain methods. All others are
 * immutable values.
 *
 * <p>No type here knows Vert.x, so a plugin survives a new major version of it and can be tested without it.
 */
@NullMarked
package io.magicapi.gateway.api;

import org.jspecify.annotations.NullMarked;
