/**
 * Anthropic, by its Messages API: chat completions are translated on the way there and back. {@link
 * io.magicapi.gateway.provider.anthropic.AnthropicProvider} is what the gateway sees; {@code MessagesRequest} makes the
 * request, {@code MessagesAnswer} and {@code MessagesStream} what the client gets for it.
 */
@NullMarked
package io.magicapi.gateway.provider.anthropic;

import org.jspecify.annotations.NullMarked;
