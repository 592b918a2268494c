/**
 * Reading the bytes of a Vert.x buffer where they lie. The one package that knows what is behind a {@code Buffer}.
 */
@NullMarked
package io.magicapi.gateway.buffer;

import org.jspecify.annotations.NullMarked;
