/**
 * OpenAI, and everything that speaks its API: requests and chat streams pass as they are. What a service has of its own,
 * a base URL, a key's variable, errors that need a second look, is listed in {@link
 * io.magicapi.gateway.provider.openai.Presets}.
 */
@NullMarked
package io.magicapi.gateway.provider.openai;

import org.jspecify.annotations.NullMarked;
