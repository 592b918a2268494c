/**
 * Fuzzing. A target is a class with {@code fuzzerTestOneInput(byte[])}, the form Jazzer takes; it throws when something
 * is wrong. {@link io.magicapi.gateway.fuzz.CorpusTest} replays the committed inputs and mutations of them in every
 * build; longer runs are described in docs/reliability.md.
 */
@NullMarked
package io.magicapi.gateway.fuzz;

import org.jspecify.annotations.NullMarked;
