/**
 * The command line: what is typed, what is printed, and the exit code. Nothing here runs on an event loop.
 */
@NullMarked
package io.magicapi.gateway.cli;

import org.jspecify.annotations.NullMarked;
