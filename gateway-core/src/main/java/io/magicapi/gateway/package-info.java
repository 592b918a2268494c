/**
 * The gateway as a whole: what it is made of, and which version it is.
 */
@NullMarked
package io.magicapi.gateway;

import org.jspecify.annotations.NullMarked;
