/**
 * One attempt at an upstream: the call, and its answer on the way back to the client. Answers pass as they are; they are
 * watched, not decoded. All of it runs on the event loop of the request it serves.
 */
@NullMarked
package io.magicapi.gateway.upstream;

import org.jspecify.annotations.NullMarked;
