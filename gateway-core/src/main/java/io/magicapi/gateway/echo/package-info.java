/**
 * The provider that needs no key and no network, and the scripted OpenAI-compatible server behind it.
 */
@NullMarked
package io.magicapi.gateway.echo;

import org.jspecify.annotations.NullMarked;
