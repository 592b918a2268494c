/**
 * Configuration: what the operator writes, checked whole, as immutable records. Files are read off the event loop.
 */
@NullMarked
package io.magicapi.gateway.config;

import org.jspecify.annotations.NullMarked;
