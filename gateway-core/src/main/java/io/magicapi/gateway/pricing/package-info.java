/**
 * What tokens cost: the prices that come with the gateway, and those of a file of the operator's. Immutable, and read by
 * all threads; nothing here knows of requests.
 */
@NullMarked
package io.magicapi.gateway.pricing;

import org.jspecify.annotations.NullMarked;
