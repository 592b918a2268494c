/**
 * The side that clients see: the listener, what it refuses before anything else, the routes, and error answers. A
 * request enters at {@link io.magicapi.gateway.http.HttpFront} and leaves as a relay of package {@code upstream}.
 */
@NullMarked
package io.magicapi.gateway.http;

import org.jspecify.annotations.NullMarked;
