/**
 * The whole gateway over real sockets. Tests of the wire contract carry the number of the statement they prove.
 */
@NullMarked
package io.magicapi.gateway.tests;

import org.jspecify.annotations.NullMarked;
