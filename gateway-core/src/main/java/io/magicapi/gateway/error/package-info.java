/**
 * What can go wrong and how the client is told: one exception, one list of codes, one writer of OpenAI-shaped bodies.
 */
@NullMarked
package io.magicapi.gateway.error;

import org.jspecify.annotations.NullMarked;
