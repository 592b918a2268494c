/**
 * How a request finds its provider. What enters is a request; what leaves is the provider and the model to ask it for.
 * The peeks read of a body what that needs and no more. All of it runs on the request's event loop.
 */
@NullMarked
package io.magicapi.gateway.routing;

import org.jspecify.annotations.NullMarked;
