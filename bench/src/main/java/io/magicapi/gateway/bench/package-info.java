/**
 * Measures the gateway beside others, see docs/performance.md. {@link io.magicapi.gateway.bench.Main} starts one run;
 * what is measured runs in processes of its own, and so does the scripted upstream. The load comes from the process of
 * the run itself.
 */
@NullMarked
package io.magicapi.gateway.bench;

import org.jspecify.annotations.NullMarked;
