/** Benchmarks of what is private to the package of this name. */
@NullMarked
package io.magicapi.gateway.upstream;

import org.jspecify.annotations.NullMarked;
