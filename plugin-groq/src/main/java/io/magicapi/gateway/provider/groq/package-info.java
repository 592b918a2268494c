/**
 * Groq, by its OpenAI-compatible API: requests and answers pass as they are. What is Groq's own is its catalogue of
 * models, its place for token usage, and the fields it refuses.
 */
@NullMarked
package io.magicapi.gateway.provider.groq;

import org.jspecify.annotations.NullMarked;
