/**
 * What the operator sees of requests: one access line each, never a key, a prompt or an answer.
 */
@NullMarked
package io.magicapi.gateway.observe;

import org.jspecify.annotations.NullMarked;
