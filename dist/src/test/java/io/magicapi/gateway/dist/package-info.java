/**
 * The jar as users get it, started as they start it, and asked by the clients they use. Run by {@code mvn verify} after
 * the jar is built.
 */
@NullMarked
package io.magicapi.gateway.dist;

import org.jspecify.annotations.NullMarked;
